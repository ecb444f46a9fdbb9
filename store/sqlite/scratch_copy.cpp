#include "store/sqlite/scratch_copy.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <vector>

#include "directory/model/internal_types.hpp"
#include "store/sql/migrations.hpp"
#include "store/sqlite/load_state.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace bascule::store {

using namespace directory;
namespace files = std::filesystem;

namespace {

constexpr int copy_cache_kib = 32 * 1024;
constexpr int reader_cache_kib = 32 * 1024;
constexpr int steps_between_looks = 100'000;
/// Room that stays for the real store.
constexpr std::uintmax_t reserve = 256ULL * 1024 * 1024;

/// `{0}` is the highest number of an object that was copied, `{1}` the kind of edge from a part of
/// an object to that. Each table keeps what was there before the first change; an edge is 1 when it
/// was there and 0 when it was not.
constexpr std::string_view watching = R"sql(
CREATE TABLE before_object(
  oid INTEGER PRIMARY KEY, type INTEGER NOT NULL, deleted INTEGER, display TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE before_entry(oid INTEGER PRIMARY KEY, state INTEGER NOT NULL, reason TEXT NOT NULL, dn TEXT NOT NULL) STRICT;
CREATE TABLE before_edge(
  src INTEGER NOT NULL, kind INTEGER NOT NULL, dst INTEGER NOT NULL, was INTEGER NOT NULL,
  PRIMARY KEY(src, kind, dst)) STRICT, WITHOUT ROWID;
CREATE TABLE before_part(
  master INTEGER NOT NULL, part INTEGER NOT NULL, source INTEGER NOT NULL, gives TEXT NOT NULL,
  PRIMARY KEY(master, part)) STRICT, WITHOUT ROWID;
INSERT INTO before_part SELECT e.dst, e.src, o.source, d.local FROM edge e CROSS JOIN object o ON o.oid=e.src
  CROSS JOIN document d ON d.oid=e.src WHERE e.kind={1};
CREATE TABLE difference_order(place INTEGER PRIMARY KEY, oid INTEGER NOT NULL) STRICT;

CREATE TRIGGER watch_object AFTER UPDATE OF type, deleted, display ON object
WHEN OLD.oid<={0} AND (OLD.type<>NEW.type OR OLD.deleted IS NOT NEW.deleted OR OLD.display<>NEW.display)
BEGIN
  INSERT INTO before_object SELECT OLD.oid, OLD.type, OLD.deleted, OLD.display, d.body FROM document d
    WHERE d.oid=OLD.oid AND NOT EXISTS(SELECT 1 FROM before_object WHERE oid=OLD.oid);
END;
CREATE TRIGGER watch_document AFTER UPDATE OF body ON document WHEN OLD.oid<={0} AND OLD.body<>NEW.body
BEGIN
  INSERT INTO before_object SELECT OLD.oid, o.type, o.deleted, o.display, OLD.body FROM object o
    WHERE o.oid=OLD.oid AND NOT EXISTS(SELECT 1 FROM before_object WHERE oid=OLD.oid);
END;

CREATE TRIGGER watch_entry AFTER UPDATE OF state, reason ON entry
WHEN OLD.oid<={0} AND (OLD.state<>NEW.state OR OLD.reason<>NEW.reason)
BEGIN
  INSERT INTO before_entry SELECT OLD.oid, OLD.state, OLD.reason, OLD.dn
    WHERE NOT EXISTS(SELECT 1 FROM before_entry WHERE oid=OLD.oid);
END;
CREATE TRIGGER watch_entry_gone AFTER DELETE ON entry WHEN OLD.oid<={0}
BEGIN
  INSERT INTO before_entry SELECT OLD.oid, OLD.state, OLD.reason, OLD.dn
    WHERE NOT EXISTS(SELECT 1 FROM before_entry WHERE oid=OLD.oid);
END;
CREATE TRIGGER watch_entry_new AFTER INSERT ON entry WHEN NEW.oid<={0}
BEGIN
  INSERT INTO before_entry SELECT NEW.oid, 0, '', ''
    WHERE NOT EXISTS(SELECT 1 FROM before_entry WHERE oid=NEW.oid);
END;

CREATE TRIGGER watch_edge_new AFTER INSERT ON edge WHEN NEW.src<={0} AND NEW.kind<1000
BEGIN
  INSERT INTO before_edge SELECT NEW.src, NEW.kind, NEW.dst, 0
    WHERE NOT EXISTS(SELECT 1 FROM before_edge WHERE src=NEW.src AND kind=NEW.kind AND dst=NEW.dst);
END;
CREATE TRIGGER watch_edge_gone AFTER DELETE ON edge WHEN OLD.src<={0} AND OLD.kind<1000
BEGIN
  INSERT INTO before_edge SELECT OLD.src, OLD.kind, OLD.dst, 1
    WHERE NOT EXISTS(SELECT 1 FROM before_edge WHERE src=OLD.src AND kind=OLD.kind AND dst=OLD.dst);
END;
CREATE TRIGGER watch_edge_parked AFTER UPDATE OF kind ON edge WHEN OLD.src<={0}
BEGIN
  INSERT INTO before_edge SELECT OLD.src, OLD.kind, OLD.dst, 1
    WHERE OLD.kind<1000
      AND NOT EXISTS(SELECT 1 FROM before_edge WHERE src=OLD.src AND kind=OLD.kind AND dst=OLD.dst);
  INSERT INTO before_edge SELECT NEW.src, NEW.kind, NEW.dst, 0
    WHERE NEW.kind<1000
      AND NOT EXISTS(SELECT 1 FROM before_edge WHERE src=NEW.src AND kind=NEW.kind AND dst=NEW.dst);
END;
)sql";

constexpr std::string_view put_in_order = R"sql(
INSERT INTO difference_order(oid)
  SELECT o.oid FROM object o JOIN (
    SELECT oid FROM before_object UNION SELECT oid FROM before_entry UNION SELECT src FROM before_edge
    UNION SELECT oid FROM object WHERE oid>?) changed ON changed.oid=o.oid
  ORDER BY o.id
)sql";

