#pragma once

#include <optional>
#include <string>

#include "directory/query/filter.hpp"
#include "store/sql/condition.hpp"
#include "store/sql/filter_compiler.hpp"

namespace bascule::store {

/// Conditions of comparisons, row fields and edges.
class LeafConditions {
  public:
    LeafConditions(const PlanContext& context, directory::TypeId type)
        : context_(context), type_(type) {}

    [[nodiscard]] Condition compile(const directory::Filter& filter) const;
    /// The attribute at a path when it has terms.
    [[nodiscard]] std::optional<directory::AttributeId> searchable(
        const directory::AttributePath& path
    ) const;

  private:
    [[nodiscard]] Condition comparison(const directory::Filter& filter) const;
    [[nodiscard]] Condition compare_terms(
        directory::AttributeId attribute, directory::Operator op, const std::string& wanted
    ) const;
    [[nodiscard]] Condition equal(directory::AttributeId attribute, const std::string& wanted)
        const;
    [[nodiscard]] Condition present(directory::AttributeId attribute) const;
    [[nodiscard]] Condition starts_with(directory::AttributeId attribute, const std::string& wanted)
        const;
    [[nodiscard]] Condition scan(
        directory::AttributeId attribute, directory::Operator op, const std::string& wanted
    ) const;
    [[nodiscard]] Condition ordered(
        directory::AttributeId attribute, directory::Operator op, const std::string& wanted
    ) const;
    /// Objects with a term of the attribute for which `condition` (over `value`) holds.
    [[nodiscard]] Condition among_terms(
        directory::AttributeId attribute, const Sql& condition, std::string label
    ) const;
    [[nodiscard]] Condition row_field(const directory::Filter& filter) const;
    [[nodiscard]] Condition row_id(const directory::Filter& filter) const;
    [[nodiscard]] Condition edge_to(const directory::Filter& filter) const;
    [[nodiscard]] Condition edge_from(const directory::Filter& filter) const;
    [[nodiscard]] std::optional<Condition> direct_edge_from(
        directory::EdgeKind kind, directory::Oid source
    ) const;
    [[nodiscard]] Condition has_edges_to(const directory::Filter& filter) const;
    [[nodiscard]] Condition has_edges_from(const directory::Filter& filter) const;
    [[nodiscard]] std::string label(directory::AttributeId attribute, std::string_view op) const;

    const PlanContext& context_;
    directory::TypeId type_;
};

}  // namespace bascule::store
