#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/ldap/connection.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

/// "member;range=0-1499": a part of an attribute's values (MS-ADTS 3.1.1.3.1.3.3).
struct ValueRange {
    std::string attribute;
    std::size_t first = 0;
    std::optional<std::size_t> last;  ///< nothing: "*", the end was reached
};
/// Nothing when the name has no range option.
[[nodiscard]] std::optional<ValueRange> parse_value_range(std::string_view name);

/// "member;range=1500-2999".
[[nodiscard]] std::string value_range_name(
    std::string_view attribute, std::size_t first, std::size_t count
);

/// Reads what is left of every attribute of which a part came, so that the entry holds all values
/// under plain names. The entry is read again from the first part when it changes meanwhile
/// (uSNChanged, which must have been asked for). `step` is how many values are asked for at a time.
[[nodiscard]] Status complete_values(
    Connection& connection, directory::SourceEntry& entry, std::size_t step,
    std::chrono::milliseconds patience
);

}  // namespace bascule::ldap
