#include <utility>

#include "directory/base/text.hpp"
#include "scim/filter/edge_filter.hpp"
#include "scim/filter/element_filter.hpp"
#include "scim/filter/filter.hpp"
#include "scim/filter/filter_logic.hpp"
#include "scim/filter/literal_value.hpp"
#include "scim/filter/loose_filter.hpp"
#include "scim/filter/syntax.hpp"

namespace bascule::scim {
namespace {

using directory::AttributeSpec;
using directory::Filter;
using directory::FilterValue;
using directory::Operator;
using directory::RowField;
using directory::ValueType;

bool is_secret(const Attribute& attribute) {
    return attribute.returned == Returned::never || attribute.mutability == Mutability::write_only;
}

/// Gives names and literals of a parsed filter their meaning for one resource type.
class Resolver {
  public:
    Resolver(
        const SchemaRegistry& schemas, const ResourceType& type,
        const directory::Registry& registry, const FilterDialect& dialect
    )
        : schemas_(schemas),
          type_(type),
          registry_(registry),
          unknown_is_absent_(dialect.unknown_is_absent),
          loose_literals_(dialect.loose_literals) {}

    Result<Filter> resolve(const Syntax& syntax) {
        switch (syntax.kind) {
            case Syntax::Kind::comparison:
                return comparison(syntax);
            case Syntax::Kind::value_path:
                return value_path(syntax);
            default:
                return combination(syntax, [this](const Syntax& child) { return resolve(child); });
        }
    }

    /// For one element of `parent`: names are those of its sub-attributes.
    Result<Filter> resolve_element(const ResolvedName& parent, const Syntax& syntax) {
        if (syntax.kind != Syntax::Kind::comparison) {
            return combination(syntax, [&](const Syntax& child) {
                return resolve_element(parent, child);
            });
        }
        const Attribute* sub = parent.attribute->sub(syntax.attribute);
        AttributeSpec spec = spec_of(parent.extension, *parent.attribute, sub);
        if (sub == nullptr) {
            const bool is_simple = parent.attribute->sub_attributes.empty();
            if (!is_simple || !equals_ignoring_ascii_case(syntax.attribute, "value")) {
                return unknown(syntax, parent.path().to_string() + "." + syntax.attribute);
            }
            spec.path.sub = "value";
        } else if (is_secret(*sub)) {
            return secret(syntax);
        }
        return compare(std::move(spec), std::nullopt, syntax);
    }

  private:
    template <class ResolveChild>
    Result<Filter> combination(const Syntax& syntax, const ResolveChild& resolve_child) {
        std::vector<Filter> parts;
        for (const Syntax& child : syntax.children) {
            BASCULE_TRY(Filter part, resolve_child(child));
            parts.push_back(std::move(part));
        }
        if (syntax.kind == Syntax::Kind::negation) {
            return negate(std::move(parts.front()));
        }
        const bool is_all = syntax.kind == Syntax::Kind::all_of;
        return join(is_all ? Filter::Kind::all_of : Filter::Kind::any_of, std::move(parts));
    }

    Result<Filter> comparison(const Syntax& syntax) {
        const auto name = schemas_.resolve(type_, syntax.attribute);
        if (!name) {
            return unknown(syntax, syntax.attribute);
        }
        if (name->attribute == nullptr) {
            return whole_extension(*name, syntax);
        }
        if (common_schema().find(name->attribute->name) == name->attribute) {
            return common(*name, syntax);
        }
        if (is_secret(*name->attribute) || (name->sub != nullptr && is_secret(*name->sub))) {
            return secret(syntax);
        }
        if (name->attribute->edge || name->attribute->derived) {
            return resolve_edge(*name, syntax);
        }
        return attribute(*name, syntax);
    }

    Result<Filter> attribute(ResolvedName name, const Syntax& syntax) {
        if (name.attribute->type == ValueType::complex && name.sub == nullptr) {
            if (syntax.op == Operator::pr || is_null(syntax.literal)) {
                return presence(name, syntax);
            }
            // RFC 7644 section 3.4.2.2: a complex attribute without sub-attribute means its value.
            name.sub = name.attribute->sub("value");
            if (name.sub == nullptr) {
                return error_at(
                    "invalid_filter", syntax.position,
                    name.attribute->name + " is complex: name one of its sub-attributes."
                );
            }
        }
        return compare_stored(name, syntax);
    }

    Result<Filter> compare_stored(const ResolvedName& name, const Syntax& syntax) {
        const auto id = registry_.find_attribute(type_.type, name.path());
        AttributeSpec spec =
            id ? registry_.spec(*id) : spec_of(name.extension, *name.attribute, name.sub);
        return compare(std::move(spec), id, syntax);
    }

