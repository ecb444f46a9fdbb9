#include "store/sqlite/query_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <queue>

#include "directory/query/evaluator.hpp"
#include "store/sql/attribute_values.hpp"
#include "store/sqlite/plan_context.hpp"

namespace bascule::store {

using namespace directory;

namespace {

// Up to here sorting the fetched documents is faster than walking the terms of the sort attribute.
constexpr std::uint64_t sort_in_memory_limit = 5000;

// From here on the counters of blocks lead to a page faster than walking there.
constexpr std::uint64_t far_offset = 2 * block_size;

std::int64_t clamp(std::uint64_t number) {
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(number, std::numeric_limits<std::int64_t>::max())
    );
}

void add_window(Sql& sql, std::uint64_t offset, std::uint64_t limit) {
    sql.add(" LIMIT ").value(clamp(limit)).add(" OFFSET ").value(clamp(offset));
}

std::optional<std::string> row_key(RowField field, const ObjectRow& row) {
    const auto stamp = [](Time time) { return integer_term(time.time_since_epoch().count()); };
    switch (field) {
        case RowField::id:
            return std::string(row.id.raw());
        case RowField::created:
            return stamp(row.created);
        case RowField::last_modified:
            return stamp(row.modified);
    }
    return std::nullopt;
}

}  // namespace

QueryRun::QueryRun(ReadOperations& reads, const Query& query)
    : reads_(reads),
      query_(query),
      plan_(compile_filter_plan(plan_context(reads), query.type, query.filter)) {}

Result<QueryResult> QueryRun::run() {
    if (plan_.reach == FilterPlan::Reach::nothing) {
        return QueryResult{};
    }
    auto result = query_.keyset ? run_by_key() : run_by_offset();
    if (beyond_limit_) {
        return fail(
            ErrorKind::invalid_input, "too_many",
            fmt::format(
                "No index answers this: it would have to look at more than {} resources one by "
                "one. Filter by an attribute that narrows the search first, or leave out sortBy.",
                query_.check_limit
            )
        );
    }
    return result;
}

QueryResult QueryRun::run_by_offset() {
    if (query_.limit == 0 && plan_.exact) {
        return {total(), {}};
    }
    if (query_.sort) {
        return run_sorted();
    }
    return plan_.exact ? run_unsorted() : run_checked();
}

Sql QueryRun::visible_source() const {
    Sql sql;
    sql.add("SELECT s.oid AS oid FROM (").add(plan_.source).add(") s");
    if (reads_.hidden_from() != nothing_hidden) {
        sql.add(" WHERE s.oid<").value(reads_.hidden_from());
    }
    return sql;
}

std::uint64_t QueryRun::count(const Sql& selection) {
    Sql sql;
    auto rows = reads_.connection().rows(sql.add("SELECT count(*) FROM (").add(selection).add(")"));
    return rows.next() ? static_cast<std::uint64_t>(rows.integer(0)) : 0;
}

std::uint64_t QueryRun::total() {
    if (plan_.total && reads_.hidden_from() == nothing_hidden) {
        return *plan_.total;
    }
    return plan_.reach == FilterPlan::Reach::everything && reads_.counters_current()
               ? reads_.count(query_.type)
               : count(visible_source());
}

QueryRun::Oids QueryRun::oids(const Sql& sql) {
    Oids result;
    for (auto rows = reads_.connection().rows(sql); rows.next();) {
        result.push_back(rows.integer(0));
    }
    return result;
}

std::vector<Object> QueryRun::fetch(const Oids& oids) {
    std::vector<Object> objects;
    objects.reserve(oids.size());
    for (const auto oid : oids) {
        if (auto object = reads_.find(static_cast<Oid>(oid))) {
            objects.push_back(*std::move(object));
        }
    }
    return objects;
}

std::vector<Object> QueryRun::fetch(const Positions& positions) {
    Oids numbers;
    numbers.reserve(positions.size());
    for (const auto& position : positions) {
        numbers.push_back(static_cast<std::int64_t>(position.oid));
    }
    return fetch(numbers);
}

QueryResult QueryRun::run_unsorted() {
    auto sql = visible_source();
    std::uint64_t skip = query_.offset;
    if (plan_.reach == FilterPlan::Reach::everything && skip >= far_offset) {
        if (const auto position = reads_.position(query_.type, skip)) {
            sql.add(" WHERE s.oid>=").value(position->from);
            skip = position->skip;
        }
    }
    sql.add(" ORDER BY s.oid");
    add_window(sql, skip, query_.limit);
    const auto page = oids(sql);
    QueryResult result;
    result.objects = fetch(page);
    const bool end_seen = page.size() < query_.limit && (!page.empty() || query_.offset == 0);
    result.total = end_seen ? query_.offset + page.size() : total();
    return result;
}

