#include "scim/filter/edge_filter.hpp"

#include <utility>

#include "directory/base/text.hpp"
#include "scim/filter/filter_logic.hpp"
#include "scim/filter/literal_value.hpp"

namespace bascule::scim {

using directory::EdgeKind;
using directory::Filter;
using directory::Operator;

namespace {

/// An edge to anyone but `except`; to anyone at all when that is nil, which is no object's id.
Filter has_edges(const Attribute& attribute, const Uuid& except) {
    Filter filter;
    filter.kind = attribute.derived ? Filter::Kind::has_edges_from : Filter::Kind::has_edges_to;
    filter.edge = attribute.edge.value_or(EdgeKind::member);
    filter.target = except;
    return filter;
}

Filter has_edge(const Attribute& attribute, const Uuid& target) {
    if (target.is_nil()) {
        return constant(false);
    }
    Filter filter;
    filter.kind = attribute.derived ? Filter::Kind::edge_from : Filter::Kind::edge_to;
    filter.edge = attribute.edge.value_or(EdgeKind::member);
    filter.target = target;
    return filter;
}

/// The id that a value is, or that a reference ends with. Ids compare exactly: another spelling is
/// nobody's and gives nil.
Uuid target_of(std::string_view text, bool is_reference) {
    if (is_reference) {
        const std::size_t slash = text.rfind('/');
        if (slash == std::string_view::npos) {
            return {};
        }
        text.remove_prefix(slash + 1);
    }
    const auto target = parse_uuid(text);
    return target && target->to_string() == text ? *target : Uuid{};
}

/// One comparison; `in_brackets` it is about one element, else about the whole attribute, which
/// `ne` also matches when it is unassigned.
Result<Filter> compare(
    const Attribute& attribute, std::string_view sub, const Syntax& syntax, bool in_brackets
) {
    const bool is_reference = equals_ignoring_ascii_case(sub, "$ref");
    const bool is_value = is_reference || equals_ignoring_ascii_case(sub, "value");
    const bool tests_presence = syntax.op == Operator::pr || is_null(syntax.literal);
    const bool is_test = syntax.op == Operator::eq || syntax.op == Operator::ne;
    if (!is_value || (!is_test && !tests_presence)) {
        return error_at(
            "invalid_filter", syntax.position,
            attribute.name + " can be searched by pr, " + attribute.name +
                ".value eq \"<id>\" or " + attribute.name + ".value ne \"<id>\" only."
        );
    }
    const bool tests_absence =
        syntax.op == Operator::eq && (is_null(syntax.literal) || is_empty_text(syntax.literal));
    if (in_brackets && tests_absence) {
        return constant(false);
    }
    if (tests_presence) {
        return by_presence(has_edges(attribute, {}), syntax);
    }
    const auto* text = std::get_if<std::string>(&syntax.literal);
    if (text == nullptr) {
        return error_at(
            "invalid_filter", syntax.literal_position,
            attribute.name + ".value is compared with an id in double quotes."
        );
    }
    if (text->empty()) {
        return against_empty_text(has_edges(attribute, {}), syntax.op);
    }
    const Uuid target = target_of(*text, is_reference);
    if (syntax.op == Operator::eq) {
        return has_edge(attribute, target);
    }
    if (in_brackets) {
        return has_edges(attribute, target);
    }
    if (!attribute.multi_valued || target.is_nil()) {
        return negate(has_edge(attribute, target));
    }
    return join(
        Filter::Kind::any_of, {negate(has_edges(attribute, {})), has_edges(attribute, target)}
    );
}

}  // namespace

Result<Filter> resolve_edge(const ResolvedName& name, const Syntax& syntax) {
    return compare(*name.attribute, name.sub == nullptr ? "value" : name.sub->name, syntax, false);
}

Result<Filter> resolve_edge_elements(const ResolvedName& name, const Syntax& syntax) {
    if (syntax.kind == Syntax::Kind::comparison) {
        return compare(*name.attribute, syntax.attribute, syntax, true);
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

Filter any_edges_of(const Schema& schema) {
    std::vector<Filter> parts;
    for (const Attribute& attribute : schema.attributes) {
        if (attribute.edge) {
            parts.push_back(has_edges(attribute, {}));
        }
    }
    return join(Filter::Kind::any_of, std::move(parts));
}

}  // namespace bascule::scim
