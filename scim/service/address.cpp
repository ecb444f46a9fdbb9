#include "scim/service/address.hpp"

#include <string>
#include <utility>
#include <vector>

#include "directory/base/text.hpp"
#include "scim/service/scim_error.hpp"

namespace bascule::scim {

using http::Method;
using http::Request;
using http::RequestContext;
using http::Response;

namespace {

std::string allow_header(const std::vector<Method>& methods) {
    std::string allow;
    for (const Method method : methods) {
        allow += allow.empty() ? "" : ", ";
        allow += to_string(method);
        allow += method == Method::get ? ", HEAD" : "";
    }
    return allow + ", OPTIONS";
}

}  // namespace

Error no_endpoint(const Request& request) {
    return Error{
        ErrorKind::not_found,
        "not_found",
        "There is no endpoint '" + printable(request.path, 100) + "'; SCIM 2.0 is served below " +
            std::string(root) + ".",
        {},
        {}};
}

Status check_spelling(const TypeView& view, const Call& call) {
    const std::string_view path = call.request.path;
    const std::string exact = std::string(root) + view.type->endpoint;
    const bool is_exact = path.starts_with(exact) && !path.ends_with('/');
    if (is_exact || call.profile.endpoint_spelling == Rule::accept) {
        return {};
    }
    Error error = profile_refusal(
        call.profile, "endpoint_spelling", "not_found",
        "The address '" + printable(path, 100) + "' is not spelt as the service has it",
        "write " + exact + "."
    );
    error.kind = ErrorKind::not_found;
    return fail(std::move(error));
}

Response answer_remaining(
    const http::Router& known, const Request& request, const RequestContext& context
) {
    const auto match = known.match(Method::other, request.path);
    if (match.allowed.empty()) {
        return scim_error(no_endpoint(request), context.request_id);
    }
    Response response;
    response.status = 204;
    if (request.method != Method::options) {
        response = scim_error(
            Error{
                ErrorKind::unsupported,
                "method_not_allowed",
                "This endpoint does not take " + std::string(to_string(request.method)) + ".",
                {},
                {}},
            context.request_id
        );
    }
    response.set("Allow", allow_header(match.allowed));
    return response;
}

}  // namespace bascule::scim
