#include "daemon/admin/reload_routes.hpp"

#include <signal.h>
#include <unistd.h>

#include "daemon/admin/admin_routes.hpp"
#include "daemon/admin/json_body.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;

json describe(const ReloadLog::Entry& last) {
    json value{{"count", last.count}, {"success", last.outcome.has_value()}};
    if (!last.outcome) {
        value["code"] = last.outcome.error().code;
        value["detail"] = last.outcome.error().detail;
    }
    return value;
}

}  // namespace

Status add_reload_routes(http::Router& router, Core& core) {
    using http::Method;
    BASCULE_CHECK(add_operator_route(
        router, Method::get, "/v1/reload", "What came of the last reload.",
        [&core](const http::Request&, const access::Caller&) -> Result<http::Response> {
            return json_response(describe(core.reloads.last()));
        }
    ));
    return add_operator_route(
        router, Method::post, "/v1/reload", "Takes the configuration file over, as SIGHUP does.",
        [&core](const http::Request&, const access::Caller&) -> Result<http::Response> {
            http::Response response = json_response(describe(core.reloads.last()));
            // Reloads belong to the main thread, which waits for signals.
            ::kill(::getpid(), SIGHUP);
            response.status = 202;
            return response;
        }
    );
}

}  // namespace bascule::daemon