// Columns 6 to 10 are before, 11 to 14 after, then the entry.
constexpr std::string_view all_differences = R"sql(
SELECT o.oid, o.id, o.source,
  EXISTS(SELECT 1 FROM before_edge x WHERE x.src=o.oid), b.oid IS NOT NULL, pe.oid IS NOT NULL,
  bt.name, b.deleted, b.display, b.body, pe.state,
  t.name, o.deleted, o.display, d.body,
  e.state, e.reason, e.dn, pe.reason, pe.dn
FROM difference_order q CROSS JOIN object o ON o.oid=q.oid CROSS JOIN document d ON d.oid=o.oid
  CROSS JOIN type t ON t.number=o.type
  LEFT JOIN before_object b ON b.oid=o.oid LEFT JOIN type bt ON bt.number=b.type
  LEFT JOIN entry e ON e.oid=o.oid LEFT JOIN before_entry pe ON pe.oid=o.oid
ORDER BY q.place
)sql";

constexpr std::string_view references_of_new = R"sql(
SELECT o.id, o.display, 1 FROM edge e CROSS JOIN object o ON o.oid=e.dst WHERE e.kind=? AND e.src=? ORDER BY o.id
)sql";
constexpr std::string_view references_of_known = R"sql(
SELECT o.id, o.display, e.src IS NOT NULL FROM before_edge p CROSS JOIN object o ON o.oid=p.dst
  LEFT JOIN edge e ON e.kind=p.kind AND e.src=p.src AND e.dst=p.dst
WHERE p.kind=? AND p.src=? AND p.was<>(e.src IS NOT NULL) ORDER BY o.id
)sql";

