#pragma once

#include <string_view>

#include "scim/service/engine.hpp"

namespace bascule::scim {

/// When the profile wants an externalId to name one resource of a type: 409 `uniqueness` for a body
/// whose externalId another one has. Inside the transaction of the change, so that of two at the
/// same moment one fails.
[[nodiscard]] Status check_external_id(
    const TypeView& view, const ClientProfile& profile, directory::Reader& reader, const Uuid& id,
    std::string_view body
);

}  // namespace bascule::scim
