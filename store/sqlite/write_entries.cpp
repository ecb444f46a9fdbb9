#include <algorithm>

#include "store/sql/text_range.hpp"
#include "store/sqlite/journal_rows.hpp"
#include "store/sqlite/transaction_operations.hpp"

namespace bascule::store {

using namespace directory;

namespace {

// Every RDN of a key ends with this byte (directory/model/source_entry.hpp).
constexpr char key_separator = '\x01';

/// The first `count` RDNs of a DN with the comma behind each, as written.
std::string_view leading_rdns(std::string_view dn, std::ptrdiff_t count) {
    std::size_t at = 0;
    while (count > 0 && at < dn.size()) {
        if (dn[at] == '\\') {
            ++at;
        } else if (dn[at] == ',') {
            --count;
        }
        ++at;
    }
    return dn.substr(0, std::min(at, dn.size()));
}

PendingReference pending_row(const Rows& rows) {
    return {
        static_cast<SourceId>(rows.integer(0)), rows.string(1),
        static_cast<EdgeKind>(rows.integer(2)), static_cast<Oid>(rows.integer(3))};
}

std::vector<PendingReference> pending_rows(Rows rows) {
    std::vector<PendingReference> result;
    while (rows.next()) {
        result.push_back(pending_row(rows));
    }
    return result;
}

}  // namespace

void TransactionOperations::put_entry(const MirrorEntry& entry) {
    if (auto old = connection_.rows("SELECT source,state FROM entry WHERE oid=?", entry.oid);
        old.next()) {
        add_to_counter(
            entry_counter(
                static_cast<SourceId>(old.integer(0)), static_cast<EntryState>(old.integer(1))
            ),
            -1
        );
    }
    add_to_counter(entry_counter(entry.source, entry.state), 1);
    connection_.run(
        "INSERT INTO entry(oid,source,anchor,dn,dn_key,csn,state,reason,blocked_by,raw,seen) "
        "VALUES(?,?,?,?,?,?,?,?,?,?,?) "
        "ON CONFLICT(oid) DO UPDATE SET source=excluded.source, anchor=excluded.anchor, "
        "dn=excluded.dn, "
        "dn_key=excluded.dn_key, csn=excluded.csn, state=excluded.state, reason=excluded.reason, "
        "blocked_by=excluded.blocked_by, raw=excluded.raw, seen=excluded.seen",
        entry.oid, entry.source, entry.anchor, entry.dn, entry.dn_key, entry.csn, entry.state,
        entry.reason, entry.blocked_by, Blob{entry.raw}, entry.seen
    );
}

void TransactionOperations::erase_entry(Oid oid) {
    if (auto old = connection_.rows("SELECT source,state FROM entry WHERE oid=?", oid);
        old.next()) {
        add_to_counter(
            entry_counter(
                static_cast<SourceId>(old.integer(0)), static_cast<EntryState>(old.integer(1))
            ),
            -1
        );
    }
    connection_.run("DELETE FROM entry WHERE oid=?", oid);
}

std::uint64_t TransactionOperations::rebase_entries(
    SourceId source, std::string_view old_key, std::string_view new_key, std::string_view new_dn
) {
    struct Moved {
        std::int64_t oid;
        std::string dn;
        std::string dn_key;
    };
    std::vector<Moved> moved;
    for (auto rows = connection_.rows(
             "SELECT oid,dn,dn_key FROM entry WHERE source=? AND dn_key>=? AND dn_key<?", source,
             old_key, prefix_end(old_key)
         );
         rows.next();) {
        // RDNs are counted in the key: the server may write the same suffix in many ways.
        const auto below = rows.text(2).substr(old_key.size());
        const auto depth = std::count(below.begin(), below.end(), key_separator);
        moved.push_back(
            {rows.integer(0), std::string(leading_rdns(rows.text(1), depth)).append(new_dn),
             std::string(new_key).append(below)}
        );
    }
    for (const auto& entry : moved) {
        connection_.run(
            "UPDATE entry SET dn=?, dn_key=? WHERE oid=?", entry.dn, entry.dn_key, entry.oid
        );
    }
    return moved.size();
}

void TransactionOperations::add_pending(const PendingReference& reference) {
    connection_.run(
        "INSERT INTO unresolved(source,dn_key,kind,src) VALUES(?,?,?,?) ON CONFLICT DO NOTHING",
        reference.source, reference.dn_key, reference.kind, reference.from
    );
}

void TransactionOperations::clear_pending(EdgeKind kind, Oid from) {
    connection_.run("DELETE FROM unresolved WHERE kind=? AND src=?", kind, from);
}

void TransactionOperations::remove_pending(const PendingReference& reference) {
    connection_.run(
        "DELETE FROM unresolved WHERE source=? AND dn_key=? AND kind=? AND src=?", reference.source,
        reference.dn_key, reference.kind, reference.from
    );
}

std::vector<PendingReference> TransactionOperations::pending_for(
    SourceId source, std::string_view dn_key
) {
    return pending_rows(connection_.rows(
        "SELECT source,dn_key,kind,src FROM unresolved WHERE source=? AND dn_key=?", source, dn_key
    ));
}

Status TransactionOperations::put_source_state(const SourceState& state) {
    connection_.run(
        "UPDATE source SET cookie=?, fingerprint=?, mapping_fingerprint=?, phase=?, held_plan=?, "
        "last_change=? WHERE name=?",
        Blob{state.cookie}, state.fingerprint, state.mapping_fingerprint, state.phase,
        state.held_plan, state.last_change, state.name
    );
    if (connection_.changes() == 0) {
        return fail(
            ErrorKind::not_found, "unknown_source",
            "The source was never registered with the store."
        );
    }
    return {};
}

void TransactionOperations::append(JournalRecord record) {
    record.sequence = take_number("sequence");
    if (record.time == Time{}) {
        record.time = now_;
    }
    insert_journal(connection_, record);
}

// Sequences rise with time, so that looking at the oldest ones is enough and needs no index.
std::uint64_t TransactionOperations::trim_journal(Time horizon, std::size_t limit) {
    connection_.run(
        "DELETE FROM journal WHERE seq IN (SELECT seq FROM (SELECT seq,time FROM journal ORDER BY "
        "seq LIMIT ?) WHERE time<?) AND seq<(SELECT max(seq) FROM journal)",
        limit, horizon
    );
    return static_cast<std::uint64_t>(connection_.changes());
}

}  // namespace bascule::store
