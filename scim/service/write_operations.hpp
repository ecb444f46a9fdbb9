#pragma once

#include "scim/service/engine.hpp"

namespace bascule::scim {

/// POST to a type's endpoint (RFC 7644 section 3.3).
[[nodiscard]] Result<http::Response> create_resource(
    const Engine& engine, const TypeView& view, const Call& call
);

/// PUT (RFC 7644 section 3.5.1).
[[nodiscard]] Result<http::Response> replace_resource(
    const Engine& engine, const TypeView& view, const Call& call
);

/// PATCH (RFC 7644 section 3.5.2). Types with members answer 204 unless attributes are named.
[[nodiscard]] Result<http::Response> patch_resource(
    const Engine& engine, const TypeView& view, const Call& call
);

/// DELETE (RFC 7644 section 3.6).
[[nodiscard]] Result<http::Response> delete_resource(
    const Engine& engine, const TypeView& view, const Call& call
);

}  // namespace bascule::scim
