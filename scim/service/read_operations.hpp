#pragma once

#include <string>

#include "http/api/router.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// GET of one resource; 304 when If-None-Match names its version.
[[nodiscard]] Result<http::Response> get_resource(
    const Engine& engine, const TypeView& view, const Call& call
);

/// GET of a type's endpoint.
[[nodiscard]] Result<http::Response> list_resources(
    const Engine& engine, const TypeView& view, const Call& call
);

/// POST to a type's `.search`.
[[nodiscard]] Result<http::Response> search_resources(
    const Engine& engine, const TypeView& view, const Call& call
);

/// GET of the root: every type that the caller may read, one after the other.
[[nodiscard]] Result<http::Response> list_all(const Engine& engine, const Call& call);

/// POST to the root's `.search`.
[[nodiscard]] Result<http::Response> search_all(const Engine& engine, const Call& call);

/// A list of nothing.
[[nodiscard]] http::Response empty_list();

/// Where a GET of one resource runs: long member lists never on the I/O thread.
[[nodiscard]] http::Pool pool_of_get(const TypeView& view, const http::Request& request);

/// Where a list runs: a look-up by a unique value on the I/O thread, anything else on the pool.
[[nodiscard]] http::Pool pool_of_list(const TypeView& view, const http::Request& request);

}  // namespace bascule::scim
