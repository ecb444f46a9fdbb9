#include "store/sqlite/plan_context.hpp"

#include <algorithm>
#include <limits>

namespace bascule::store {

using namespace directory;

PlanContext plan_context(ReadOperations& reads) {
    static constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    return PlanContext{
        reads.numbers().registry(),
        [&reads](TypeId type) { return reads.numbers().number(type); },
        [&reads](AttributeId attribute) { return reads.numbers().number(attribute); },
        [&reads](const Uuid& id) -> std::optional<Oid> {
            const auto row = reads.find_row(id);
            return row ? std::optional(row->oid) : std::nullopt;
        },
        [&reads](const Sql& source, std::uint64_t limit) {
            Sql counting;
            counting.add("SELECT count(*) FROM (SELECT 1 FROM (")
                .add(source)
                .add(") LIMIT ")
                .value(static_cast<std::int64_t>(std::min(limit, most)))
                .add(")");
            auto rows = reads.connection().rows(counting);
            return rows.next() ? static_cast<std::uint64_t>(rows.integer(0)) : 0;
        },
        [&reads](EdgeKind kind, Oid source) { return reads.edge_counts(kind, source); },
        [&reads](Oid oid) {
            const auto row = reads.find_row(oid);
            return row ? reads.numbers().number(row->type) : 0;
        },
        [&reads](AttributeId attribute) {
            return reads.counter(cut_counter(reads.numbers().number(attribute))) != 0;
        },
    };
}

}  // namespace bascule::store
