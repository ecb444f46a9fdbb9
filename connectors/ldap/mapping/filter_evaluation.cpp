#include "connectors/ldap/mapping/filter_evaluation.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ldap/mapping/comparison_text.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

namespace {

Truth truth(bool value) {
    return value ? Truth::yes : Truth::no;
}

bool has_substrings(const std::vector<std::string>& parts, std::string_view value) {
    const std::string& first = parts.front();
    const std::string& last = parts.back();
    if (value.size() < first.size() + last.size() || !value.starts_with(first) ||
        !value.ends_with(last))
        return false;
    value.remove_prefix(first.size());
    value.remove_suffix(last.size());
    for (std::size_t index = 1; index + 1 < parts.size(); ++index) {
        const std::size_t found = value.find(parts[index]);
        if (found == std::string_view::npos)
            return false;
        value.remove_prefix(found + parts[index].size());
    }
    return true;
}

std::optional<std::int64_t> as_integer(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

Truth compare_order(const FilterNode& node, std::string_view value) {
    const auto wanted = as_integer(node.value);
    const auto found = as_integer(value);
    int order = 0;
    if (wanted && found) {
        order = *found < *wanted ? -1 : *found > *wanted ? 1 : 0;
    } else if (!is_valid_utf8(value) || !is_valid_utf8(node.value)) {
        return Truth::undefined;
    } else {
        order = comparison_text(value, node.case_exact).compare(node.folded);
    }
    return truth(node.kind == FilterKind::greater_or_equal ? order >= 0 : order <= 0);
}

Truth compare_bits(const FilterNode& node, std::string_view value) {
    const auto number = as_integer(value);
    if (!number)
        return Truth::undefined;
    const std::uint64_t present = static_cast<std::uint64_t>(*number) & node.bits;
    return truth(node.kind == FilterKind::all_bits ? present == node.bits : present != 0);
}

bool equal_value(const FilterNode& node, std::string_view value) {
    if (value == node.value)
        return true;
    if (node.case_exact)
        return comparison_text(value, true) == node.folded;
    // Most values are plain ASCII without odd spaces: decide those without an allocation.
    if (value.size() == node.value.size() && equals_ignoring_ascii_case(value, node.value))
        return true;
    const bool plain = std::all_of(value.begin(), value.end(), [](char character) {
        return character > ' ' && character < 0x7f;
    });
    if (plain)
        return to_ascii_lower(value) == node.folded;
    return comparison_text(value, false) == node.folded;
}

Truth compare(const FilterNode& node, std::string_view value) {
    switch (node.kind) {
        case FilterKind::substrings:
            return truth(has_substrings(node.folded_parts, comparison_text(value, node.case_exact))
            );
        case FilterKind::greater_or_equal:
        case FilterKind::less_or_equal:
            return compare_order(node, value);
        case FilterKind::all_bits:
        case FilterKind::any_bits:
            return compare_bits(node, value);
        default:
            return truth(equal_value(node, value));
    }
}

Truth evaluate_all(const FilterNode& node, const directory::SourceEntry& entry) {
    Truth result = Truth::yes;
    for (const FilterNode& child : node.children) {
        const Truth one = evaluate(child, entry);
        if (one == Truth::no)
            return Truth::no;
        if (one == Truth::undefined)
            result = Truth::undefined;
    }
    return result;
}

Truth evaluate_any(const FilterNode& node, const directory::SourceEntry& entry) {
    Truth result = Truth::no;
    for (const FilterNode& child : node.children) {
        const Truth one = evaluate(child, entry);
        if (one == Truth::yes)
            return Truth::yes;
        if (one == Truth::undefined)
            result = Truth::undefined;
    }
    return result;
}

Truth evaluate_item(const FilterNode& node, const directory::SourceEntry& entry) {
    const auto& values = entry.values(node.attribute);
    if (node.kind == FilterKind::presence)
        return truth(!values.empty());
    Truth result = Truth::no;
    for (const std::string_view value : values) {
        const Truth one = compare(node, value);
        if (one == Truth::yes)
            return Truth::yes;
        if (one == Truth::undefined)
            result = Truth::undefined;
    }
    return result;
}

}  // namespace

Truth evaluate(const FilterNode& node, const directory::SourceEntry& entry) {
    switch (node.kind) {
        case FilterKind::all_of:
            return evaluate_all(node, entry);
        case FilterKind::any_of:
            return evaluate_any(node, entry);
        case FilterKind::negation: {
            const Truth inner = evaluate(node.children.front(), entry);
            return inner == Truth::undefined ? inner : truth(inner == Truth::no);
        }
        default:
            return evaluate_item(node, entry);
    }
}

}  // namespace bascule::ldap
