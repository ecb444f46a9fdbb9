#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "directory/base/result.hpp"
#include "directory/query/filter.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::scim {

/// Bounds against hostile filters (spec'd check 5); more is `invalid_filter`.
struct FilterLimits {
    std::size_t text = 8192;
    std::size_t depth = 50;
    std::size_t nodes = 500;
};

/// What a client sends in filters outside RFC 7644, as far as its profile goes.
struct FilterDialect {
    bool loose_literals = false;     ///< words without quotes, values of another JSON type
    bool eq_and_only = false;        ///< refuse all operators but `eq` and `and`
    bool unknown_is_absent = false;  ///< unknown attributes count as unassigned
    std::string_view profile = {};   ///< names the one who refuses
};

/// Parses and resolves a filter against one resource type (RFC 7644 section 3.4.2.2, figure 1).
/// Errors: `invalid_filter` with the position and what was expected. `unknown_is_absent` treats
/// unknown attributes as unassigned (root searches over several types).
[[nodiscard]] Result<directory::Filter> compile_filter(
    std::string_view text, const SchemaRegistry& schemas, const ResourceType& type,
    const directory::Registry& registry, bool unknown_is_absent = false,
    const FilterLimits& limits = {}, const FilterDialect& dialect = {}
);

/// A PATCH path: attribute, optional value filter on its elements, optional sub-attribute
/// (RFC 7644 section 3.5.2): members[value eq "x"], emails[type eq "work"].value,
/// urn:…:User:manager.
struct PatchPath {
    ResolvedName name;
    std::optional<directory::Filter> element_filter;  ///< for matches_element()
    std::string text;                                 ///< as given, for error texts
};

/// Errors: `invalid_path`, or `invalid_filter` for a bad filter inside the brackets.
[[nodiscard]] Result<PatchPath> compile_path(
    std::string_view text, const SchemaRegistry& schemas, const ResourceType& type,
    const directory::Registry& registry, const FilterDialect& dialect = {}
);

/// Whether a path that compile_path() refused is well formed, and only its attribute or
/// sub-attribute is not known.
[[nodiscard]] bool names_unknown_attribute(
    std::string_view text, const SchemaRegistry& schemas, const ResourceType& type
);

}  // namespace bascule::scim