bool QueryRun::edge_test(Oid oid, const Filter& filter) {
    const auto target = reads_.find_row(filter.target);
    const auto other = target ? target->oid : Oid{};
    switch (filter.kind) {
        case Filter::Kind::edge_to:
            return target && reads_.has_edge(filter.edge, oid, other);
        case Filter::Kind::edge_from:
            return target && reads_.reaches(filter.edge, other, oid);
        case Filter::Kind::has_edges_to:
            return reads_.has_edge_except(filter.edge, oid, other);
        case Filter::Kind::has_edges_from:
            return reads_.is_reached_except(filter.edge, oid, other);
        default:
            return false;
    }
}

bool QueryRun::is_match(const Object& object) {
    return plan_.exact ||
           matches(query_.filter, object.row, object.body, [&](const Filter& filter) {
               return edge_test(object.row.oid, filter);
           });
}

QueryResult QueryRun::run_checked() {
    QueryResult result;
    auto sql = visible_source();
    each_match(sql.add(" ORDER BY s.oid"), [&](Object object) {
        if (result.total >= query_.offset && result.objects.size() < query_.limit) {
            result.objects.push_back(std::move(object));
        }
        ++result.total;
        return true;
    });
    return result;
}

QueryRun::Position QueryRun::position_of(const Object& object) const {
    if (!query_.sort) {
        return {std::nullopt, object.row.oid};
    }
    const auto& sort = *query_.sort;
    return {
        sort.attribute ? sort_key(reads_.numbers().registry().spec(*sort.attribute), object.body)
                       : row_key(sort.field, object.row),
        object.row.oid};
}

bool QueryRun::sorts_by_row_column() const {
    return !query_.sort->attribute.has_value() && plan_.exact;
}

bool QueryRun::can_walk_terms() const {
    if (!plan_.exact || !query_.sort->attribute ||
        (plan_.probe.empty() && plan_.reach != FilterPlan::Reach::everything)) {
        return false;
    }
    const auto& spec = reads_.numbers().registry().spec(*query_.sort->attribute);
    return spec.searchable && !spec.multi_valued && reads_.hidden_from() == nothing_hidden;
}

QueryResult QueryRun::run_sorted() {
    if (sorts_by_row_column()) {
        return sort_by_row();
    }
    return can_walk_terms() && has_many_candidates() ? walk_terms() : sort_in_memory();
}

bool QueryRun::has_many_candidates() {
    const std::uint64_t limit = std::min<std::uint64_t>(
        sort_in_memory_limit, query_.check_limit == 0 ? sort_in_memory_limit : query_.check_limit
    );
    auto few = visible_source();
    few.add(" LIMIT ").value(clamp(limit + 1));
    return count(few) > limit;
}

QueryResult QueryRun::sort_by_row() {
    Sql sql;
    sql.add("SELECT o.oid FROM (")
        .add(visible_source())
        .add(") v CROSS JOIN object o ON o.oid=v.oid ORDER BY ");
    switch (query_.sort->field) {
        case RowField::id:
            sql.add("o.id");
            break;
        case RowField::created:
            sql.add("o.created");
            break;
        case RowField::last_modified:
            sql.add("o.modified");
            break;
    }
    sql.add(query_.sort->descending ? " DESC, o.oid DESC" : ", o.oid");
    add_window(sql, query_.offset, query_.limit);
    return {total(), fetch(oids(sql))};
}

QueryResult QueryRun::sort_in_memory() {
    const auto before = [down = query_.sort->descending](const auto& left, const auto& right) {
        return down ? right < left : left < right;
    };
    const auto window = static_cast<std::size_t>(std::min<std::uint64_t>(
        query_.limit > std::numeric_limits<std::uint64_t>::max() - query_.offset
            ? std::numeric_limits<std::uint64_t>::max()
            : query_.offset + query_.limit,
        std::numeric_limits<std::size_t>::max()
    ));
    // The best `window` keys, the worst of them on top.
    std::priority_queue<Position, Positions, decltype(before)> best(before);
    std::uint64_t found = 0;
    each_match(visible_source(), [&](const Object& object) {
        ++found;
        if (window == 0) {
            return true;
        }
        auto position = position_of(object);
        if (best.size() < window) {
            best.push(std::move(position));
        } else if (before(position, best.top())) {
            best.pop();
            best.push(std::move(position));
        }
        return true;
    });
    Oids page;
    for (; best.size() > query_.offset; best.pop()) {
        page.push_back(static_cast<std::int64_t>(best.top().oid));
    }
    std::reverse(page.begin(), page.end());
    return {found, fetch(page)};
}

