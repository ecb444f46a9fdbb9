#pragma once

#include <string_view>

#include "directory/access/caller.hpp"
#include "directory/ports/store.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// What a document must satisfy beyond its schema. Role assignments name a known role, a user or
/// role-assignable local group, and an existing unit where the role can be limited to one:
/// `invalid_value`, `on_premises_group`.
[[nodiscard]] Status check_document(
    const Engine& engine, const TypeView& view, directory::Reader& reader, std::string_view body
);

/// Group.roleAssignable and AdministrativeUnit.restricted keep the value of the creation, also when
/// it was left out then. `mutability`.
[[nodiscard]] Status check_switches(
    const TypeView& view, std::string_view before, std::string_view after
);

/// Groups that can hold administrator roles may be touched by callers with admin:write only:
/// whoever joins one gets its rights. `forbidden`/"insufficient_scope".
[[nodiscard]] Status check_privileged(
    const Engine& engine, const access::Caller& caller, const directory::Object& object
);

/// Whether the object is a group that can hold administrator roles.
[[nodiscard]] bool is_role_assignable(const Engine& engine, const directory::Object& object);

}  // namespace bascule::scim
