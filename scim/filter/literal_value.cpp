#include "scim/filter/literal_value.hpp"

#include <utility>

#include "directory/base/text.hpp"

namespace bascule::scim {

using directory::FilterValue;
using directory::Operator;
using directory::ValueType;

namespace {

bool is_ordering(Operator op) {
    return op == Operator::gt || op == Operator::ge || op == Operator::lt || op == Operator::le;
}

bool is_substring(Operator op) {
    return op == Operator::co || op == Operator::sw || op == Operator::ew;
}

std::string_view name_of(ValueType type) {
    switch (type) {
        case ValueType::text:
            return "a text";
        case ValueType::boolean:
            return "true or false";
        case ValueType::integer:
            return "a whole number";
        case ValueType::decimal:
            return "a number";
        case ValueType::date_time:
            return "a date and time with zone in double quotes";
        case ValueType::binary:
            return "base64 in double quotes";
        case ValueType::reference:
            return "a reference in double quotes";
        case ValueType::complex:
            return "a complex value";
    }
    return "a value";
}

/// RFC 7644 section 3.4.2.2: which operators a type has.
bool allows(ValueType type, Operator op) {
    switch (type) {
        case ValueType::text:
            return true;
        case ValueType::boolean:
            return !is_ordering(op) && !is_substring(op);
        case ValueType::integer:
        case ValueType::decimal:
        case ValueType::date_time:
            return !is_substring(op);
        case ValueType::binary:
        case ValueType::reference:
            return !is_ordering(op);
        case ValueType::complex:
            return op == Operator::pr;
    }
    return false;
}

std::optional<FilterValue> number_of(ValueType type, const Literal& literal) {
    const auto* whole = std::get_if<std::int64_t>(&literal);
    const auto* fraction = std::get_if<double>(&literal);
    if (type == ValueType::integer && whole != nullptr) {
        return FilterValue(*whole);
    }
    if (whole != nullptr) {
        return FilterValue(static_cast<double>(*whole));
    }
    return fraction == nullptr ? std::nullopt : std::optional(FilterValue(*fraction));
}

/// The literal as a value of the attribute's type, or nothing when it has another type.
std::optional<FilterValue> value_of(ValueType type, const Literal& literal) {
    if (type == ValueType::integer || type == ValueType::decimal) {
        return number_of(type, literal);
    }
    if (type == ValueType::boolean) {
        const auto* flag = std::get_if<bool>(&literal);
        return flag == nullptr ? std::nullopt : std::optional(FilterValue(*flag));
    }
    const auto* text = std::get_if<std::string>(&literal);
    if (text == nullptr) {
        return std::nullopt;
    }
    if (type != ValueType::date_time) {
        return FilterValue(*text);
    }
    const auto time = parse_time(*text);
    return time ? std::optional(FilterValue(*time)) : std::nullopt;
}

}  // namespace

bool is_null(const Literal& literal) {
    return std::holds_alternative<std::monostate>(literal);
}

bool is_empty_text(const Literal& literal) {
    const auto* text = std::get_if<std::string>(&literal);
    return text != nullptr && text->empty();
}

Result<FilterValue> checked_value(ValueType type, const Syntax& syntax) {
    if (!allows(type, syntax.op)) {
        return error_at(
            "invalid_filter", syntax.position,
            printable(syntax.attribute) + " is " + std::string(name_of(type)) +
                "; this operator does not apply to it."
        );
    }
    if (auto value = value_of(type, syntax.literal)) {
        return *std::move(value);
    }
    return error_at(
        "invalid_filter", syntax.literal_position,
        printable(syntax.attribute) + " is compared with " + std::string(name_of(type)) + "."
    );
}

bool holds(Operator op, std::string_view value, std::string_view wanted) {
    switch (op) {
        case Operator::eq:
            return value == wanted;
        case Operator::ne:
            return value != wanted;
        case Operator::co:
            return value.find(wanted) != std::string_view::npos;
        case Operator::sw:
            return value.starts_with(wanted);
        case Operator::ew:
            return value.ends_with(wanted);
        case Operator::gt:
            return value > wanted;
        case Operator::ge:
            return value >= wanted;
        case Operator::lt:
            return value < wanted;
        case Operator::le:
            return value <= wanted;
        case Operator::pr:
            return true;
    }
    return false;
}

}  // namespace bascule::scim
