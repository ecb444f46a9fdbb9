#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/api/router.hpp"
#include "portal/api/routes.hpp"

namespace bascule::portal {

using ApiHandler =
    std::function<Result<http::Response>(const http::Request&, const http::RequestContext&)>;

/// Adds a route with a body of at most 64 KiB. Errors become problems, and no answer may be cached.
struct RouteText {
    http::Method method;
    std::string pattern;
    http::Pool pool;
    std::string description;
};
[[nodiscard]] Status add_route(http::Router& router, RouteText text, ApiHandler handler);

/// One route of an area and what answers it.
struct ApiRoute {
    RouteText text;
    Result<http::Response> (*answer
    )(const Services&, const http::Request&, const http::RequestContext&);
};
/// Adds the routes of an area. Every service outlives the router.
[[nodiscard]] Status add_area_routes(
    http::Router& router, const Services& services, std::vector<ApiRoute> routes
);

/// The id in the first path parameter; `not_found` when it is none.
[[nodiscard]] Result<Uuid> path_id(const http::Request& request);

/// The routes of each area.
[[nodiscard]] Status add_session_routes(http::Router& router, const Services& services);
[[nodiscard]] Status add_account_routes(http::Router& router, const Services& services);
[[nodiscard]] Status add_staff_routes(http::Router& router, const Services& services);
[[nodiscard]] Status add_application_routes(http::Router& router, const Services& services);
[[nodiscard]] Status add_audit_routes(http::Router& router, const Services& services);

}  // namespace bascule::portal
