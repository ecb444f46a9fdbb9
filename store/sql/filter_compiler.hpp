#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "directory/query/filter.hpp"
#include "store/sql/sql_text.hpp"

namespace bascule::store {

/// What the compiler asks of the store while it plans.
struct PlanContext {
    const directory::Registry& registry;
    std::function<std::int64_t(directory::TypeId)> type_number;
    std::function<std::int64_t(directory::AttributeId)> attribute_number;
    /// The live object of an id.
    std::function<std::optional<directory::Oid>(const Uuid&)> find;
    /// Rows of a SELECT, counted up to a limit.
    std::function<std::uint64_t(const Sql&, std::uint64_t)> estimate;
    /// How many edges lead from an object to targets of each type (its number), as they are kept;
    /// nothing where none are kept.
    std::function<
        std::optional<std::map<std::int64_t, std::uint64_t>>(directory::EdgeKind, directory::Oid)>
        edge_counts;
    /// The number of an object's type.
    std::function<std::int64_t(directory::Oid)> type_of;
    /// Whether any term of the attribute may have been cut.
    std::function<bool(directory::AttributeId)> has_cut_terms;
};

/// Candidates are counted this far, and those that reach it further when all do.
inline constexpr std::uint64_t estimate_limit = 1000;
inline constexpr std::uint64_t far_estimate_limit = 10'000;

/// How a filter runs: `source` selects the oids of live objects of the type, each once, without
/// order. When not `exact` it selects too many and every document must be checked with
/// directory::matches.
struct FilterPlan {
    enum class Reach { nothing, everything, some };
    Reach reach = Reach::some;
    Sql source;
    bool exact = true;
    /// A condition on an oid expression (bound_probe) that is true for the same objects; empty when
    /// all match or when it is not exact.
    Sql probe;
    /// How many objects the source selects, where that is kept.
    std::optional<std::uint64_t> total;
    /// False when nothing narrows the search, so that every object of the type is looked at.
    bool uses_index = true;
    std::vector<std::string> steps;  ///< for people, one a line
};

/// Compiles a resolved filter for objects of `type` (see store.md of the design: drive from the
/// rarest term, probe the others by primary key).
[[nodiscard]] FilterPlan compile_filter_plan(
    const PlanContext& context, directory::TypeId type, const directory::Filter& filter
);

/// The probe with its placeholder replaced by an SQL expression for the oid.
[[nodiscard]] Sql bound_probe(const Sql& probe, std::string_view oid_expression);

}  // namespace bascule::store
