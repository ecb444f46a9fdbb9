#include "portal/api/json_body.hpp"
#include "portal/api/route_support.hpp"

namespace bascule::portal {
namespace {

using http::Method;
using http::Pool;
using http::Request;
using http::RequestContext;
using http::Response;
using nlohmann::ordered_json;

ordered_json describe(const selfservice::Session& session, const access::Caller& caller) {
    return {
        {"id", session.id.to_string()},
        {"current", session.id == caller.session},
        {"created", format_time(session.created)},
        {"lastSeen", format_time(session.last_seen)},
        {"expires", format_time(session.expires)},
        {"address", session.address},
        {"userAgent", session.user_agent},
    };
}

Result<Response> list(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_TRY(const auto caller, services.authenticator.authenticate(request, context));
    BASCULE_TRY(const auto sessions, services.sessions.list_own(caller));
    ordered_json all = ordered_json::array();
    for (const selfservice::Session& session : sessions) {
        all.push_back(describe(session, caller));
    }
    return json_response({{"sessions", std::move(all)}});
}

Result<Response> end_one(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_TRY(const auto caller, services.authenticator.authenticate(request, context));
    BASCULE_TRY(const Uuid id, path_id(request));
    BASCULE_CHECK(services.sessions.end_own(caller, id));
    Response response;
    response.status = 204;
    return response;
}

Result<Response> end_others(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_TRY(const auto caller, services.authenticator.authenticate(request, context));
    BASCULE_TRY(const std::size_t ended, services.sessions.end_others(caller));
    return json_response({{"ended", ended}});
}

}  // namespace

Status add_account_routes(http::Router& router, const Services& services) {
    return add_area_routes(
        router, services,
        {
            {{Method::get, "/api/v1/account/sessions", Pool::read,
              "Where the caller is signed in."},
             list},
            {{Method::delete_, "/api/v1/account/sessions/{}", Pool::write,
              "End one of the caller's sessions."},
             end_one},
            {{Method::delete_, "/api/v1/account/sessions", Pool::write,
              "End every session of the caller but this one."},
             end_others},
        }
    );
}

}  // namespace bascule::portal
