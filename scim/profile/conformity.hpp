#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "scim/profile/client_profile.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::scim {

/// Applies a client's profile to the body of a POST or PUT before it is decoded: refuses what the
/// profile refuses, and brings what it accepts beyond the RFC into the RFC's form. Names that the
/// type does not have and that will be dropped are added to `ignored`. Errors: `invalid_syntax`,
/// `invalid_value`.
[[nodiscard]] Status conform_body(
    nlohmann::ordered_json& body, const ResourceType& type, const ClientProfile& profile,
    std::vector<std::string>& ignored
);

/// The same for the value of one PATCH operation; `path` names it in errors.
[[nodiscard]] Status conform_value(
    nlohmann::ordered_json& value, const ResolvedName& name, const std::string& path,
    const ClientProfile& profile, std::vector<std::string>& ignored
);

/// What is wrong with the `id` of a PUT body: one that differs from the address, when the profile
/// refuses that. `mutability`.
[[nodiscard]] Status check_body_id(
    const nlohmann::ordered_json& body, std::string_view id, const ClientProfile& profile
);

}  // namespace bascule::scim
