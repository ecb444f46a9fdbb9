#include "scim/service/discovery_handlers.hpp"

#include <utility>

#include "directory/base/text.hpp"
#include "scim/service/address.hpp"
#include "scim/service/discovery.hpp"
#include "scim/service/negotiation.hpp"
#include "scim/service/scim_error.hpp"

namespace bascule::scim {

using http::Request;
using http::RequestContext;
using http::Response;

namespace {

Response document(std::string body) {
    Response response;
    response.content_type = media_type;
    response.body = std::move(body);
    return response;
}

}  // namespace

http::Handler provider_config_handler(
    const Engine& engine, std::shared_ptr<const Authenticate> authenticate
) {
    return [&engine, authenticate = std::move(authenticate
                     )](const Request& request, const RequestContext& context) {
        if (auto accepted = check_accept(request); !accepted) {
            return scim_error(accepted.error(), context.request_id);
        }
        const auto caller = (*authenticate)(request, context);
        const auto profile =
            caller ? profile_of(engine, *caller)
                   : Result<const ClientProfile*>(&engine.with.options.profiles.standard());
        return document(profile ? provider_config_for(engine, **profile) : engine.provider_config);
    };
}

http::Handler list_handler(const std::string& body) {
    return [&body](const Request& request, const RequestContext& context) {
        if (http::QueryParameters(request.query).count("filter") != 0) {
            return scim_error(
                Error{ErrorKind::forbidden, "no_filter", "This list cannot be filtered.", {}, {}},
                context.request_id
            );
        }
        if (auto accepted = check_accept(request); !accepted) {
            return scim_error(accepted.error(), context.request_id);
        }
        return document(body);
    };
}

http::Handler part_handler(
    const std::unordered_map<std::string, std::string>& bodies, PartNames names
) {
    return [&bodies, names](const Request& request, const RequestContext& context) {
        const std::string& name = request.path_parameters.front();
        const auto found = bodies.find(names == PartNames::any_case ? to_ascii_lower(name) : name);
        return found == bodies.end() ? scim_error(no_endpoint(request), context.request_id)
                                     : document(found->second);
    };
}

}  // namespace bascule::scim