    /// A complex attribute is present when any of its parts is.
    Result<Filter> presence(ResolvedName name, const Syntax& syntax) {
        Syntax present = syntax;
        present.op = Operator::pr;
        std::vector<Filter> parts;
        for (const Attribute& sub : name.attribute->sub_attributes) {
            if (!is_secret(sub)) {
                name.sub = &sub;
                BASCULE_TRY(Filter part, compare_stored(name, present));
                parts.push_back(std::move(part));
            }
        }
        Filter any = join(Filter::Kind::any_of, std::move(parts));
        return by_presence(std::move(any), syntax);
    }

    Result<Filter> compare(
        AttributeSpec spec, std::optional<directory::AttributeId> id, const Syntax& syntax
    ) {
        Filter present;
        present.kind = Filter::Kind::comparison;
        present.attribute = id;
        present.spec = std::move(spec);
        present.op = Operator::pr;
        if (syntax.op == Operator::pr || is_null(syntax.literal)) {
            return by_presence(std::move(present), syntax);
        }
        const ValueType type = present.spec.type;
        BASCULE_TRY(FilterValue value, value_of(type, syntax));
        if (is_empty_text(syntax.literal)) {
            return against_empty_text(std::move(present), syntax.op);
        }
        present.op = syntax.op;
        present.value = std::move(value);
        return present;
    }

    [[nodiscard]] Result<FilterValue> value_of(ValueType type, const Syntax& syntax) const {
        if (!loose_literals_) {
            return checked_value(type, syntax);
        }
        Syntax converted = syntax;
        converted.literal = converted_literal(type, syntax.literal);
        return checked_value(type, converted);
    }

    Result<Filter> whole_extension(const ResolvedName& name, const Syntax& syntax) {
        if (syntax.op != Operator::pr) {
            return error_at(
                "invalid_filter", syntax.position, "a schema can be tested with pr only."
            );
        }
        Filter filter;
        filter.kind = Filter::Kind::comparison;
        filter.spec.path.extension = name.extension->id;
        filter.spec.type = ValueType::complex;
        filter.op = Operator::pr;
        return join(Filter::Kind::any_of, {std::move(filter), any_edges_of(*name.extension)});
    }

    Result<Filter> common(const ResolvedName& name, const Syntax& syntax) {
        const std::string notation = name.path().to_string();
        if (notation == "externalId") {
            return compare_stored(name, syntax);
        }
        if (notation == "id") {
            return row_field(RowField::id, ValueType::text, syntax);
        }
        if (notation == "meta.created") {
            return row_field(RowField::created, ValueType::date_time, syntax);
        }
        if (notation == "meta.lastModified") {
            return row_field(RowField::last_modified, ValueType::date_time, syntax);
        }
        if (syntax.op == Operator::pr || is_null(syntax.literal)) {
            return by_presence(constant(true), syntax);
        }
        if (notation == "schemas") {
            return schema_urn(syntax);
        }
        if (notation == "meta.resourceType") {
            BASCULE_TRY(const FilterValue value, checked_value(ValueType::text, syntax));
            return constant(holds(syntax.op, type_.name, std::get<std::string>(value)));
        }
        return error_at(
            "invalid_filter", syntax.position,
            notation + " cannot be searched; of meta, resourceType, created and lastModified can."
        );
    }

    Result<Filter> row_field(RowField field, ValueType type, const Syntax& syntax) {
        if (syntax.op == Operator::pr || is_null(syntax.literal)) {
            return by_presence(constant(true), syntax);
        }
        BASCULE_TRY(FilterValue value, checked_value(type, syntax));
        if (is_empty_text(syntax.literal)) {
            return against_empty_text(constant(true), syntax.op);
        }
        Filter filter;
        filter.kind = Filter::Kind::row_field;
        filter.field = field;
        filter.op = syntax.op;
        filter.value = std::move(value);
        return filter;
    }