constexpr std::string_view parts_before = R"sql(
SELECT s.name, p.gives FROM before_part p CROSS JOIN source s ON s.number=p.source WHERE p.master=?
)sql";
constexpr std::string_view parts_after = R"sql(
SELECT s.name, d.local FROM edge e CROSS JOIN object o ON o.oid=e.src CROSS JOIN document d ON d.oid=e.src
  CROSS JOIN source s ON s.number=o.source WHERE e.dst=? AND e.kind=?
)sql";

int should_stop(void* token) {
    return static_cast<const std::stop_token*>(token)->stop_requested() ? 1 : 0;
}

Error no_room(std::uintmax_t needed, std::uintmax_t free) {
    constexpr std::uintmax_t mebibyte = 1024ULL * 1024;
    return Error{
        ErrorKind::unavailable,
        "scratch_no_room",
        fmt::format(
            "The disk of the store has too little room for a copy to try the change on: {} MiB are "
            "needed, {} MiB are free. Nothing was changed; free some space and try again.",
            needed / mebibyte + 1, free / mebibyte
        ),
        {},
        {},
        {}};
}

std::uintmax_t free_bytes(const std::string& folder) {
    std::error_code error;
    const auto space = files::space(folder, error);
    return error ? 0 : space.available;
}

void describe(DifferenceSide& side, std::string type, bool deleted) {
    side.type = std::move(type);
    side.served = !deleted && is_served_type(side.type);
    side.part = !deleted && side.type == "Joined";
}

std::optional<EntryState> entry_state(const Rows& rows, int column) {
    const auto number = rows.is_null(column) ? 0 : rows.integer(column);
    return number == 0 ? std::nullopt : std::optional(static_cast<EntryState>(number));
}

/// Everything but the journal, in the order in which the schema has it.
std::vector<std::string> copied_tables(Connection& connection) {
    std::vector<std::string> names;
    for (auto rows = connection.rows(
             "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%' AND "
             "name<>'journal'"
         );
         rows.next();) {
        names.push_back(rows.string(0));
    }
    return names;
}

}  // namespace

void remove_scratch(const std::string& folder) {
    std::error_code ignored;
    files::remove_all(folder, ignored);
}

ScratchCopy::~ScratchCopy() {
    reader_.reset();
    store_.reset();
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        std::error_code ignored;
        files::remove(path_ + suffix, ignored);
    }
}

Result<std::unique_ptr<ScratchCopy>> ScratchCopy::make(
    const std::string& database, const std::string& folder, const Registry& registry,
    const Clock& clock, const std::stop_token& stop
) {
    remove_scratch(folder);
    if (::mkdir(folder.c_str(), S_IRWXU) != 0) {
        return fail(
            ErrorKind::unavailable, "scratch_unusable",
            "The folder " + folder + " for a copy of the store cannot be made."
        );
    }
    std::unique_ptr<ScratchCopy> copy(new ScratchCopy(folder));
    copy->path_ = folder + "/copy.db";
    const Status filled = guarded([&] { return copy->fill(database, stop); });
    if (stop.stop_requested()) {
        return fail(ErrorKind::unavailable, "stopped", "It was stopped. Nothing was changed.");
    }
    BASCULE_CHECK(filled);
    BASCULE_TRY(copy->store_, open_sqlite_store({copy->path_, true}, registry, clock));
    BASCULE_CHECK(guarded([&]() -> Status {
        copy->reader_ =
            std::make_unique<Connection>(copy->path_, OpenMode::read_write, reader_cache_kib);
        return {};
    }));
    return copy;
}

Status ScratchCopy::check_room() const {
    const std::uintmax_t free = free_bytes(folder_);
    return free < reserve ? Status(fail(no_room(reserve, free))) : Status();
}

