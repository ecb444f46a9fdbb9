#include "daemon/admin/admin_routes.hpp"
#include "daemon/admin/doctor_routes.hpp"
#include "daemon/admin/filter_explanation.hpp"
#include "daemon/admin/json_body.hpp"
#include "daemon/admin/mirror_routes.hpp"
#include "daemon/admin/plan_routes.hpp"
#include "daemon/admin/reload_routes.hpp"
#include "daemon/admin/what_if_routes.hpp"
#include "daemon/generation.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;

json describe(const Health& health) {
    json components = json::array();
    bool ready = health.started() && !health.stopping();
    for (const ComponentHealth& component : health.components()) {
        ready = ready && component.ready;
        components.push_back(
            {{"name", component.name}, {"ready", component.ready}, {"detail", component.detail}}
        );
    }
    return {{"ready", ready}, {"components", std::move(components)}};
}

}  // namespace

Status wire_admin(Generation& generation) {
    Core& core = generation.core;
    http::Router& router = generation.admin_router;
    BASCULE_CHECK(add_operator_route(
        router, http::Method::get, "/v1/health", "Whether every part is ready.",
        [&core](const http::Request&, const access::Caller&) -> Result<http::Response> {
            return json_response(describe(core.health));
        }
    ));
    BASCULE_CHECK(add_token_routes(router, core, *generation.schemas, generation.scim->profiles()));
    BASCULE_CHECK(add_stream_routes(router, *core.streams, *core.store));
    BASCULE_CHECK(add_audit_routes(router, *core.store));
    BASCULE_CHECK(add_doctor_routes(generation));
    BASCULE_CHECK(
        add_filter_routes(router, core, *generation.schemas, generation.settings.scim_search_limit)
    );
    BASCULE_CHECK(add_reload_routes(router, core));
    BASCULE_CHECK(add_what_if_routes(router, core));
    BASCULE_CHECK(add_plan_routes(router, generation));
    return add_mirror_routes(router, core, *generation.sources, *generation.schemas);
}

}  // namespace bascule::daemon
