#pragma once

#include <memory>
#include <stdexcept>

#include "directory/model/internal_types.hpp"
#include "directory/model/registry.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::test {

/// The registry as the daemon builds it: the real schemas and the internal types.
inline const directory::Registry& product_registry() {
    static const std::unique_ptr<directory::Registry> registry = [] {
        static auto schemas = scim::SchemaRegistry::load_builtin();
        if (!schemas)
            throw std::runtime_error(schemas.error().detail);
        auto out = std::make_unique<directory::Registry>();
        if (auto status = (*schemas)->register_types(*out); !status)
            throw std::runtime_error(status.error().detail);
        directory::register_internal_types(*out);
        return out;
    }();
    return *registry;
}

}  // namespace bascule::test
