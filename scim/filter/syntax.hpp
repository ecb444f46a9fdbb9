#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "directory/base/result.hpp"
#include "scim/filter/filter.hpp"

namespace bascule::scim {

/// A JSON literal; monostate is null.
using Literal = std::variant<std::monostate, std::string, bool, std::int64_t, double>;

/// A parsed filter whose names and types are not checked yet. Its depth is bounded by FilterLimits.
struct Syntax {
    enum class Kind { all_of, any_of, negation, comparison, value_path };
    Kind kind = Kind::comparison;
    /// Of all_of, any_of, negation; for a value_path the element filter, then perhaps a comparison
    /// of the sub-attribute that follows the bracket.
    std::vector<Syntax> children;
    std::string attribute;     ///< notation as given, of comparisons and value paths
    std::size_t position = 0;  ///< of the attribute, in bytes from 1
    directory::Operator op = directory::Operator::pr;
    Literal literal;
    std::size_t literal_position = 0;
};

/// `attribute[filter].sub`, the last two optional.
struct PathSyntax {
    std::string attribute;
    std::optional<Syntax> element_filter;
    std::string sub;
};

/// Parses the grammar of RFC 7644 figure 1. Errors: `invalid_filter` with the position in bytes
/// from 1.
[[nodiscard]] Result<Syntax> parse_filter(std::string_view text, const FilterLimits& limits);

/// Parses the PATH of RFC 7644 figure 7. Errors: `invalid_path`, inside brackets `invalid_filter`.
[[nodiscard]] Result<PathSyntax> parse_path(std::string_view text, const FilterLimits& limits);

/// "position 17: …" as an error of the given code.
[[nodiscard]] tl::unexpected<Error> error_at(
    const char* code, std::size_t position, std::string reason
);

}  // namespace bascule::scim
