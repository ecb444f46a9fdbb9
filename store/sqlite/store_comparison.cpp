#include "store/sqlite/store_comparison.hpp"

#include "directory/model/internal_types.hpp"

namespace bascule::store {

using namespace directory;

namespace {

constexpr int cache_kib = 32 * 1024;

// Columns of one side: oid, type, deleted, display, body, local, refs, entry's state, reason and
// DN.
#define BASCULE_SIDE(o, t, d, e)                                                                 \
#o ".oid," #t ".name," #o ".deleted," #o ".display," #d ".body," #d ".local," #o ".refs," #e \
       ".state," #e ".reason," #e ".dn"

constexpr std::string_view in_first = "SELECT a.id," BASCULE_SIDE(a, at, ad, ae) "," BASCULE_SIDE(
    b, bt, bd, be
) " FROM first.object a CROSS JOIN first.document ad ON ad.oid=a.oid"
  " CROSS JOIN first.type at ON at.number=a.type"
  " LEFT JOIN first.entry ae ON ae.oid=a.oid LEFT JOIN main.object b ON b.id=a.id"
  " LEFT JOIN main.document bd ON bd.oid=b.oid LEFT JOIN main.type bt ON bt.number=b.type"
  " LEFT JOIN main.entry be ON be.oid=b.oid"
  " WHERE a.source=(SELECT number FROM first.source WHERE name=?) ORDER BY a.id";

constexpr std::string_view in_second_only =
    "SELECT b.id," BASCULE_SIDE(a, at, ad, ae) "," BASCULE_SIDE(
        b, bt, bd, be
    ) " FROM main.object b CROSS JOIN main.document bd ON bd.oid=b.oid"
      " CROSS JOIN main.type bt ON bt.number=b.type"
      " LEFT JOIN main.entry be ON be.oid=b.oid LEFT JOIN first.object a ON a.id=b.id"
      " LEFT JOIN first.document ad ON ad.oid=a.oid LEFT JOIN first.type at ON at.number=a.type"
      " LEFT JOIN first.entry ae ON ae.oid=a.oid"
      " WHERE a.oid IS NULL AND b.source=(SELECT number FROM main.source WHERE name=?) ORDER BY "
      "b.id";

constexpr std::string_view gained =
    "SELECT o.id,o.display FROM main.edge e CROSS JOIN main.object o ON o.oid=e.dst"
    " WHERE e.kind=?1 AND e.src=?3 AND NOT EXISTS(SELECT 1 FROM first.object x CROSS JOIN "
    "first.edge y ON y.kind=?1 AND y.src=?2 AND y.dst=x.oid WHERE x.id=o.id) ORDER BY o.id";

constexpr std::string_view lost =
    "SELECT o.id,o.display FROM first.edge e CROSS JOIN first.object o ON o.oid=e.dst"
    " WHERE e.kind=?1 AND e.src=?2 AND NOT EXISTS(SELECT 1 FROM main.object x CROSS JOIN "
    "main.edge y ON y.kind=?1 AND y.src=?3 AND y.dst=x.oid WHERE x.id=o.id) ORDER BY o.id";

constexpr std::string_view parts_in_first =
    "SELECT s.name,d.local FROM first.edge e CROSS JOIN first.object o ON o.oid=e.src"
    " CROSS JOIN first.document d ON d.oid=e.src CROSS JOIN first.source s ON s.number=o.source"
    " WHERE e.dst=? AND e.kind=?";

constexpr std::string_view parts_in_second =
    "SELECT s.name,d.local FROM main.edge e CROSS JOIN main.object o ON o.oid=e.src"
    " CROSS JOIN main.document d ON d.oid=e.src CROSS JOIN main.source s ON s.number=o.source"
    " WHERE e.dst=? AND e.kind=?";

DifferenceSide side(const Rows& rows, int first) {
    DifferenceSide out;
    out.known = !rows.is_null(first);
    if (!out.known) {
        return out;
    }
    out.type = rows.string(first + 1);
    const bool live = rows.is_null(first + 2);
    out.served = live && is_served_type(out.type);
    out.part = live && out.type == "Joined";
    out.display = rows.string(first + 3);
    out.body = rows.string(first + 4);
    if (!rows.is_null(first + 7)) {
        out.entry = static_cast<EntryState>(rows.integer(first + 7));
        out.reason = rows.string(first + 8);
    }
    return out;
}

}  // namespace

Result<std::unique_ptr<StoreComparison>> StoreComparison::open(
    const std::string& first, const std::string& second
) {
    return guarded([&]() -> Result<std::unique_ptr<StoreComparison>> {
        auto connection = std::make_unique<Connection>(second, OpenMode::read_only, cache_kib);
        connection->run("ATTACH ? AS first", first);
        connection->run("BEGIN");
        return std::unique_ptr<StoreComparison>(new StoreComparison(std::move(connection)));
    });
}

Status StoreComparison::each_difference(const std::string& source, const Visit& visit) {
    return guarded([&]() -> Status {
        BASCULE_CHECK(visit_rows(connection_->rows(in_first, source), visit));
        return visit_rows(connection_->rows(in_second_only, source), visit);
    });
}

Status StoreComparison::visit_rows(Rows rows, const Visit& visit) {
    constexpr int before = 1;
    constexpr int after = 11;
    constexpr int references = 6;
    while (rows.next()) {
        ObjectDifference one;
        one.before = side(rows, before);
        one.after = side(rows, after);
        one.references_changed =
            rows.integer(before + references) + rows.integer(after + references) > 0;
        const bool equal = one.before.served == one.after.served &&
                           one.before.type == one.after.type && one.before.body == one.after.body &&
                           one.before.entry == one.after.entry;
        if (equal && !one.references_changed) {
            continue;
        }
        one.id = rows.uuid(0);
        one.dn = rows.string(one.after.known ? after + 9 : before + 9);
        first_oid_ = rows.is_null(before) ? 0 : rows.integer(before);
        second_oid_ = rows.is_null(after) ? 0 : rows.integer(after);
        one.oid = static_cast<Oid>(first_oid_);
        BASCULE_CHECK(visit(one, rows.text(before + 5)));
    }
    return {};
}

Status StoreComparison::one_side(
    std::string_view sql, EdgeKind kind, bool added, const VisitReference& visit
) {
    for (auto rows = connection_->rows(sql, kind, first_oid_, second_oid_); rows.next();) {
        BASCULE_CHECK(visit({rows.uuid(0), rows.string(1), added}));
    }
    return {};
}

Status StoreComparison::each_reference(EdgeKind kind, Oid, const VisitReference& visit) {
    return guarded([&]() -> Status {
        BASCULE_CHECK(one_side(gained, kind, true, visit));
        return one_side(lost, kind, false, visit);
    });
}

Result<std::vector<PartOfObject>> StoreComparison::parts_of(Oid, Side side) {
    return guarded([&]() -> Result<std::vector<PartOfObject>> {
        std::vector<PartOfObject> out;
        const bool first = side == Side::before;
        for (auto rows = connection_->rows(
                 first ? parts_in_first : parts_in_second, first ? first_oid_ : second_oid_,
                 joined_edge
             );
             rows.next();) {
            out.push_back({rows.string(0), rows.string(1)});
        }
        return out;
    });
}

}  // namespace bascule::store
