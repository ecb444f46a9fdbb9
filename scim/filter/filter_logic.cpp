#include "scim/filter/filter_logic.hpp"

#include <utility>

namespace bascule::scim {

using directory::Filter;
using directory::Operator;

Filter constant(bool value) {
    Filter filter;
    filter.kind = value ? Filter::Kind::always : Filter::Kind::never;
    return filter;
}

Filter negate(Filter filter) {
    if (filter.kind == Filter::Kind::always || filter.kind == Filter::Kind::never) {
        return constant(filter.kind == Filter::Kind::never);
    }
    Filter negation;
    negation.kind = Filter::Kind::negation;
    negation.children.push_back(std::move(filter));
    return negation;
}

Filter join(Filter::Kind kind, std::vector<Filter> parts) {
    const bool is_all = kind == Filter::Kind::all_of;
    const auto neutral = is_all ? Filter::Kind::always : Filter::Kind::never;
    const auto decisive = is_all ? Filter::Kind::never : Filter::Kind::always;
    Filter whole;
    whole.kind = kind;
    for (Filter& part : parts) {
        if (part.kind == decisive) {
            return constant(!is_all);
        }
        if (part.kind != neutral) {
            whole.children.push_back(std::move(part));
        }
    }
    if (whole.children.empty()) {
        return constant(is_all);
    }
    if (whole.children.size() == 1) {
        return std::move(whole.children.front());
    }
    return whole;
}

Result<Filter> by_presence(Filter present, const Syntax& syntax) {
    switch (syntax.op) {
        case Operator::pr:
        case Operator::ne:
            return present;
        case Operator::eq:
            return negate(std::move(present));
        default:
            return error_at(
                "invalid_filter", syntax.literal_position,
                "null can be compared with eq and ne only."
            );
    }
}

Filter against_empty_text(Filter present, Operator op) {
    switch (op) {
        case Operator::eq:
            return negate(std::move(present));
        case Operator::lt:
        case Operator::le:
            return constant(false);
        default:
            return present;
    }
}

}  // namespace bascule::scim
