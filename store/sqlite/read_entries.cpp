#include <fmt/format.h>

#include "store/sql/text_range.hpp"
#include "store/sqlite/read_operations.hpp"

namespace bascule::store {

using namespace directory;

#define BASCULE_ENTRY_COLUMNS "oid,source,anchor,dn,dn_key,csn,state,reason,blocked_by,raw,seen"

std::string entry_counter(SourceId source, EntryState state) {
    return fmt::format("entry:{}:{}", static_cast<int>(source), static_cast<int>(state));
}

std::optional<MirrorEntry> ReadOperations::entry(const Rows& rows) const {
    if (rows.integer(0) >= hidden_from_) {
        return std::nullopt;
    }
    MirrorEntry entry;
    entry.oid = static_cast<Oid>(rows.integer(0));
    entry.source = static_cast<SourceId>(rows.integer(1));
    entry.anchor = rows.uuid(2);
    entry.dn = rows.string(3);
    entry.dn_key = rows.string(4);
    entry.csn = rows.string(5);
    entry.state = static_cast<EntryState>(rows.integer(6));
    entry.reason = rows.string(7);
    entry.blocked_by = rows.string(8);
    entry.raw = std::string(rows.blob(9));
    entry.seen = rows.time(10);
    return entry;
}

std::vector<MirrorEntry> ReadOperations::entries(Rows rows) const {
    std::vector<MirrorEntry> result;
    while (rows.next()) {
        if (auto found = entry(rows)) {
            result.push_back(*std::move(found));
        }
    }
    return result;
}

std::optional<MirrorEntry> ReadOperations::find_entry(Oid oid) {
    auto rows = connection_.rows("SELECT " BASCULE_ENTRY_COLUMNS " FROM entry WHERE oid=?", oid);
    return rows.next() ? entry(rows) : std::nullopt;
}

std::optional<MirrorEntry> ReadOperations::find_entry(SourceId source, std::string_view dn_key) {
    auto rows = connection_.rows(
        "SELECT " BASCULE_ENTRY_COLUMNS " FROM entry WHERE source=? AND dn_key=?", source, dn_key
    );
    return rows.next() ? entry(rows) : std::nullopt;
}

std::vector<MirrorEntry> ReadOperations::entries_below(SourceId source, std::string_view dn_key) {
    return entries(connection_.rows(
        "SELECT " BASCULE_ENTRY_COLUMNS
        " FROM entry WHERE source=? AND dn_key>=? AND dn_key<? ORDER BY dn_key",
        source, dn_key, prefix_end(dn_key)
    ));
}

Status ReadOperations::each_entry(
    SourceId source, const std::function<Status(Oid, const Uuid&, EntryState)>& visit
) {
    auto rows = connection_.rows("SELECT oid,anchor,state FROM entry WHERE source=?", source);
    while (rows.next()) {
        if (rows.integer(0) < hidden_from_) {
            BASCULE_CHECK(visit(
                static_cast<Oid>(rows.integer(0)), rows.uuid(1),
                static_cast<EntryState>(rows.integer(2))
            ));
        }
    }
    return {};
}

Status ReadOperations::each_stamp(
    SourceId source, const std::function<Status(const Uuid&, EntryState, std::string_view)>& visit
) {
    auto rows = connection_.rows("SELECT oid,anchor,state,csn FROM entry WHERE source=?", source);
    while (rows.next()) {
        if (rows.integer(0) < hidden_from_) {
            BASCULE_CHECK(
                visit(rows.uuid(1), static_cast<EntryState>(rows.integer(2)), rows.text(3))
            );
        }
    }
    return {};
}

std::vector<PendingReference> ReadOperations::pending_from(EdgeKind kind, Oid from) {
    auto rows =
        connection_.rows("SELECT source,dn_key FROM unresolved WHERE kind=? AND src=?", kind, from);
    std::vector<PendingReference> result;
    while (rows.next()) {
        result.push_back({static_cast<SourceId>(rows.integer(0)), rows.string(1), kind, from});
    }
    return result;
}

std::vector<MirrorEntry> ReadOperations::entries_in_state(
    SourceId source, EntryState state, std::size_t limit
) {
    // The partial index holds what is not mirrored; the planner must see the condition in the text.
    static constexpr std::string_view mirrored =
        "SELECT " BASCULE_ENTRY_COLUMNS
        " FROM entry WHERE source=? AND state=? ORDER BY oid LIMIT ?";
    static constexpr std::string_view others =
        "SELECT " BASCULE_ENTRY_COLUMNS
        " FROM entry WHERE source=? AND state=? AND state<>1 ORDER BY oid LIMIT ?";
    return entries(
        connection_.rows(state == EntryState::mirrored ? mirrored : others, source, state, limit)
    );
}

std::vector<MirrorEntry> ReadOperations::entries_blocked_by(
    SourceId source, std::string_view term
) {
    return entries(connection_.rows(
        "SELECT " BASCULE_ENTRY_COLUMNS
        " FROM entry WHERE source=? AND blocked_by=? AND blocked_by<>'' ORDER BY oid",
        source, term
    ));
}

std::uint64_t ReadOperations::count_entries(SourceId source, EntryState state) {
    return static_cast<std::uint64_t>(counter(entry_counter(source, state)));
}

namespace {

SourceState source_row(const Rows& rows) {
    SourceState state;
    state.id = static_cast<SourceId>(rows.integer(0));
    state.name = rows.string(1);
    state.cookie = std::string(rows.blob(2));
    state.fingerprint = rows.string(3);
    state.mapping_fingerprint = rows.string(4);
    state.phase = rows.string(5);
    state.held_plan = rows.string(6);
    state.last_change = rows.time(7);
    return state;
}

}  // namespace

std::optional<SourceState> ReadOperations::source_state(std::string_view name) {
    auto rows = connection_.rows(
        "SELECT number,name,cookie,fingerprint,mapping_fingerprint,phase,held_plan,last_change "
        "FROM source WHERE name=?",
        name
    );
    return rows.next() ? std::optional(source_row(rows)) : std::nullopt;
}

std::vector<SourceState> ReadOperations::source_states() {
    auto rows = connection_.rows(
        "SELECT number,name,cookie,fingerprint,mapping_fingerprint,phase,held_plan,last_change "
        "FROM source ORDER BY number"
    );
    std::vector<SourceState> result;
    while (rows.next()) {
        result.push_back(source_row(rows));
    }
    return result;
}

}  // namespace bascule::store
