#include "store/sql/migrations.hpp"

#include <array>

namespace bascule::store {
namespace {

// Numbers of types and attributes are never reused, so that terms keep their meaning. `form` says
// how an attribute's terms are written; empty when it has none.
constexpr std::string_view first_schema = R"sql(
CREATE TABLE type(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE attribute(
  attr INTEGER PRIMARY KEY, type INTEGER NOT NULL, path TEXT NOT NULL, form TEXT NOT NULL, UNIQUE(type, path)) STRICT;

CREATE TABLE object(
  oid INTEGER PRIMARY KEY, id BLOB NOT NULL, type INTEGER NOT NULL, source INTEGER NOT NULL,
  version INTEGER NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL, deleted INTEGER,
  refs INTEGER NOT NULL, display TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX object_id ON object(id);
CREATE INDEX object_live ON object(type, deleted) WHERE deleted IS NULL;
CREATE INDEX object_gone ON object(deleted) WHERE deleted IS NOT NULL;
CREATE TABLE document(oid INTEGER PRIMARY KEY, body TEXT NOT NULL, local TEXT NOT NULL) STRICT;

CREATE TABLE term(
  attr INTEGER NOT NULL, value TEXT NOT NULL, oid INTEGER NOT NULL, PRIMARY KEY(attr, value, oid)) STRICT, WITHOUT ROWID;

CREATE TABLE edge(
  kind INTEGER NOT NULL, src INTEGER NOT NULL, dst INTEGER NOT NULL, since INTEGER NOT NULL,
  PRIMARY KEY(kind, src, dst)) STRICT, WITHOUT ROWID;
CREATE INDEX edge_reverse ON edge(kind, dst, src);

CREATE TABLE source(
  number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, cookie BLOB NOT NULL, fingerprint TEXT NOT NULL,
  mapping_fingerprint TEXT NOT NULL, phase TEXT NOT NULL, held_plan TEXT NOT NULL, last_change INTEGER NOT NULL) STRICT;
CREATE TABLE entry(
  oid INTEGER PRIMARY KEY, source INTEGER NOT NULL, anchor BLOB NOT NULL, dn TEXT NOT NULL, dn_key TEXT NOT NULL,
  csn TEXT NOT NULL, state INTEGER NOT NULL, reason TEXT NOT NULL, blocked_by TEXT NOT NULL, raw BLOB NOT NULL,
  seen INTEGER NOT NULL) STRICT;
CREATE INDEX entry_dn ON entry(source, dn_key);
CREATE INDEX entry_state ON entry(source, state, oid) WHERE state <> 1;
CREATE INDEX entry_blocked ON entry(source, blocked_by) WHERE blocked_by <> '';
CREATE TABLE unresolved(
  source INTEGER NOT NULL, dn_key TEXT NOT NULL, kind INTEGER NOT NULL, src INTEGER NOT NULL,
  PRIMARY KEY(source, dn_key, kind, src)) STRICT, WITHOUT ROWID;
CREATE INDEX unresolved_from ON unresolved(src, kind);

CREATE TABLE journal(
  seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, actor_kind INTEGER NOT NULL, actor_id BLOB, actor TEXT NOT NULL,
  origin TEXT NOT NULL, activity TEXT NOT NULL, outcome INTEGER NOT NULL, reason TEXT NOT NULL, target BLOB,
  target_type TEXT NOT NULL, target_display TEXT NOT NULL, source_address TEXT NOT NULL, request_id TEXT NOT NULL,
  details TEXT NOT NULL) STRICT;
CREATE INDEX journal_target ON journal(target, seq) WHERE target IS NOT NULL;
CREATE INDEX journal_actor ON journal(actor, seq);
CREATE INDEX journal_activity ON journal(activity, seq);

CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
)sql";

// Counters of live objects by type and block of 4096 numbers; rows of a load that did not end are
// no objects yet.
constexpr std::string_view block_counters = R"sql(
INSERT INTO counter(name,value)
  SELECT printf('block:%d:%012d', type, oid/4096), count(*) FROM object
  WHERE deleted IS NULL AND oid<coalesce((SELECT value FROM counter WHERE name='loading_from'), 9223372036854775807)
  GROUP BY type, oid/4096;
)sql";

constexpr std::string_view times_schema = R"sql(
CREATE INDEX object_created ON object(type, created);
CREATE INDEX object_modified ON object(type, modified);
)sql";

// Values of terms that compare as texts, packed by attribute and neighbouring numbers; see
// store/sqlite/value_block.hpp. The counter asks for those of the objects that are there.
constexpr std::string_view value_blocks = R"sql(
CREATE TABLE value_block(place INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
INSERT INTO counter(name,value) SELECT 'value_blocks_missing', 1 WHERE EXISTS(SELECT 1 FROM term);
)sql";

// How many targets of each type an object's memberships have; see EdgeCounts.
constexpr std::string_view edge_counts = R"sql(
CREATE TABLE edge_count(
  kind INTEGER NOT NULL, src INTEGER NOT NULL, type INTEGER NOT NULL, edges INTEGER NOT NULL,
  PRIMARY KEY(kind, src, type)) STRICT, WITHOUT ROWID;
INSERT INTO edge_count(kind,src,type,edges)
  SELECT e.kind, e.src, o.type, count(*) FROM edge e CROSS JOIN object o ON o.oid=e.dst WHERE e.kind=1
  GROUP BY e.kind, e.src, o.type;
)sql";

constexpr std::array steps{
    Migration{"first schema", first_schema},     Migration{"counters of blocks", block_counters},
    Migration{"indexes of times", times_schema}, Migration{"blocks of values", value_blocks},
    Migration{"counts of edges", edge_counts},
};

constexpr std::array bulk{
    BulkIndex{"object_id", "CREATE UNIQUE INDEX IF NOT EXISTS object_id ON object(id)"},
    BulkIndex{"entry_dn", "CREATE INDEX IF NOT EXISTS entry_dn ON entry(source, dn_key)"},
    BulkIndex{
        "object_created", "CREATE INDEX IF NOT EXISTS object_created ON object(type, created)"},
    BulkIndex{
        "object_modified", "CREATE INDEX IF NOT EXISTS object_modified ON object(type, modified)"},
    BulkIndex{"edge_reverse", "CREATE INDEX IF NOT EXISTS edge_reverse ON edge(kind, dst, src)"},
};

}  // namespace

std::span<const Migration> migrations() {
    return steps;
}

std::span<const BulkIndex> bulk_indexes() {
    return bulk;
}

}  // namespace bascule::store
