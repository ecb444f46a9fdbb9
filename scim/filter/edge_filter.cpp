#include "scim/filter/edge_filter.hpp"

#include <utility>

#include "directory/base/text.hpp"
#include "scim/filter/filter_logic.hpp"
#include "scim/filter/literal_value.hpp"

namespace bascule::scim {

using directory::EdgeKind;
using directory::Filter;
using directory::Operator;

Result<Filter> resolve_edge(const ResolvedName& name, std::string_view sub, const Syntax& syntax) {
    const Attribute& attribute = *name.attribute;
    const auto* text = std::get_if<std::string>(&syntax.literal);
    const bool is_test =
        syntax.op == Operator::eq || (syntax.op == Operator::ne && !attribute.multi_valued);
    if (!equals_ignoring_ascii_case(sub, "value") || !is_test || is_null(syntax.literal)) {
        return error_at(
            "invalid_filter", syntax.position,
            attribute.name + " can be searched in the form " + attribute.name +
                ".value eq \"<id>\" only."
        );
    }
    if (text == nullptr) {
        return error_at(
            "invalid_filter", syntax.literal_position,
            attribute.name + ".value is compared with an id in double quotes."
        );
    }
    Filter filter;
    const auto target = parse_uuid(*text);
    if (!target || target->to_string() != *text) {
        filter = constant(false);
    } else {
        filter.kind = attribute.derived ? Filter::Kind::edge_from : Filter::Kind::edge_to;
        filter.edge = attribute.edge.value_or(EdgeKind::member);
        filter.target = *target;
    }
    return syntax.op == Operator::ne ? negate(std::move(filter)) : filter;
}

Result<Filter> resolve_edge_elements(const ResolvedName& name, const Syntax& syntax) {
    if (syntax.kind == Syntax::Kind::comparison) {
        return resolve_edge(name, syntax.attribute, syntax);
    }
    if (syntax.kind != Syntax::Kind::any_of) {
        return fail(
            ErrorKind::invalid_input, "invalid_filter",
            name.attribute->name + " can be searched by value eq \"<id>\", joined by or, only."
        );
    }
    std::vector<Filter> parts;
    for (const Syntax& child : syntax.children) {
        BASCULE_TRY(Filter part, resolve_edge_elements(name, child));
        parts.push_back(std::move(part));
    }
    return join(Filter::Kind::any_of, std::move(parts));
}

}  // namespace bascule::scim
