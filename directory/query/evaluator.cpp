#include "directory/query/evaluator.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"

namespace bascule::directory {
namespace {

/// The first number above every 64-bit integer.
constexpr double integer_limit = 9223372036854775808.0;

/// Presence (RFC 7644 figure 1, `pr`): null, "", [] and objects with nothing set are absent; false
/// and 0 are present.
bool is_present(std::string_view json) {
    if (json.empty() || json == "null" || json == "\"\"") {
        return false;
    }
    if (json.front() == '[') {
        JsonElements elements(json);
        while (const auto element = elements.next()) {
            if (is_present(*element)) {
                return true;
            }
        }
        return false;
    }
    if (json.front() == '{') {
        JsonMembers members(json);
        while (const auto member = members.next()) {
            if (is_present(member->value)) {
                return true;
            }
        }
        return false;
    }
    return true;
}

/// Adds the value, or the elements when it is an array.
void collect(std::string_view json, std::vector<std::string_view>& out) {
    if (json.empty()) {
        return;
    }
    if (json.front() != '[') {
        out.push_back(json);
        return;
    }
    JsonElements elements(json);
    while (const auto element = elements.next()) {
        out.push_back(*element);
    }
}

std::string_view attribute_json(std::string_view body, const AttributePath& path) {
    const std::string_view holder =
        path.extension.empty() ? body : json_member(body, path.extension);
    return path.name.empty() ? holder : json_member(holder, path.name);
}

/// The raw values that a path names; a simple element stands for its own "value".
std::vector<std::string_view> values_at(std::string_view json, std::string_view sub) {
    std::vector<std::string_view> values;
    collect(json, values);
    if (sub.empty()) {
        return values;
    }
    std::vector<std::string_view> parts;
    for (const std::string_view value : values) {
        if (value.starts_with('{')) {
            collect(json_member(value, sub), parts);
        } else if (sub == "value") {
            parts.push_back(value);
        }
    }
    return parts;
}

bool holds(Operator op, std::strong_ordering order) {
    switch (op) {
        case Operator::eq:
            return order == 0;
        case Operator::ne:
            return order != 0;
        case Operator::gt:
            return order > 0;
        case Operator::ge:
            return order >= 0;
        case Operator::lt:
            return order < 0;
        case Operator::le:
            return order <= 0;
        case Operator::co:
        case Operator::sw:
        case Operator::ew:
        case Operator::pr:
            return false;
    }
    return false;
}

bool holds(Operator op, std::string_view value, std::string_view wanted) {
    switch (op) {
        case Operator::co:
            return value.find(wanted) != std::string_view::npos;
        case Operator::sw:
            return value.starts_with(wanted);
        case Operator::ew:
            return value.ends_with(wanted);
        default:
            return holds(op, value <=> wanted);
    }
}

bool is_numeric(ValueType type) {
    return type == ValueType::integer || type == ValueType::decimal;
}

/// A whole number against a fraction: the fraction lies between two integers and equals none.
bool fraction_holds(Operator op, std::string_view json, double wanted) {
    double value = 0;
    const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), value);
    if (error != std::errc() || end == json.data()) {
        return false;
    }
    // Beyond the range of integers the conversion above may have rounded up to the wanted value.
    const bool less = value < wanted || wanted >= integer_limit;
    return holds(op, less ? std::strong_ordering::less : std::strong_ordering::greater);
}

bool compare_all(
    const Filter& filter, const std::vector<std::string_view>& values, const std::string& wanted
) {
    bool any = false;
    for (const std::string_view json : values) {
        if (const auto text = term_value(filter.spec, json)) {
            any = true;
            if (holds(filter.op, *text, wanted)) {
                return true;
            }
        }
    }
    return !any && filter.op == Operator::ne;
}

bool compare_fraction(const Filter& filter, const std::vector<std::string_view>& values) {
    const double wanted = std::get<double>(filter.value);
    if (std::none_of(values.begin(), values.end(), is_present)) {
        return filter.op == Operator::ne;
    }
    return std::any_of(values.begin(), values.end(), [&](std::string_view json) {
        return fraction_holds(filter.op, json, wanted);
    });
}

bool compare(const Filter& filter, const std::vector<std::string_view>& values) {
    const bool present = std::any_of(values.begin(), values.end(), is_present);
    if (filter.op == Operator::pr) {
        return present;
    }
    if (std::holds_alternative<std::monostate>(filter.value)) {
        return filter.op == Operator::ne ? present : filter.op == Operator::eq && !present;
    }
    if (const auto wanted = compared_text(filter.spec, filter.value)) {
        return compare_all(filter, values, *wanted);
    }
    if (is_numeric(filter.spec.type) && std::holds_alternative<double>(filter.value)) {
        return compare_fraction(filter, values);
    }
    // A literal of another type equals no value.
    return filter.op == Operator::ne;
}

