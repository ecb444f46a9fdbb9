#include "portal/api/routes.hpp"

#include "http/api/problem.hpp"
#include "portal/api/route_support.hpp"

namespace bascule::portal {

Status add_route(http::Router& router, RouteText text, ApiHandler handler) {
    http::Route route;
    route.method = text.method;
    route.pattern = std::move(text.pattern);
    route.pool = text.pool;
    route.body_limit = std::size_t{64} << 10;
    route.description = std::move(text.description);
    route.handler = [handler = std::move(handler
                     )](const http::Request& request, const http::RequestContext& context) {
        Result<http::Response> result = handler(request, context);
        http::Response response =
            result ? std::move(*result) : http::problem(result.error(), context.request_id);
        if (response.status == 401) {
            response.set("WWW-Authenticate", "Bearer");
        }
        response.set("Cache-Control", "no-store");
        return response;
    };
    return router.add(std::move(route));
}

Status add_area_routes(
    http::Router& router, const Services& services, std::vector<ApiRoute> routes
) {
    for (ApiRoute& route : routes) {
        BASCULE_CHECK(add_route(
            router, std::move(route.text),
            [services, answer = route.answer](
                const http::Request& request, const http::RequestContext& context
            ) { return answer(services, request, context); }
        ));
    }
    return {};
}

Result<Uuid> path_id(const http::Request& request) {
    const auto id =
        parse_uuid(request.path_parameters.empty() ? "" : request.path_parameters.front());
    if (!id) {
        return fail(ErrorKind::not_found, "not_found", "The id in the address is not one.");
    }
    return *id;
}

Status add_routes(http::Router& router, const Services& services) {
    BASCULE_CHECK(add_session_routes(router, services));
    BASCULE_CHECK(add_account_routes(router, services));
    BASCULE_CHECK(add_staff_routes(router, services));
    BASCULE_CHECK(add_application_routes(router, services));
    return add_audit_routes(router, services);
}

}  // namespace bascule::portal
