#include "store/sqlite/sqlite_loader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/sql/attribute_values.hpp"
#include "store/sqlite/edge_counts.hpp"
#include "store/sqlite/load_state.hpp"
#include "store/sqlite/value_block.hpp"

namespace bascule::store {

using namespace directory;

namespace {

constexpr std::size_t rows_per_commit = 2000;
constexpr std::size_t commits_waiting = 2;
// A slice holds the writer; beside a store in use it must be short.
constexpr std::int64_t large_slice = 200'000;
constexpr std::int64_t small_slice = 20'000;
constexpr std::int64_t id_claims = 0;  // attribute numbers start at 1

}  // namespace

SqliteLoader::SqliteLoader(Writer& writer, const RegistryNumbers& numbers, std::string path)
    : writer_(writer), numbers_(numbers), terms_(path), references_(path) {
    rows_.rows.reserve(rows_per_commit);
}

Result<std::unique_ptr<Loader>> SqliteLoader::begin(
    Writer& writer, const RegistryNumbers& numbers, std::string path, std::string_view source
) {
    return guarded([&]() -> Result<std::unique_ptr<Loader>> {
        std::unique_ptr<SqliteLoader> loader(new SqliteLoader(writer, numbers, std::move(path)));
        BASCULE_CHECK(loader->prepare(source));
        return loader;
    });
}

SqliteLoader::~SqliteLoader() {
    if (!started_) {
        return;
    }
    static_cast<void>(wait_for_rows(0));
    static_cast<void>(exclusive([](Connection& connection) -> Status {
        remove_unfinished_load(connection);
        return {};
    }));
    static_cast<void>(end());
}

Status SqliteLoader::exclusive(std::function<Status(Connection&)> work) {
    return writer_.enqueue_exclusive(std::move(work)).get();
}

Status SqliteLoader::prepare(std::string_view source) {
    BASCULE_CHECK(writer_.write(Durability::full, [&](TransactionOperations& operations) {
        return start(operations, source);
    }));
    started_ = true;
    return exclusive([this](Connection& connection) -> Status {
        writer_.hidden_from = next_oid_;
        writer_.loaded_terms = &claimed_;
        connection.script("PRAGMA cache_size=-8192; PRAGMA temp_store=FILE; PRAGMA threads=1");
        ReadOperations reads(connection, numbers_);
        BASCULE_CHECK(claim_existing(reads));
        const auto objects =
            connection.number("SELECT count(*) FROM (SELECT 1 FROM object LIMIT ?)", small_store);
        indexes_dropped_ = objects.value_or(0) < small_store;
        if (indexes_dropped_) {
            drop_bulk_indexes(connection, next_oid_);
        }
        return {};
    });
}

Status SqliteLoader::start(TransactionOperations& operations, std::string_view source) {
    auto& connection = operations.reads().connection();
    const auto state = operations.reads().source_state(source);
    if (!state) {
        return fail(
            ErrorKind::not_found, "unknown_source",
            "The source was never registered with the store."
        );
    }
    if (operations.reads().counter(LoadMark::first) != 0) {
        return fail(
            ErrorKind::conflict, "load_running",
            "A first load is running; a second one must wait for its end."
        );
    }
    if (connection.number("SELECT 1 FROM object WHERE source=? LIMIT 1", state->id) ||
        connection.number("SELECT 1 FROM entry WHERE source=? LIMIT 1", state->id)) {
        return fail(
            ErrorKind::conflict, "source_not_empty",
            "The store has objects of this source, so it cannot be loaded in bulk."
        );
    }
    source_ = state->id;
    // Its blocks of values hold nobody else's.
    const auto first = operations.reads().counter("oid") + reserved_numbers;
    first_oid_ = next_oid_ = (first / objects_per_block + 1) * objects_per_block;
    connection.run("UPDATE source SET phase='loading' WHERE number=?", source_);
    connection.run("INSERT INTO counter(name,value) VALUES(?,?)", LoadMark::first, next_oid_);
    connection.run("INSERT INTO counter(name,value) VALUES(?,?)", LoadMark::source, source_);
    return {};
}

Status SqliteLoader::claim_existing(ReadOperations& reads) {
    const auto& registry = numbers_.registry();
    for (std::size_t type = 0; type < registry.type_count(); ++type) {
        for (const auto attribute : registry.attributes(static_cast<TypeId>(type))) {
            if (!registry.spec(attribute).unique || !registry.spec(attribute).searchable) {
                continue;
            }
            const auto number = numbers_.number(attribute);
            for (auto rows = reads.connection().rows("SELECT value FROM term WHERE attr=?", number);
                 rows.next();) {
                static_cast<void>(claimed_.claim(number, rows.text(0)));
            }
        }
    }
    return {};
}

Status SqliteLoader::claim(const NewObject& object, const std::vector<Term>& terms) {
    if (!claimed_.claim(id_claims, object.id.raw())) {
        return fail(
            ErrorKind::conflict, "id_in_use", "The load has seen an entry with this identity."
        );
    }
    const auto& registry = numbers_.registry();
    for (auto term = terms.begin(); term != terms.end(); ++term) {
        const auto& spec = registry.spec(term->attribute);
        if (!spec.unique || claimed_.claim(numbers_.number(term->attribute), term->value)) {
            continue;
        }
        claimed_.release(id_claims, object.id.raw());
        for (auto taken = terms.begin(); taken != term; ++taken) {
            if (registry.spec(taken->attribute).unique) {
                claimed_.release(numbers_.number(taken->attribute), taken->value);
            }
        }
        return fail(uniqueness_error(registry.spec(object.type).name, spec));
    }
    return {};
}

Status SqliteLoader::add(
    NewObject object, MirrorEntry entry, std::span<const Reference> references
) {
    return guarded([&]() -> Status {
        const auto terms = terms_of(numbers_.registry(), object.type, object.body);
        BASCULE_CHECK(claim(object, terms));
        const auto oid = next_oid_++;
        for (const auto& term : terms) {
            const auto attribute = numbers_.number(term.attribute);
            terms_.add(attribute, term.value, oid);
            if (is_packed(numbers_.registry().spec(term.attribute))) {
                pack(attribute, oid, term.value);
            }
            if (may_be_cut(term.value) &&
                std::find(cut_attributes_.begin(), cut_attributes_.end(), attribute) ==
                    cut_attributes_.end()) {
                cut_attributes_.push_back(attribute);
            }
        }
        if (entry.state == EntryState::mirrored) {
            references_.add_target(entry.dn_key, oid);
        }
        for (const auto& reference : references) {
            references_.add(reference.kind, oid, reference.dn_key);
        }
        entry.oid = static_cast<Oid>(oid);
        entry.source = source_;
        object.source = source_;
        const auto type = numbers_.number(object.type);
        types_.push_back(static_cast<std::int32_t>(type));
        ++block_counts_[{type, oid / block_size}];
        ++entry_counts_[entry.state];
        rows_.rows.push_back(
            {oid, std::move(object), std::move(entry), static_cast<std::int64_t>(references.size())}
        );
        return rows_.rows.size() < rows_per_commit ? Status{} : flush_rows();
    });
}

void SqliteLoader::pack(std::int64_t attribute, std::int64_t oid, const std::string& value) {
    if (const auto block = oid / objects_per_block; block != packed_block_) {
        finish_value_blocks();
        packed_block_ = block;
    }
    packing_[attribute].emplace_back(oid, value);
}

void SqliteLoader::finish_value_blocks() {
    for (auto& [attribute, values] : packing_) {
        if (values.empty()) {
            continue;
        }
        ValueBlock block;
        for (const auto& [oid, value] : values) {
            block.add(oid, value);
        }
        rows_.value_blocks.emplace_back(
            block_place(attribute, values.front().first), block.bytes()
        );
        values.clear();
    }
}

void SqliteLoader::insert_rows(
    Connection& connection, const RegistryNumbers& numbers, const Rows& rows, Time now
) {
    for (const auto& [place, bytes] : rows.value_blocks) {
        connection.run("INSERT INTO value_block(place,body) VALUES(?,?)", place, Blob{bytes});
    }
    for (const auto& row : rows.rows) {
        connection.run(
            "INSERT INTO object(oid,id,type,source,version,created,modified,deleted,refs,display) "
            "VALUES(?,?,?,?,1,?,?,NULL,?,?)",
            row.oid, row.object.id, numbers.number(row.object.type), row.object.source, now, now,
            row.references, row.object.display
        );
        connection.run(
            "INSERT INTO document(oid,body,local) VALUES(?,?,?)", row.oid, row.object.body,
            row.object.local
        );
        const auto& entry = row.entry;
        connection.run(
            "INSERT INTO entry(oid,source,anchor,dn,dn_key,csn,state,reason,blocked_by,raw,seen) "
            "VALUES(?,?,?,?,?,?,?,?,?,?,?)",
            row.oid, entry.source, entry.anchor, entry.dn, entry.dn_key, entry.csn, entry.state,
            entry.reason, entry.blocked_by, Blob{entry.raw}, entry.seen
        );
    }
}

Status SqliteLoader::flush_rows() {
    BASCULE_CHECK(wait_for_rows(commits_waiting - 1));
    auto rows = std::make_unique<const Rows>(std::move(rows_));
    rows_ = {};
    rows_.rows.reserve(rows_per_commit);
    auto done = writer_.enqueue(
        Durability::repeatable,
        [&rows = *rows, &numbers = numbers_](TransactionOperations& operations) -> Status {
            insert_rows(operations.reads().connection(), numbers, rows, operations.now());
            return {};
        }
    );
    writing_.push_back({std::move(rows), std::move(done)});
    return {};
}

Status SqliteLoader::wait_for_rows(std::size_t at_most) {
    Status first;
    while (writing_.size() > at_most) {
        auto status = writing_.front().done.get();
        writing_.pop_front();
        if (first && !status) {
            first = std::move(status);
        }
    }
    return first;
}

Status SqliteLoader::build_row_indexes() {
    if (!indexes_dropped_) {
        return {};
    }
    for (const char* name : {"object_id", "object_created", "object_modified", "entry_dn"}) {
        BASCULE_CHECK(exclusive([name](Connection& connection) -> Status {
            make_bulk_index(connection, name);
            return {};
        }));
    }
    return {};
}

Status SqliteLoader::merge_terms() {
    const auto merged = terms_.merge();
    const auto slice = indexes_dropped_ ? large_slice : small_slice;
    for (std::int64_t taken = slice; taken == slice;) {
        BASCULE_CHECK(exclusive([&](Connection& connection) -> Status {
            taken = insert_terms(connection, *merged, slice);
            return {};
        }));
    }
    return {};
}

Status SqliteLoader::write_edges() {
    struct Unresolved {
        std::int64_t kind;
        std::int64_t source;
        std::string dn_key;
    };
    std::vector<Unresolved> unresolved;
    std::vector<std::pair<std::int64_t, std::int64_t>> fewer;
    EdgeCounts counts;
    const auto edges = references_.edges(
        writer_.now(),
        {[&](std::int64_t source, std::int64_t missing) { fewer.emplace_back(source, missing); },
         [&](std::int64_t kind, std::int64_t source, std::string_view dn_key) {
             unresolved.push_back({kind, source, std::string(dn_key)});
         },
         [&](std::int64_t kind, std::int64_t source, const std::vector<std::int64_t>& targets) {
             for (const auto target : targets) {
                 counts.add(kind, source, type_of(target), 1);
             }
         }}
    );
    const auto slice = indexes_dropped_ ? large_slice : small_slice;
    for (std::int64_t taken = slice; taken == slice;) {
        BASCULE_CHECK(exclusive([&](Connection& connection) -> Status {
            connection.run("BEGIN IMMEDIATE");
            taken = insert_bulk(
                connection, "INSERT INTO edge(kind,src,dst,since) SELECT a,b,c,d FROM bulk_rows",
                *edges, slice
            );
            for (const auto& [source, missing] : fewer) {
                connection.run("UPDATE object SET refs=refs-? WHERE oid=?", missing, source);
            }
            for (const auto& reference : unresolved) {
                connection.run(
                    "INSERT INTO unresolved(source,dn_key,kind,src) VALUES(?,?,?,?) ON CONFLICT DO "
                    "NOTHING",
                    source_, reference.dn_key, reference.kind, reference.source
                );
            }
            counts.flush(connection);
            connection.run("COMMIT");
            fewer.clear();
            unresolved.clear();
            return {};
        }));
    }
    return exclusive([](Connection& connection) -> Status {
        make_bulk_index(connection, "edge_reverse");
        return {};
    });
}

void SqliteLoader::write_counters(Connection& connection) const {
    const auto add = [&](const std::string& name, std::int64_t delta) {
        connection.run(
            "INSERT INTO counter(name,value) VALUES(?,?) ON CONFLICT(name) DO UPDATE SET "
            "value=value+excluded.value",
            name, delta
        );
    };
    for (const auto& [place, delta] : block_counts_) {
        const auto [type, block] = place;
        add(live_counter(type), delta);
        add(block_counter(type, block * block_size), delta);
    }
    for (const auto& [state, delta] : entry_counts_) {
        add(entry_counter(source_, state), delta);
    }
}

Status SqliteLoader::commit(const SourceState& state, JournalRecord record) {
    const auto changed = [&](TransactionOperations& operations) -> Status {
        auto& connection = operations.reads().connection();
        write_counters(connection);
        for (const auto attribute : cut_attributes_) {
            connection.run(
                "INSERT OR IGNORE INTO counter(name,value) VALUES(?,1)", cut_counter(attribute)
            );
        }
        connection.run(
            "INSERT INTO counter(name,value) VALUES('oid',?) ON CONFLICT(name) DO UPDATE SET "
            "value=excluded.value",
            next_oid_
        );
        connection.run(
            "DELETE FROM counter WHERE name IN (?,?)", LoadMark::first, LoadMark::source
        );
        BASCULE_CHECK(operations.put_source_state(state));
        operations.append(record);
        return {};
    };
    return writer_.write(Durability::full, changed);
}

Status SqliteLoader::end() {
    started_ = false;
    return exclusive([this](Connection& connection) -> Status {
        writer_.loaded_terms = nullptr;
        writer_.hidden_from = nothing_hidden;
        connection.script(
            "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; PRAGMA threads=0; DROP INDEX IF "
            "EXISTS "
            "loading_id"
        );
        return {};
    });
}

Status SqliteLoader::finish(const SourceState& state, JournalRecord record) {
    return guarded([&]() -> Status {
        finish_value_blocks();
        BASCULE_CHECK(flush_rows());
        BASCULE_CHECK(wait_for_rows(0));
        BASCULE_CHECK(build_row_indexes());
        BASCULE_CHECK(merge_terms());
        BASCULE_CHECK(write_edges());
        BASCULE_CHECK(commit(state, std::move(record)));
        return end();
    });
}

}  // namespace bascule::store