    Result<Filter> schema_urn(const Syntax& syntax) {
        BASCULE_TRY(FilterValue value, checked_value(ValueType::reference, syntax));
        if (syntax.op == Operator::eq &&
            equals_ignoring_ascii_case(std::get<std::string>(value), type_.schema->id)) {
            return constant(true);
        }
        const std::string wanted = fold_case(std::get<std::string>(value));
        Filter filter;
        filter.kind = Filter::Kind::comparison;
        filter.spec.path.name = "schemas";
        filter.spec.type = ValueType::reference;
        filter.spec.multi_valued = true;
        filter.op = syntax.op;
        filter.value = std::move(value);
        std::vector<Filter> parts{std::move(filter)};
        // A document does not list an extension whose only value is kept as an edge.
        for (const auto& extension : type_.extensions) {
            if (holds(syntax.op, fold_case(extension.schema->id), wanted)) {
                parts.push_back(any_edges_of(*extension.schema));
            }
        }
        return join(Filter::Kind::any_of, std::move(parts));
    }

    Result<Filter> value_path(const Syntax& syntax) {
        const auto name = schemas_.resolve(type_, syntax.attribute);
        if (!name) {
            return unknown(syntax, syntax.attribute);
        }
        if (name->attribute == nullptr || name->sub != nullptr || !name->attribute->multi_valued ||
            common_schema().find(name->attribute->name) == name->attribute) {
            return error_at(
                "invalid_filter", syntax.position,
                printable(syntax.attribute) +
                    " has not several values: brackets do not apply to it."
            );
        }
        if (is_secret(*name->attribute)) {
            return secret(syntax);
        }
        if (name->attribute->edge || name->attribute->derived) {
            if (syntax.children.size() > 1) {
                return error_at(
                    "invalid_filter", syntax.position,
                    "nothing can follow the bracket of " + name->attribute->name + "."
                );
            }
            return resolve_edge_elements(*name, syntax.children.front());
        }
        std::vector<Filter> parts;
        for (const Syntax& child : syntax.children) {
            BASCULE_TRY(Filter part, resolve_element(*name, child));
            parts.push_back(std::move(part));
        }
        Filter filter;
        filter.kind = Filter::Kind::value_path;
        filter.path = name->path();
        filter.children.push_back(join(Filter::Kind::all_of, std::move(parts)));
        return filter.children.front().kind == Filter::Kind::never ? constant(false) : filter;
    }

    /// RFC 7644 section 3.4.2.1: searching several types, an attribute that one lacks is unassigned
    /// there.
    [[nodiscard]] Result<Filter> unknown(const Syntax& syntax, const std::string& name) const {
        if (!unknown_is_absent_) {
            return error_at(
                "invalid_filter", syntax.position,
                type_.name + " has no attribute " + printable(name) + "."
            );
        }
        if (syntax.kind == Syntax::Kind::comparison) {
            const bool absent_matches =
                syntax.op == Operator::eq ? is_null(syntax.literal) || is_empty_text(syntax.literal)
                                          : syntax.op == Operator::ne && !is_null(syntax.literal) &&
                                                !is_empty_text(syntax.literal);
            return constant(absent_matches);
        }
        return constant(false);
    }

    [[nodiscard]] static tl::unexpected<Error> secret(const Syntax& syntax) {
        return error_at(
            "invalid_filter", syntax.position, printable(syntax.attribute) + " cannot be searched."
        );
    }

    const SchemaRegistry& schemas_;
    const ResourceType& type_;
    const directory::Registry& registry_;
    bool unknown_is_absent_;
    bool loose_literals_;
};

}  // namespace

Result<Filter> compile_filter(
    std::string_view text, const SchemaRegistry& schemas, const ResourceType& type,
    const directory::Registry& registry, bool unknown_is_absent, const FilterLimits& limits,
    const FilterDialect& dialect
) {
    if (text.find_first_not_of(" \t") == std::string_view::npos) {
        return fail(
            ErrorKind::invalid_input, "invalid_filter",
            "The filter is empty; leave it out to get everything."
        );
    }
    const std::string quoted = dialect.loose_literals ? quote_bare_words(text) : std::string();
    BASCULE_TRY(const Syntax syntax, parse_filter(dialect.loose_literals ? quoted : text, limits));
    if (dialect.eq_and_only) {
        BASCULE_CHECK(check_eq_and_only(syntax, dialect.profile));
    }
    FilterDialect resolved = dialect;
    resolved.unknown_is_absent = dialect.unknown_is_absent || unknown_is_absent;
    return Resolver(schemas, type, registry, resolved).resolve(syntax);
}

Result<Filter> compile_element_filter(
    const ResolvedName& parent, const Syntax& syntax, const SchemaRegistry& schemas,
    const ResourceType& type, const directory::Registry& registry, const FilterDialect& dialect
) {
    FilterDialect of_elements = dialect;
    of_elements.unknown_is_absent = false;
    return Resolver(schemas, type, registry, of_elements).resolve_element(parent, syntax);
}

}  // namespace bascule::scim
