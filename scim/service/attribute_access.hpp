#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "directory/access/caller.hpp"
#include "directory/base/result.hpp"
#include "scim/schema/schema.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// Every name must be an attribute of some resource type; `invalid_input`/"unknown_attribute".
[[nodiscard]] Status check_attribute_rules(
    const SchemaRegistry& schemas, const access::AttributeRules& rules
);

/// The schemas as a client with this rule knows them: what it may not read is not there.
[[nodiscard]] std::unique_ptr<SchemaRegistry> visible_schemas(
    const SchemaRegistry& schemas, const access::NameRule& read
);

/// `forbidden`/"attribute_not_writable" with the attribute as field.
[[nodiscard]] tl::unexpected<Error> not_writable(const std::string& path);

/// A client that does not see what a resource cannot do without creates none.
[[nodiscard]] Status check_may_create(const Engine& engine, const TypeView& view);

/// What the caller may write, besides its scopes for types: its rules, and `privileges:write` for
/// the roles and entitlements of users.
[[nodiscard]] bool may_write(
    const access::Caller& caller, const TypeView& view, const directory::AttributePath& path
);

/// Refuses a changed document that touches what the caller may not write; equal values pass.
/// `forbidden`/"attribute_not_writable" or "insufficient_scope" with the attribute as field.
[[nodiscard]] Status check_may_write(
    const access::Caller& caller, const TypeView& view, std::string_view before,
    std::string_view after
);
[[nodiscard]] Status check_may_write(
    const access::Caller& caller, const TypeView& view, const directory::AttributePath& path
);

/// A client that writes named attributes only deletes nothing.
[[nodiscard]] Status check_may_delete(const access::Caller& caller, const TypeView& view);

}  // namespace bascule::scim
