#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "directory/base/result.hpp"
#include "scim/schema/schema.hpp"

namespace bascule::scim {

/// Whose JSON it is: a client's readOnly sub-attributes are ignored, those of a stored document
/// stay.
enum class Origin { client, stored };

/// Unassigned in the sense of RFC 7643 section 2.5: null, "", [] and {}.
[[nodiscard]] bool is_unassigned(const nlohmann::ordered_json& json);

/// Validates the value of a whole attribute and gives its canonical form: names as in the schema
/// and in its order, unknown and empty parts dropped, a single value of a multi-valued attribute
/// wrapped, equal (type, value) pairs kept once. Null when nothing is left. Errors: `invalid_value`
/// (field = path), `invalid_syntax` when one name is given in two spellings.
[[nodiscard]] Result<nlohmann::ordered_json> canonical_value(
    const Attribute& attribute, const nlohmann::ordered_json& json, Origin origin,
    const std::string& path
);

/// The same for one element of a multi-valued attribute, or the value of a singular one.
[[nodiscard]] Result<nlohmann::ordered_json> canonical_element(
    const Attribute& attribute, const nlohmann::ordered_json& json, Origin origin,
    const std::string& path
);

/// The object ids that the value of an edge attribute names, each once, in the order given. Takes a
/// list or a single element; an element is {"value": id} or the bare id, as some clients send it.
/// Errors: `invalid_value`.
[[nodiscard]] Result<std::vector<std::string>> edge_targets(
    const Attribute& attribute, const nlohmann::ordered_json& json, const std::string& path
);

/// Whether two values of an attribute are the same to its case rule. Complex values with a `value`
/// sub-attribute are compared by it alone: display and $ref only describe.
[[nodiscard]] bool same_value(
    const Attribute& attribute, const nlohmann::ordered_json& left,
    const nlohmann::ordered_json& right
);

}  // namespace bascule::scim