/// Tables of the same form are copied record by record with their indexes, far faster than row by
/// row.
Status ScratchCopy::fill(const std::string& database, const std::stop_token& stop) {
    const std::uintmax_t needed = files::file_size(database) * 3 / 2 + reserve;
    if (const auto free = free_bytes(folder_); free < needed) {
        return fail(no_room(needed, free));
    }
    Connection connection(path_, OpenMode::create, copy_cache_kib);
    ::chmod(path_.c_str(), S_IRUSR | S_IWUSR);
    connection.script("PRAGMA main.journal_mode=OFF; PRAGMA main.synchronous=OFF;");
    for (const Migration& step : migrations()) {
        connection.script(step.statements);
    }
    connection.script(fmt::format("PRAGMA main.user_version={}", migrations().size()));
    connection.run("ATTACH ? AS live", database);
    std::stop_token token = stop;
    sqlite3_progress_handler(connection.handle(), steps_between_looks, should_stop, &token);
    connection.run("BEGIN");
    for (const std::string& table : copied_tables(connection)) {
        connection.run(fmt::format("INSERT INTO main.{0} SELECT * FROM live.{0}", table));
    }
    connection.run("COMMIT");
    connection.script("DETACH live");
    remove_unfinished_load(connection);
    // Nobody looks anything up in the copy's journal.
    connection.script(
        "DROP INDEX journal_target; DROP INDEX journal_actor; DROP INDEX journal_activity;"
    );
    last_copied_ = connection.number("SELECT max(oid) FROM main.object").value_or(0);
    connection.script(fmt::format(watching, last_copied_, static_cast<int>(joined_edge)));
    return {};
}

ObjectDifference ScratchCopy::read(const Rows& rows) const {
    ObjectDifference one;
    one.oid = static_cast<Oid>(rows.integer(0));
    one.id = rows.uuid(1);
    one.source = static_cast<SourceId>(rows.integer(2));
    one.references_changed = rows.integer(3) != 0;
    const bool is_new = rows.integer(0) > last_copied_;
    one.references_changed = one.references_changed || is_new;
    one.after.known = true;
    describe(one.after, rows.string(11), !rows.is_null(12));
    one.after.display = rows.string(13);
    one.after.body = rows.string(14);
    one.after.entry = entry_state(rows, 15);
    one.after.reason = rows.string(16);
    one.dn = rows.string(17);
    if (is_new) {
        return one;
    }
    one.before = one.after;
    if (rows.integer(4) != 0) {
        describe(one.before, rows.string(6), !rows.is_null(7));
        one.before.display = rows.string(8);
        one.before.body = rows.string(9);
    }
    if (rows.integer(5) != 0) {
        one.before.entry = entry_state(rows, 10);
        one.before.reason = rows.string(18);
        one.dn = one.dn.empty() ? rows.string(19) : one.dn;
    }
    return one;
}

Status ScratchCopy::each_difference(const Visit& visit) {
    return guarded([&]() -> Status {
        reader_->run("DELETE FROM difference_order");
        reader_->run(put_in_order, last_copied_);
        for (auto rows = reader_->rows(all_differences); rows.next();) {
            BASCULE_CHECK(visit(read(rows)));
        }
        return {};
    });
}

Status ScratchCopy::each_reference(EdgeKind kind, Oid from, const VisitReference& visit) {
    return guarded([&]() -> Status {
        const bool is_new = static_cast<std::int64_t>(from) > last_copied_;
        for (auto rows =
                 reader_->rows(is_new ? references_of_new : references_of_known, kind, from);
             rows.next();) {
            BASCULE_CHECK(visit({rows.uuid(0), rows.string(1), rows.integer(2) != 0}));
        }
        return {};
    });
}

Result<std::vector<PartOfObject>> ScratchCopy::parts_of(Oid object, Side side) {
    return guarded([&]() -> Result<std::vector<PartOfObject>> {
        std::vector<PartOfObject> out;
        auto rows = side == Side::before ? reader_->rows(parts_before, object)
                                         : reader_->rows(parts_after, object, joined_edge);
        while (rows.next()) {
            out.push_back({rows.string(0), rows.string(1)});
        }
        return out;
    });
}

}  // namespace bascule::store