Sql QueryRun::walk(std::string_view selection) const {
    Sql sql;
    sql.add(selection)
        .add(" FROM term t WHERE t.attr=")
        .value(reads_.numbers().number(*query_.sort->attribute));
    if (!plan_.probe.empty()) {
        sql.add(" AND ").add(bound_probe(plan_.probe, "t.oid"));
    }
    return sql;
}

void QueryRun::add_missing(Oids& page, std::uint64_t offset, std::uint64_t limit) {
    if (limit == 0) {
        return;
    }
    auto sql = visible_source();
    sql.add(" WHERE s.oid NOT IN (SELECT oid FROM term WHERE attr=");
    sql.value(reads_.numbers().number(*query_.sort->attribute)).add(") ORDER BY s.oid");
    sql.add(query_.sort->descending ? " DESC" : "");
    add_window(sql, offset, limit);
    const auto missing = oids(sql);
    page.insert(page.end(), missing.begin(), missing.end());
}

QueryResult QueryRun::walk_terms() {
    const auto all = total();
    const bool descending = query_.sort->descending;
    const auto present = [&] { return count(walk("SELECT t.oid")); };
    Oids page;
    std::uint64_t offset = query_.offset;
    if (descending) {  // objects without a value come first
        const auto missing = all - std::min(all, present());
        if (offset < missing) {
            add_missing(page, offset, std::min(query_.limit, missing - offset));
        }
        offset = offset > missing ? offset - missing : 0;
    }
    auto sql = walk("SELECT t.oid");
    sql.add(descending ? " ORDER BY t.value DESC, t.oid DESC" : " ORDER BY t.value, t.oid");
    add_window(sql, offset, query_.limit - page.size());
    const auto valued = oids(sql);
    page.insert(page.end(), valued.begin(), valued.end());
    if (!descending && page.size() < query_.limit && query_.offset + page.size() < all) {
        const auto first = present();
        add_missing(
            page, query_.offset > first ? query_.offset - first : 0, query_.limit - page.size()
        );
    }
    return {all, fetch(page)};
}

std::string QueryRun::explain() {
    std::string text;
    for (const auto& step : plan_.steps) {
        text += step + "\n";
    }
    if (!plan_.uses_index) {
        text += fmt::format(
            "no index can serve this: all {} objects of the type are looked at\n",
            reads_.count(query_.type)
        );
    } else if (plan_.reach == FilterPlan::Reach::some) {
        text += fmt::format("candidates: {}\n", count(visible_source()));
    }
    if (query_.sort) {
        text += explain_sort();
    }
    return text;
}

std::string_view QueryRun::explain_sort() {
    if (sorts_by_row_column()) {
        return "sort: by a column of the row\n";
    }
    return can_walk_terms()
               ? "sort: documents, or by walking the terms of the attribute above 5000 hits\n"
               : "sort: documents\n";
}

Result<QueryResult> ReadOperations::query(const Query& query) {
    return QueryRun(*this, query).run();
}

Result<std::string> ReadOperations::explain(const Query& query) {
    return QueryRun(*this, query).explain();
}

std::vector<Object> ReadOperations::find_by_term(
    AttributeId attribute, std::string_view value, std::size_t limit
) {
    Query query;
    query.type = numbers_.registry().type_of(attribute);
    query.limit = limit;
    query.filter.kind = Filter::Kind::comparison;
    query.filter.attribute = attribute;
    query.filter.spec = numbers_.registry().spec(attribute);
    query.filter.value = std::string(value);
    const auto key =
        term_key(compared_text(query.filter.spec, query.filter.value).value_or(std::string()));
    if (may_be_cut(key)) {
        auto result = QueryRun(*this, query).run();
        return result ? std::move(result->objects) : std::vector<Object>{};
    }
    auto rows = connection_.rows(
        "SELECT " BASCULE_OBJECT_COLUMNS
        ",d.body,d.local FROM term t CROSS JOIN object o ON o.oid=t.oid CROSS JOIN document d ON "
        "d.oid=t.oid "
        "WHERE t.attr=? AND t.value=? ORDER BY t.oid LIMIT ?",
        numbers_.number(attribute), key, limit
    );
    std::vector<Object> result;
    while (rows.next()) {
        if (auto found = object(rows)) {
            result.push_back(*std::move(found));
        }
    }
    return result;
}

}  // namespace bascule::store
