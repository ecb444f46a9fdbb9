// Conditions on edges: direct and indirect, to and from an object.
#include "store/sql/leaf_conditions.hpp"

namespace bascule::store {

using directory::Filter;

namespace {

constexpr std::string_view placeholder(&oid_placeholder, 1);

}  // namespace

Condition LeafConditions::edge_to(const Filter& filter) const {
    const auto target = context_.find(filter.target);
    if (!target) {
        return Condition::never();
    }
    const auto kind = static_cast<std::int64_t>(filter.edge);
    const auto oid = static_cast<std::int64_t>(*target);
    Condition condition;
    condition.label = "edge to the object";
    condition.sample.add("SELECT src AS oid FROM edge WHERE kind=")
        .value(kind)
        .add(" AND dst=")
        .value(oid);
    condition.source
        .add("SELECT e.src AS oid FROM edge e CROSS JOIN object o ON o.oid=e.src WHERE e.kind=")
        .value(kind);
    condition.source.add(" AND e.dst=")
        .value(oid)
        .add(" AND o.type=")
        .value(context_.type_number(type_));
    condition.probe.add("EXISTS(SELECT 1 FROM edge WHERE kind=")
        .value(kind)
        .add(" AND src=")
        .add(placeholder);
    condition.probe.add(" AND dst=").value(oid).add(")");
    return condition;
}

// Where nothing is reached indirectly, the key of the edges gives the objects in order, and their
// number is kept.
std::optional<Condition> LeafConditions::direct_edge_from(
    directory::EdgeKind kind, directory::Oid source
) const {
    const auto counts = context_.edge_counts(kind, source);
    if (!counts || counts->size() > 1) {
        return std::nullopt;
    }
    if (counts->empty()) {
        return Condition::never();
    }
    // Only objects of the source's own type lead further.
    const auto [type, edges] = *counts->begin();
    if (type != context_.type_number(type_) || type == context_.type_of(source)) {
        return std::nullopt;
    }
    Condition condition;
    condition.label = "edge from the object";
    condition.total = edges;
    condition.source.add("SELECT dst AS oid FROM edge WHERE kind=")
        .value(static_cast<std::int64_t>(kind));
    condition.source.add(" AND src=").value(static_cast<std::int64_t>(source));
    condition.probe.add("EXISTS(SELECT 1 FROM edge WHERE kind=")
        .value(static_cast<std::int64_t>(kind));
    condition.probe.add(" AND src=").value(static_cast<std::int64_t>(source));
    condition.probe.add(" AND dst=").add(placeholder).add(")");
    return condition;
}

Condition LeafConditions::edge_from(const Filter& filter) const {
    const auto target = context_.find(filter.target);
    if (!target) {
        return Condition::never();
    }
    if (auto direct = direct_edge_from(filter.edge, *target)) {
        return *std::move(direct);
    }
    const auto kind = static_cast<std::int64_t>(filter.edge);
    const auto oid = static_cast<std::int64_t>(*target);
    Sql down;
    down.add("WITH RECURSIVE down(n) AS (SELECT dst FROM edge WHERE kind=")
        .value(kind)
        .add(" AND src=")
        .value(oid);
    down.add(" UNION SELECT e.dst FROM down CROSS JOIN edge e ON e.kind=")
        .value(kind)
        .add(" AND e.src=down.n) ");
    Condition condition;
    condition.label = "reached from the object";
    condition.sample = Sql(down).add("SELECT n AS oid FROM down");
    condition.source = Sql(down).add(
        "SELECT o.oid AS oid FROM down CROSS JOIN object o ON o.oid=down.n WHERE o.type="
    );
    condition.source.value(context_.type_number(type_)).add(" AND o.deleted IS NULL");
    // For one candidate the way up is short; the way down may be the whole company.
    condition.probe.add("EXISTS(WITH RECURSIVE up(n) AS (SELECT src FROM edge WHERE kind=")
        .value(kind);
    condition.probe.add(" AND dst=")
        .add(placeholder)
        .add(" UNION SELECT e.src FROM up CROSS JOIN edge e ON e.kind=")
        .value(kind);
    condition.probe.add(" AND e.dst=up.n) SELECT 1 FROM up WHERE n=").value(oid).add(")");
    return condition;
}

// Presence does not drive: there are more edges than objects to probe.
Condition LeafConditions::has_edges_to(const Filter& filter) const {
    Condition condition;
    condition.label = "edges to others";
    condition.probe.add("EXISTS(SELECT 1 FROM edge WHERE kind=")
        .value(static_cast<std::int64_t>(filter.edge))
        .add(" AND src=")
        .add(placeholder);
    if (const auto except = context_.find(filter.target)) {
        condition.probe.add(" AND dst<>").value(static_cast<std::int64_t>(*except));
    }
    condition.probe.add(")");
    return condition;
}

Condition LeafConditions::has_edges_from(const Filter& filter) const {
    const auto kind = static_cast<std::int64_t>(filter.edge);
    Condition condition;
    condition.label = "reached from others";
    const auto except = context_.find(filter.target);
    if (!except) {
        condition.probe.add("EXISTS(SELECT 1 FROM edge WHERE kind=").value(kind);
        condition.probe.add(" AND dst=").add(placeholder).add(")");
        return condition;
    }
    condition.probe.add("EXISTS(WITH RECURSIVE up(n) AS (SELECT src FROM edge WHERE kind=")
        .value(kind);
    condition.probe.add(" AND dst=")
        .add(placeholder)
        .add(" UNION SELECT e.src FROM up CROSS JOIN edge e ON e.kind=")
        .value(kind);
    condition.probe.add(" AND e.dst=up.n) SELECT 1 FROM up WHERE n<>")
        .value(static_cast<std::int64_t>(*except))
        .add(")");
    return condition;
}

}  // namespace bascule::store
