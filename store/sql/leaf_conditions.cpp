#include "store/sql/leaf_conditions.hpp"

#include <fmt/format.h>

#include "directory/query/evaluator.hpp"
#include "store/sql/attribute_values.hpp"
#include "store/sql/text_range.hpp"

namespace bascule::store {

using directory::AttributeId;
using directory::Filter;
using directory::Operator;

namespace {

constexpr std::string_view placeholder(&oid_placeholder, 1);

std::string_view sign(Operator op) {
    switch (op) {
        case Operator::ne:
            return "<>";
        case Operator::gt:
            return ">";
        case Operator::ge:
            return ">=";
        case Operator::lt:
            return "<";
        case Operator::le:
            return "<=";
        default:
            return "=";
    }
}

Condition inexact(Condition condition) {
    condition.source_exact = condition.probe_exact = false;
    return condition;
}

}  // namespace

std::optional<AttributeId> LeafConditions::searchable(const directory::AttributePath& path) const {
    const auto attribute = context_.registry.find_attribute(type_, path);
    return attribute && context_.registry.spec(*attribute).searchable ? attribute : std::nullopt;
}

std::string LeafConditions::label(AttributeId attribute, std::string_view op) const {
    return fmt::format("{} {}", context_.registry.spec(attribute).path.to_string(), op);
}

Condition LeafConditions::compile(const Filter& filter) const {
    switch (filter.kind) {
        case Filter::Kind::comparison:
            return comparison(filter);
        case Filter::Kind::row_field:
            return row_field(filter);
        case Filter::Kind::edge_to:
            return edge_to(filter);
        case Filter::Kind::edge_from:
            return edge_from(filter);
        case Filter::Kind::has_edges_to:
            return has_edges_to(filter);
        case Filter::Kind::has_edges_from:
            return has_edges_from(filter);
        default:
            return Condition::document("check documents");
    }
}

Condition LeafConditions::comparison(const Filter& filter) const {
    const auto unindexed = [&] {
        return Condition::document(filter.spec.path.to_string() + " in the document");
    };
    const auto attribute = filter.attribute;
    if (!attribute || !context_.registry.spec(*attribute).searchable ||
        context_.registry.type_of(*attribute) != type_) {
        return unindexed();
    }
    const auto& spec = context_.registry.spec(*attribute);
    const bool null = std::holds_alternative<std::monostate>(filter.value);
    if (filter.op == Operator::pr || (null && filter.op == Operator::ne)) {
        // A complex value is present by any of its parts and its term stands for one; a time has a
        // term only when it can be read.
        const bool told_by_terms = spec.type != directory::ValueType::complex &&
                                   spec.type != directory::ValueType::date_time;
        return told_by_terms ? present(*attribute) : unindexed();
    }
    const auto wanted = directory::compared_text(spec, filter.value);
    const bool reads_texts = filter.op == Operator::co || filter.op == Operator::ew;
    if (null || !wanted || (reads_texts && !is_packed(spec))) {
        return unindexed();
    }
    return compare_terms(*attribute, filter.op, *wanted);
}

Condition LeafConditions::compare_terms(
    AttributeId attribute, Operator op, const std::string& wanted
) const {
    switch (op) {
        case Operator::eq:
            return equal(attribute, wanted);
        case Operator::ne: {
            auto same = equal(attribute, wanted);
            // With several values "any differs" is not the opposite of "one is equal".
            if (!same.probe_exact || context_.registry.spec(attribute).multi_valued) {
                return Condition::document(label(attribute, "ne"));
            }
            Condition other;
            other.probe.add("NOT ").add(same.probe);
            other.label = label(attribute, "ne");
            return other;
        }
        case Operator::sw:
            return starts_with(attribute, wanted);
        case Operator::co:
        case Operator::ew:
            return scan(attribute, op, wanted);
        default:
            return ordered(attribute, op, wanted);
    }
}

Condition LeafConditions::equal(AttributeId attribute, const std::string& wanted) const {
    const auto key = directory::term_key(wanted);
    const auto number = context_.attribute_number(attribute);
    Condition condition;
    condition.source.add("SELECT oid FROM term WHERE attr=")
        .value(number)
        .add(" AND value=")
        .value(key);
    condition.probe.add("EXISTS(SELECT 1 FROM term WHERE attr=")
        .value(number)
        .add(" AND value=")
        .value(key);
    condition.probe.add(" AND oid=").add(placeholder).add(")");
    condition.label = label(attribute, "eq");
    if (context_.registry.spec(attribute).unique) {
        condition.rows = 1;
    }
    return directory::may_be_cut(key) ? inexact(std::move(condition)) : condition;
}

Condition LeafConditions::among_terms(AttributeId attribute, const Sql& test, std::string text)
    const {
    const bool many = context_.registry.spec(attribute).multi_valued;
    Sql plain;
    plain.add("SELECT oid FROM term WHERE attr=")
        .value(context_.attribute_number(attribute))
        .add(test);
    Condition condition;
    condition.source = plain;
    if (many) {
        condition.source.text.insert(6, " DISTINCT");
        condition.sample = plain;
    }
    condition.probe.add(placeholder).add(" IN (").add(plain).add(")");
    condition.costly_probe = true;
    condition.label = std::move(text);
    return condition;
}

Condition LeafConditions::present(AttributeId attribute) const {
    return among_terms(attribute, {}, label(attribute, "pr"));
}

Condition LeafConditions::starts_with(AttributeId attribute, const std::string& wanted) const {
    // Every key that was cut still has this many bytes of its text.
    const std::string prefix = wanted.substr(0, directory::term_limit - 4);
    Sql range;
    if (!prefix.empty()) {
        range.add(" AND value>=").value(prefix);
        if (auto end = prefix_end(prefix); !end.empty()) {
            range.add(" AND value<").value(std::move(end));
        }
    }
    auto condition = among_terms(attribute, range, label(attribute, "sw"));
    return prefix.size() < wanted.size() ? inexact(std::move(condition)) : condition;
}

Condition LeafConditions::scan(AttributeId attribute, Operator op, const std::string& wanted)
    const {
    const bool cut = context_.has_cut_terms(attribute);
    Sql arguments;
    arguments.value(context_.attribute_number(attribute)).add(",");
    arguments.value(std::int64_t{op == Operator::ew}).add(",");
    arguments.value(Blob{wanted}).add(",");
    arguments.value(std::int64_t{cut}).add(")");
    Condition condition;
    condition.source.add("SELECT oid FROM value_scan(").add(arguments);
    condition.probe.add("value_holds(").add(placeholder).add(",").add(arguments);
    condition.reads_all = true;
    condition.label = label(attribute, op == Operator::co ? "co" : "ew") +
                      " by reading the packed values of the attribute";
    return cut ? inexact(std::move(condition)) : condition;
}

Condition LeafConditions::ordered(AttributeId attribute, Operator op, const std::string& wanted)
    const {
    Sql range;
    const std::string name = label(attribute, sign(op));
    if (!directory::may_be_cut(wanted)) {
        range.add(" AND value").add(sign(op)).value(wanted);
        return among_terms(attribute, range, name);
    }
    // Keys are cut between characters, so only this many bytes of a long text order as the text
    // does.
    const std::string start = wanted.substr(0, directory::term_limit - 4);
    if (op == Operator::gt || op == Operator::ge) {
        range.add(" AND value>=").value(start);
    } else if (auto end = prefix_end(start); !end.empty()) {
        range.add(" AND value<").value(std::move(end));
    }
    return inexact(among_terms(attribute, range, name));
}

Condition LeafConditions::row_field(const Filter& filter) const {
    if (filter.op == Operator::pr) {
        return Condition::always();
    }
    if (filter.field == directory::RowField::id) {
        return row_id(filter);
    }
    const auto* time = std::get_if<Time>(&filter.value);
    if (time == nullptr || filter.op == Operator::co || filter.op == Operator::sw ||
        filter.op == Operator::ew) {
        return Condition::document("time in the row");
    }
    const bool created = filter.field == directory::RowField::created;
    const auto milliseconds = time->time_since_epoch().count();
    Condition condition;
    condition.probe.add("EXISTS(SELECT 1 FROM object r WHERE r.oid=").add(placeholder);
    condition.probe.add(created ? " AND r.created" : " AND r.modified");
    condition.probe.add(sign(filter.op)).value(milliseconds).add(")");
    if (filter.op != Operator::ne) {
        // The plus sign leaves only the index of times.
        condition.source.add("SELECT o.oid AS oid FROM object o WHERE o.type=")
            .value(context_.type_number(type_))
            .add(" AND +o.deleted IS NULL AND ")
            .add(created ? "o.created" : "o.modified");
        condition.source.add(sign(filter.op)).value(milliseconds);
    }
    condition.label =
        (created ? "meta.created " : "meta.lastModified ") + std::string(sign(filter.op));
    return condition;
}

Condition LeafConditions::row_id(const Filter& filter) const {
    const auto* text = std::get_if<std::string>(&filter.value);
    if (text == nullptr || (filter.op != Operator::eq && filter.op != Operator::ne)) {
        return Condition::document("id in the row");
    }
    const auto id = parse_uuid(*text);
    const bool known = id && id->to_string() == *text;  // ids are compared exactly
    const auto oid = known ? context_.find(*id) : std::nullopt;
    if (!oid) {
        return filter.op == Operator::eq ? Condition::never() : Condition::always();
    }
    Condition condition;
    condition.label = filter.op == Operator::eq ? "id eq" : "id ne";
    condition.probe.add(placeholder).add(sign(filter.op)).value(static_cast<std::int64_t>(*oid));
    if (filter.op == Operator::eq) {
        condition.source.add("SELECT o.oid AS oid FROM object o WHERE o.oid=")
            .value(static_cast<std::int64_t>(*oid));
        condition.source.add(" AND o.type=")
            .value(context_.type_number(type_))
            .add(" AND o.deleted IS NULL");
        condition.rows = 1;
    }
    return condition;
}

}  // namespace bascule::store
