#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::scim {

/// Reads one schema in the JSON form of RFC 7643 section 7, with our annotations under "bascule":
/// {"edge": "member"|"manager"|"unit_member"}, {"searchable": false}, {"derived": true}. Left out
/// keywords have the defaults of that section. Errors: `invalid_schema` with the place and the
/// reason: unknown keyword, unknown type, name or duplicate of one, complex sub-attribute (erratum
/// 8415), edge without a `value` sub-attribute. `field` is the place, such as
/// "attributes[2].subAttributes[0].type". The members `schemas` and `meta` of a schema that was
/// read from a server are ignored.
[[nodiscard]] Result<Schema> parse_schema(std::string_view text);

/// Reads a file of an operator: one schema, a list of schemas, or the answer of another server's
/// /Schemas. Beside the rules above: the URN has the form of RFC 8141 and belongs to no message,
/// `edge` and `derived` are not for it, write-only is never returned, and what is unique can be
/// searched.
[[nodiscard]] Result<std::vector<Schema>> parse_own_schemas(std::string_view text);

/// A resource type before its schemas are looked up.
struct ResourceTypeFile {
    std::string name;
    std::string endpoint;
    std::string description;
    std::string scope;  ///< "users"
    std::string schema;
    struct Extension {
        std::string schema;
        bool required = false;
        bool operator==(const Extension&) const = default;
    };
    std::vector<Extension> extensions;
    bool operator==(const ResourceTypeFile&) const = default;
};

/// Reads the list of resource types (RFC 7643 section 6). Errors: `invalid_schema`.
[[nodiscard]] Result<std::vector<ResourceTypeFile>> parse_resource_types(std::string_view text);

}  // namespace bascule::scim