bool compare_time(Operator op, Time value, const FilterValue& wanted) {
    if (op == Operator::pr) {
        return true;
    }
    if (const auto* time = std::get_if<Time>(&wanted)) {
        return holds(op, value <=> *time);
    }
    return op == Operator::ne;
}

bool compare_row(const Filter& filter, const ObjectRow& row) {
    switch (filter.field) {
        case RowField::id: {
            const auto* wanted = std::get_if<std::string>(&filter.value);
            if (filter.op == Operator::pr) {
                return true;
            }
            return wanted == nullptr ? filter.op == Operator::ne
                                     : holds(filter.op, row.id.to_string(), *wanted);
        }
        case RowField::created:
            return compare_time(filter.op, row.created, filter.value);
        case RowField::last_modified:
            return compare_time(filter.op, row.modified, filter.value);
    }
    return false;
}

bool matches_some_element(const Filter& filter, std::string_view body) {
    const auto elements = values_at(attribute_json(body, filter.path), {});
    return !filter.children.empty() &&
           std::any_of(elements.begin(), elements.end(), [&](std::string_view element) {
               return is_present(element) && matches_element(filter.children.front(), element);
           });
}

/// Combines children; `test` decides one. Depth is bounded where filters are made.
template <class Test>
bool combine(const Filter& filter, const Test& test) {
    switch (filter.kind) {
        case Filter::Kind::always:
            return true;
        case Filter::Kind::all_of:
            return std::all_of(filter.children.begin(), filter.children.end(), test);
        case Filter::Kind::any_of:
            return std::any_of(filter.children.begin(), filter.children.end(), test);
        case Filter::Kind::negation:
            return !filter.children.empty() && !test(filter.children.front());
        default:
            return false;
    }
}

}  // namespace

bool matches(
    const Filter& filter, const ObjectRow& row, std::string_view body, const EdgeTest& edges
) {
    switch (filter.kind) {
        case Filter::Kind::comparison: {
            const auto& path = filter.spec.path;
            return compare(filter, values_at(attribute_json(body, path), path.sub));
        }
        case Filter::Kind::row_field:
            return compare_row(filter, row);
        case Filter::Kind::value_path:
            return matches_some_element(filter, body);
        case Filter::Kind::edge_to:
        case Filter::Kind::edge_from:
        case Filter::Kind::has_edges_to:
        case Filter::Kind::has_edges_from:
            return edges && edges(filter);
        default:
            return combine(filter, [&](const Filter& child) {
                return matches(child, row, body, edges);
            });
    }
}

bool matches_element(const Filter& filter, std::string_view element) {
    if (filter.kind == Filter::Kind::comparison) {
        return compare(filter, values_at(element, filter.spec.path.sub));
    }
    return combine(filter, [&](const Filter& child) { return matches_element(child, element); });
}

std::optional<std::string> compared_text(const AttributeSpec& spec, const FilterValue& value) {
    if (const auto* text = std::get_if<std::string>(&value)) {
        if (spec.type == ValueType::boolean || spec.type == ValueType::date_time ||
            is_numeric(spec.type)) {
            return std::nullopt;
        }
        const bool exact = spec.case_exact || spec.type == ValueType::binary;
        return exact ? *text : fold_case(*text);
    }
    if (const auto* flag = std::get_if<bool>(&value); flag && spec.type == ValueType::boolean) {
        return *flag ? "true" : "false";
    }
    if (const auto* time = std::get_if<Time>(&value); time && spec.type == ValueType::date_time) {
        return format_time(*time);
    }
    if (const auto* whole = std::get_if<std::int64_t>(&value)) {
        if (spec.type == ValueType::integer) {
            return integer_term(*whole);
        }
        if (spec.type == ValueType::decimal) {
            return decimal_term(static_cast<double>(*whole));
        }
    }
    if (const auto* number = std::get_if<double>(&value)) {
        if (spec.type == ValueType::decimal) {
            return decimal_term(*number);
        }
        const bool whole =
            *number == std::trunc(*number) && *number >= -integer_limit && *number < integer_limit;
        if (spec.type == ValueType::integer && whole) {
            return integer_term(static_cast<std::int64_t>(*number));
        }
    }
    return std::nullopt;
}

}  // namespace bascule::directory
