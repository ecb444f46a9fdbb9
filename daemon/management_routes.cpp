#include "daemon/management_routes.hpp"

#include <algorithm>
#include <utility>

#include "directory/base/json_text.hpp"

namespace bascule::daemon {
namespace {

http::Response probe(
    bool good, std::string_view word, const std::vector<ComponentHealth>& components
) {
    http::Response response;
    response.status = good ? 200 : 503;
    response.content_type = "application/json";
    JsonWriter json(response.body);
    json.begin_object().field("status", word).key("components").begin_array();
    for (const ComponentHealth& component : components) {
        json.begin_object().field("name", component.name).key("ready").boolean(component.ready);
        json.field("detail", component.detail).end_object();
    }
    json.end_array().end_object();
    return response;
}

http::Response ready(const Health& health) {
    const auto components = health.components();
    if (health.stopping()) {
        return probe(false, "stopping", components);
    }
    const bool all = std::ranges::all_of(components, &ComponentHealth::ready);
    return probe(
        all && health.started(), all && health.started() ? "ready" : "not ready", components
    );
}

http::Response exposition(Metrics& metrics) {
    http::Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = metrics.text();
    return response;
}

}  // namespace

Status add_management_routes(http::Router& router, const Health& health, Metrics& metrics) {
    using http::Method;
    using http::Pool;
    const auto add = [&router](
                         const char* path, Pool pool, const char* what,
                         std::function<http::Response()> run
                     ) {
        http::Route route;
        route.method = Method::get;
        route.pattern = path;
        route.pool = pool;
        route.description = what;
        route.handler = [run = std::move(run)](const http::Request&, const http::RequestContext&) {
            return run();
        };
        return router.add(std::move(route));
    };
    // Liveness answers on the I/O thread: a full pool must not look like a dead process. Readiness
    // reads the store, which may wait for its turn.
    BASCULE_CHECK(add("/livez", Pool::inline_, "The process answers.", [] {
        return probe(true, "alive", {});
    }));
    BASCULE_CHECK(add("/startupz", Pool::inline_, "The start is over.", [&health] {
        return probe(health.started(), health.started() ? "started" : "starting", {});
    }));
    BASCULE_CHECK(add("/readyz", Pool::admin, "Every part can serve.", [&health] {
        return ready(health);
    }));
    return add("/metrics", Pool::admin, "Figures for Prometheus.", [&metrics] {
        return exposition(metrics);
    });
}

}  // namespace bascule::daemon
