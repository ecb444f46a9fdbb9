#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"
#include "directory/model/object.hpp"
#include "scim/codec/strict_json.hpp"
#include "scim/profile/client_profile.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::scim {

/// A resource as a client wants it, split into what the store keeps apart.
struct ResourceDraft {
    /// Canonical document: "schemas" first, canonical attribute names in schema order, null and
    /// empty values dropped, no id, meta, groups, password or edge attributes. Compact text.
    std::string body;
    /// Wanted targets of edge attributes that the body named ("members": ids); absent kinds were
    /// not named.
    std::map<directory::EdgeKind, std::vector<std::string>> edges;
    std::optional<Secret> password;
    /// Attributes that were given as null, "" or []: the client wants them without a value. Those
    /// it did not name at all are not here.
    std::vector<std::string> cleared;
};

enum class DraftPurpose { create, replace };

/// Validates and normalises a POST or PUT body (spec'd checks 56 to 81). readOnly values are
/// ignored, names are matched without case, unknown attributes are dropped. Required ones are
/// checked for `create`, and for `replace` by replacement_body(). Errors: `invalid_syntax`,
/// `invalid_value` (field = path), `mutability`.
[[nodiscard]] Result<ResourceDraft> decode_resource(
    const nlohmann::ordered_json& json, const SchemaRegistry& schemas, const ResourceType& type,
    DraftPurpose purpose
);

/// The document that a PUT leaves (checks 74 to 77): the draft, plus what it cannot change or did
/// not mean to clear. readOnly and immutable values, the id, and, by profile, omitted `active` and
/// `externalId` come from the stored document. `mutability` when an immutable value differs,
/// `invalid_value` when a required one is missing.
[[nodiscard]] Result<std::string> replacement_body(
    std::string_view stored, const ResourceDraft& draft, const SchemaRegistry& schemas,
    const ResourceType& type, const ClientProfile& profile = lenient_profile()
);

/// Re-validates a patched document and gives its canonical text, as decode_resource does.
[[nodiscard]] Result<std::string> canonical_body(
    const nlohmann::ordered_json& json, const SchemaRegistry& schemas, const ResourceType& type
);

/// Puts the id right after "schemas", as stored documents have it.
[[nodiscard]] std::string with_id(std::string_view body, const Uuid& id);

/// Paths of top-level attributes (per extension) whose values differ between two stored bodies.
[[nodiscard]] std::vector<directory::AttributePath> changed_attributes(
    std::string_view before, std::string_view after
);

/// The text that lists show: displayName, else name.formatted, else userName, else empty.
[[nodiscard]] std::string display_of(std::string_view body);

}  // namespace bascule::scim
