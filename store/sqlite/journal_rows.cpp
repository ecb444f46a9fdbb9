#include "store/sqlite/journal_rows.hpp"

#include "directory/base/json_text.hpp"
#include "store/sqlite/read_operations.hpp"

namespace bascule::store {

using namespace directory;

#define BASCULE_JOURNAL_COLUMNS                                                                    \
    "seq,time,actor_kind,actor_id,actor,origin,activity,outcome,reason,target,target_type,target_" \
    "display,"                                                                                     \
    "source_address,request_id,details"

namespace {

std::string details_text(const JournalRecord& record) {
    std::string text;
    JsonWriter writer(text);
    writer.begin_array();
    for (const auto& [name, value] : record.details) {
        writer.begin_array().text(name).text(value).end_array();
    }
    writer.end_array();
    return text;
}

std::vector<std::pair<std::string, std::string>> parse_details(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> details;
    JsonElements pairs(text);
    while (const auto pair = pairs.next()) {
        JsonElements parts(*pair);
        const auto name = parts.next();
        const auto value = parts.next();
        if (name && value) {
            details.emplace_back(decode_json_string(*name), decode_json_string(*value));
        }
    }
    return details;
}

JournalRecord journal_row(const Rows& rows) {
    JournalRecord record;
    record.sequence = rows.integer(0);
    record.time = rows.time(1);
    record.actor.kind = static_cast<ActorKind>(rows.integer(2));
    if (!rows.is_null(3)) {
        record.actor.id = rows.uuid(3);
    }
    record.actor.name = rows.string(4);
    record.origin = rows.string(5);
    record.activity = rows.string(6);
    record.outcome = static_cast<Outcome>(rows.integer(7));
    record.reason = rows.string(8);
    if (!rows.is_null(9)) {
        record.target = rows.uuid(9);
    }
    record.target_type = rows.string(10);
    record.target_display = rows.string(11);
    record.source_address = rows.string(12);
    record.request_id = rows.string(13);
    record.details = parse_details(rows.text(14));
    return record;
}

Sql journal_sql(const JournalQuery& query) {
    Sql sql;
    sql.add("SELECT " BASCULE_JOURNAL_COLUMNS " FROM journal WHERE ");
    if (!query.newest_first) {
        sql.add("seq>").value(query.after);
    } else if (query.after > 0) {
        sql.add("seq<").value(query.after);
    } else {
        sql.add("1");
    }
    if (query.target) {
        sql.add(" AND target=").value(Blob{std::string(query.target->raw())});
    }
    // One index at a time: a target is rarer than an activity, an activity than an actor.
    if (!query.activity.empty()) {
        sql.add(query.target ? " AND +activity=" : " AND activity=").value(query.activity);
    }
    if (!query.actor.empty()) {
        sql.add(query.target || !query.activity.empty() ? " AND +actor=" : " AND actor=")
            .value(query.actor);
    }
    sql.add(query.newest_first ? " ORDER BY seq DESC LIMIT " : " ORDER BY seq LIMIT ");
    return std::move(sql.value(static_cast<std::int64_t>(query.limit)));
}

}  // namespace

void insert_journal(Connection& connection, const JournalRecord& record) {
    connection.run(
        "INSERT INTO journal(" BASCULE_JOURNAL_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        record.sequence, record.time, record.actor.kind, record.actor.id, record.actor.name,
        record.origin, record.activity, record.outcome, record.reason, record.target,
        record.target_type, record.target_display, record.source_address, record.request_id,
        details_text(record)
    );
}

std::vector<JournalRecord> ReadOperations::journal(const JournalQuery& query) {
    auto rows = connection_.rows(journal_sql(query));
    std::vector<JournalRecord> result;
    while (rows.next()) {
        result.push_back(journal_row(rows));
    }
    return result;
}

std::int64_t ReadOperations::last_sequence() {
    return connection_.number("SELECT coalesce(max(seq),0) FROM journal").value_or(0);
}

}  // namespace bascule::store
