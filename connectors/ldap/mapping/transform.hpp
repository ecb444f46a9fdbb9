#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "directory/base/result.hpp"

namespace bascule::ldap {

/// What a mapping rule may do to a value. A closed list: what is not here is done in the directory.
enum class Transform {
    none,
    lower,             ///< Unicode case folding
    upper,             ///< ASCII letters
    trim,              ///< spaces at both ends go, runs become one
    phone,             ///< "+49 (0)69 123-456" becomes "+4969123456": E.164-like
    boolean,           ///< TRUE, yes, on, 1 and their opposites
    negation,          ///< named "not": the opposite of boolean
    generalized_time,  ///< LDAP time becomes RFC 3339
    base64,            ///< bytes become text
    first_word,
    last_word,
    local_part,   ///< what stands before the last '@'
    domain_part,  ///< what stands after the last '@'
    rdn_value,    ///< the first value of a DN: "cn=Sales,ou=x" becomes "Sales"
    digits,       ///< only 0 to 9 stay
};

/// Finds a transform by name; the error names the nearest one that exists.
[[nodiscard]] Result<Transform> find_transform(std::string_view name);

/// The changed value, or nothing when the value does not fit ("maybe" is no boolean).
[[nodiscard]] std::optional<std::string> apply_transform(
    Transform transform, std::string_view value
);

/// True when the transform accepts bytes that are not text.
[[nodiscard]] bool takes_binary(Transform transform);

/// Reads a directory's way of writing a boolean.
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view value);

/// RFC 4648 section 4, with padding.
[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace bascule::ldap
