#include <algorithm>
#include <charconv>
#include <limits>
#include <queue>

#include "store/sqlite/query_run.hpp"

namespace bascule::store {

using namespace directory;

namespace {

/// The number that integer_term() wrote; 0 for a text that is none.
std::int64_t number_of(const std::string& term) {
    std::uint64_t bits = 0;
    std::from_chars(term.data(), term.data() + term.size(), bits, 16);
    return static_cast<std::int64_t>(bits ^ (std::uint64_t{1} << 63U));
}

std::string_view column_of(RowField field) {
    switch (field) {
        case RowField::created:
            return "o.created";
        case RowField::last_modified:
            return "o.modified";
        case RowField::id:
            break;
    }
    return "o.id";
}

void bind_key(Sql& sql, RowField field, const std::string& key) {
    if (field == RowField::id) {
        sql.value(Blob{key});
    } else {
        sql.value(number_of(key));
    }
}

}  // namespace

bool QueryRun::travels_down() const {
    return (query_.sort && query_.sort->descending) != query_.keyset->before;
}

bool QueryRun::is_on_page(const Position& position) const {
    const auto& from = query_.keyset->from;
    return !from || (travels_down() ? position < *from : *from < position);
}

std::uint64_t QueryRun::wanted() const {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    return std::min(query_.limit, most - 1) + 1;
}

QueryResult QueryRun::run_by_key() {
    QueryResult result;
    auto page = query_.limit == 0 && plan_.exact ? Positions{} : positions();
    result.more = page.size() > query_.limit;
    page.resize(std::min<std::size_t>(page.size(), query_.limit));
    if (query_.keyset->before) {
        std::reverse(page.begin(), page.end());
    }
    result.objects = fetch(page);
    result.positions = std::move(page);
    if (plan_.reach == FilterPlan::Reach::everything) {
        result.total = total();
    } else if (query_.wants_total) {
        result.total = plan_.exact ? total() : matched_;
    }
    return result;
}

QueryRun::Positions QueryRun::positions() {
    if (!plan_.exact) {
        return positions_by_document();
    }
    if (!query_.sort) {
        return positions_by_number();
    }
    if (sorts_by_row_column()) {
        return positions_by_row();
    }
    return can_walk_terms() && has_many_candidates() ? positions_by_term()
                                                     : positions_by_document();
}

Sql QueryRun::numbers_from(const Sql& source, bool from_start) const {
    Sql sql;
    sql.add("SELECT v.oid FROM (").add(source).add(") v");
    if (const auto& from = query_.keyset->from; from && !from_start) {
        sql.add(travels_down() ? " WHERE v.oid<" : " WHERE v.oid>")
            .value(static_cast<std::int64_t>(from->oid));
    }
    return sql.add(travels_down() ? " ORDER BY v.oid DESC" : " ORDER BY v.oid");
}

QueryRun::Positions QueryRun::positions_by_number() {
    auto sql = numbers_from(visible_source(), false);
    sql.add(" LIMIT ").value(static_cast<std::int64_t>(wanted()));
    Positions page;
    for (const auto oid : oids(sql)) {
        page.push_back({std::nullopt, static_cast<Oid>(oid)});
    }
    return page;
}

Sql QueryRun::rows_by_column(bool walks) const {
    const RowField field = query_.sort->field;
    Sql sql;
    sql.add("SELECT o.oid,").add(column_of(field));
    if (!walks) {
        sql.add(" FROM (").add(visible_source());
        return sql.add(") v CROSS JOIN object o ON o.oid=v.oid WHERE 1");
    }
    // The plus signs leave only the index in the order of the column.
    sql.add(" FROM object o WHERE ").add(field == RowField::id ? "+" : "").add("o.type=");
    sql.value(reads_.numbers().number(query_.type)).add(" AND +o.deleted IS NULL");
    if (reads_.hidden_from() != nothing_hidden) {
        sql.add(" AND +o.oid<").value(reads_.hidden_from());
    }
    if (!plan_.probe.empty()) {
        sql.add(" AND ").add(bound_probe(plan_.probe, "o.oid"));
    }
    return sql;
}

void QueryRun::add_rows(Positions& page, Sql sql, std::string_view order) {
    const bool by_id = query_.sort->field == RowField::id;
    sql.add(order).add(" LIMIT ").value(static_cast<std::int64_t>(wanted() - page.size()));
    for (auto rows = reads_.connection().rows(sql); rows.next();) {
        auto key = by_id ? std::string(rows.blob(1)) : integer_term(rows.integer(1));
        page.push_back({std::move(key), static_cast<Oid>(rows.integer(0))});
    }
}

QueryRun::Positions QueryRun::positions_by_row() {
    const RowField field = query_.sort->field;
    const std::string column(column_of(field));
    const bool down = travels_down();
    const bool can_probe = plan_.reach == FilterPlan::Reach::everything || !plan_.probe.empty();
    const bool walks = can_probe && has_many_candidates();
    const auto& from = query_.keyset->from;
    auto beyond = rows_by_column(walks);
    Positions page;
    if (from && from->key) {
        // Many objects may share a time: those of the same one first, then the others, because an
        // index cannot be entered between rows of the same value in one go.
        if (field != RowField::id) {
            auto same = rows_by_column(walks);
            same.add(" AND ").add(column).add("=").value(number_of(*from->key));
            same.add(down ? " AND o.oid<" : " AND o.oid>")
                .value(static_cast<std::int64_t>(from->oid));
            add_rows(page, std::move(same), down ? " ORDER BY o.oid DESC" : " ORDER BY o.oid");
        }
        beyond.add(" AND ").add(column).add(down ? "<" : ">");
        bind_key(beyond, field, *from->key);
    }
    const std::string sign = down ? " DESC" : "";
    add_rows(page, std::move(beyond), " ORDER BY " + column + sign + ",o.oid" + sign);
    return page;
}

QueryRun::Positions QueryRun::positions_by_term() {
    // Ascending, objects without a value come last.
    const auto& from = query_.keyset->from;
    const bool starts_without = from ? !from->key : travels_down();
    Positions page;
    if (starts_without) {
        add_without_value(page);
    }
    if (page.size() < wanted() && (travels_down() || !starts_without)) {
        add_valued(page);
    }
    if (page.size() < wanted() && !travels_down() && !starts_without) {
        add_without_value(page);
    }
    return page;
}

void QueryRun::add_valued(Positions& page) {
    const bool down = travels_down();
    auto sql = walk("SELECT t.oid,t.value");
    if (const auto& from = query_.keyset->from; from && from->key) {
        sql.add(down ? " AND (t.value,t.oid)<(" : " AND (t.value,t.oid)>(").value(*from->key);
        sql.add(",").value(static_cast<std::int64_t>(from->oid)).add(")");
    }
    sql.add(" ORDER BY t.value").add(down ? " DESC,t.oid DESC LIMIT " : ",t.oid LIMIT ");
    sql.value(static_cast<std::int64_t>(wanted() - page.size()));
    for (auto rows = reads_.connection().rows(sql); rows.next();) {
        page.push_back({rows.string(1), static_cast<Oid>(rows.integer(0))});
    }
}

void QueryRun::add_without_value(Positions& page) {
    const auto attribute = reads_.numbers().number(*query_.sort->attribute);
    Sql valued;
    valued.add("SELECT oid FROM term WHERE attr=").value(attribute);
    if (plan_.reach == FilterPlan::Reach::everything && count(valued) >= total()) {
        return;
    }
    Sql missing;
    missing.add("SELECT m.oid AS oid FROM (").add(visible_source()).add(") m WHERE m.oid NOT IN (");
    missing.add(valued).add(")");
    const auto& from = query_.keyset->from;
    auto sql = numbers_from(missing, from && from->key.has_value());
    sql.add(" LIMIT ").value(static_cast<std::int64_t>(wanted() - page.size()));
    for (const auto oid : oids(sql)) {
        page.push_back({std::nullopt, static_cast<Oid>(oid)});
    }
}

QueryRun::Positions QueryRun::positions_by_document() {
    const auto nearer = [down = travels_down()](const Position& left, const Position& right) {
        return down ? right < left : left < right;
    };
    // The nearest places, the farthest of them on top.
    std::priority_queue<Position, Positions, decltype(nearer)> best(nearer);
    const bool needs_all = query_.sort || query_.wants_total;
    each_match(numbers_from(visible_source(), needs_all), [&](const Object& object) {
        ++matched_;
        auto position = position_of(object);
        if (is_on_page(position)) {
            best.push(std::move(position));
        }
        if (best.size() > wanted()) {
            best.pop();
        }
        return needs_all || best.size() < wanted();
    });
    Positions page;
    for (; !best.empty(); best.pop()) {
        page.push_back(best.top());
    }
    std::reverse(page.begin(), page.end());
    return page;
}

}  // namespace bascule::store
