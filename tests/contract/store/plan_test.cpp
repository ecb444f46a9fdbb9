#include <gmock/gmock.h>
#include <sqlite3.h>

#include "fixture.hpp"
#include "store/sql/migrations.hpp"

namespace bascule::test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// How SQLite carries a statement out on an empty store: the design relies on these plans.
class StorePlans : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_EQ(sqlite3_open(":memory:", &handle), SQLITE_OK);
        for (const auto& step : store::migrations()) {
            ASSERT_EQ(
                sqlite3_exec(
                    handle, std::string(step.statements).c_str(), nullptr, nullptr, nullptr
                ),
                SQLITE_OK
            );
        }
    }
    void TearDown() override { sqlite3_close(handle); }
    std::string plan(const std::string& sql) {
        sqlite3_stmt* statement = nullptr;
        EXPECT_EQ(
            sqlite3_prepare_v2(
                handle, ("EXPLAIN QUERY PLAN " + sql).c_str(), -1, &statement, nullptr
            ),
            SQLITE_OK
        ) << sqlite3_errmsg(handle);
        std::string text;
        while (sqlite3_step(statement) == SQLITE_ROW) {
            text += std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, 3))) +
                    "\n";
        }
        sqlite3_finalize(statement);
        return text;
    }
    void uses(const std::string& sql, const std::vector<std::string>& steps) {
        const auto text = plan(sql);
        for (const auto& step : steps) {
            EXPECT_THAT(text, HasSubstr(step)) << sql;
        }
        EXPECT_THAT(text, Not(HasSubstr("SCAN object"))) << sql;
        EXPECT_THAT(text, Not(HasSubstr("SCAN o\n"))) << sql;
        EXPECT_THAT(text, Not(HasSubstr("SCAN e\n"))) << sql;
        EXPECT_THAT(text, Not(HasSubstr("TEMP B-TREE FOR ORDER BY"))) << sql;
    }

    sqlite3* handle = nullptr;
};

TEST_F(StorePlans, ObjectByIdUsesTheIndexOfIds) {
    uses(
        "SELECT o.oid,o.display FROM object o WHERE o.id=? AND o.deleted IS NULL",
        {"object_id (id=?)"}
    );
}

TEST_F(StorePlans, ObjectByIdDuringALoadUsesTheSmallIndex) {
    sqlite3_exec(
        handle,
        "DROP INDEX object_id; CREATE UNIQUE INDEX loading_id ON object(id) WHERE oid<1048577",
        nullptr, nullptr, nullptr
    );
    uses(
        "SELECT o.oid,o.display FROM object o WHERE o.deleted IS NULL AND o.id=? AND o.oid<1048577",
        {"loading_id (id=?"}
    );
}

TEST_F(StorePlans, PageOfDirectMembersWalksTheKeyOfTheEdges) {
    uses(
        "SELECT s.oid AS oid FROM (SELECT dst AS oid FROM edge WHERE kind=? AND src=?) s WHERE "
        "s.oid>? ORDER BY s.oid LIMIT ? OFFSET ?",
        {"PRIMARY KEY (kind=? AND src=? AND dst>?)"}
    );
}

TEST_F(StorePlans, PageOfEverythingWalksTheLiveIndex) {
    uses(
        "SELECT s.oid AS oid FROM (SELECT o.oid AS oid FROM object o WHERE o.type=? AND o.deleted "
        "IS NULL) s ORDER BY s.oid "
        "LIMIT ? OFFSET ?",
        {"COVERING INDEX object_live (type=? AND deleted=?)"}
    );
}

TEST_F(StorePlans, DriverComesFirstAndOthersAreProbedByKey) {
    uses(
        "SELECT s.oid AS oid FROM (SELECT x.oid AS oid FROM (SELECT oid FROM term WHERE attr=? AND "
        "value=?) x WHERE "
        "(EXISTS(SELECT 1 FROM term WHERE attr=? AND value=? AND oid=x.oid))) s ORDER BY s.oid "
        "LIMIT ? OFFSET ?",
        {"SEARCH term USING PRIMARY KEY (attr=? AND value=?)",
         "SEARCH term USING PRIMARY KEY (attr=? AND value=? AND oid=?)"}
    );
}

TEST_F(StorePlans, PagesByKeyStartAtTheirPlace) {
    uses(
        "SELECT v.oid FROM (SELECT s.oid AS oid FROM (SELECT o.oid AS oid FROM object o WHERE "
        "o.type=? AND o.deleted IS NULL) s) v WHERE v.oid>? ORDER BY v.oid LIMIT ?",
        {"COVERING INDEX object_live (type=? AND deleted=? AND rowid>?)"}
    );
    uses(
        "SELECT v.oid FROM (SELECT s.oid AS oid FROM (SELECT oid FROM term WHERE attr=? AND "
        "value=?) s) v WHERE v.oid<? ORDER BY v.oid DESC LIMIT ?",
        {"PRIMARY KEY (attr=? AND value=? AND oid<?)"}
    );
    uses(
        "SELECT t.oid,t.value FROM term t WHERE t.attr=? AND (t.value,t.oid)>(?,?) ORDER BY "
        "t.value,t.oid LIMIT ?",
        {"PRIMARY KEY (attr=? AND (value,oid)>(?,?))"}
    );
    uses(
        "SELECT t.oid,t.value FROM term t WHERE t.attr=? AND (t.value,t.oid)<(?,?) ORDER BY "
        "t.value DESC,t.oid DESC LIMIT ?",
        {"PRIMARY KEY (attr=? AND (value,oid)<(?,?))"}
    );
    for (const std::string column : {"modified", "created"}) {
        const std::string rows = "SELECT o.oid,o." + column +
                                 " FROM object o WHERE o.type=? AND +o.deleted IS NULL AND o." +
                                 column;
        uses(
            rows + "=? AND o.oid>? ORDER BY o.oid LIMIT ?",
            {"INDEX object_" + column + " (type=? AND " + column + "=? AND rowid>?)"}
        );
        uses(
            rows + "<? ORDER BY o." + column + " DESC,o.oid DESC LIMIT ?",
            {"INDEX object_" + column + " (type=? AND " + column + "<?)"}
        );
    }
    uses(
        "SELECT o.oid,o.id FROM object o WHERE +o.type=? AND +o.deleted IS NULL AND o.id<? ORDER "
        "BY o.id DESC,o.oid DESC LIMIT ?",
        {"INDEX object_id (id<?)"}
    );
}

TEST_F(StorePlans, TimesAreReadByRange) {
    uses(
        "SELECT o.oid AS oid FROM object o WHERE o.type=? AND +o.deleted IS NULL AND o.modified>?",
        {"object_modified (type=? AND modified>?)"}
    );
}

TEST_F(StorePlans, TermsAreReadByRange) {
    uses(
        "SELECT oid FROM term WHERE attr=? AND value>=? AND value<?",
        {"PRIMARY KEY (attr=? AND value>? AND value<?)"}
    );
}

TEST_F(StorePlans, EdgesAreReadFromBothEndsInOrder) {
    uses(
        "SELECT o.oid FROM edge e CROSS JOIN object o ON o.oid=e.dst WHERE e.kind=? AND e.src=? "
        "AND e.dst>? ORDER BY e.dst LIMIT ?",
        {"PRIMARY KEY (kind=? AND src=? AND dst>?)", "SEARCH o USING INTEGER PRIMARY KEY"}
    );
    uses(
        "SELECT o.oid FROM edge e CROSS JOIN object o ON o.oid=e.src WHERE e.kind=? AND e.dst=? "
        "AND e.src>? ORDER BY e.src LIMIT ?",
        {"edge_reverse (kind=? AND dst=? AND src>?)", "SEARCH o USING INTEGER PRIMARY KEY"}
    );
}

TEST_F(StorePlans, NestedGroupsAreFollowedByEquality) {
    const auto up = plan(
        "WITH RECURSIVE up(n) AS (SELECT src FROM edge WHERE kind=?1 AND dst=?2 UNION SELECT e.src "
        "FROM up CROSS JOIN edge e "
        "ON e.kind=?1 AND e.dst=up.n) SELECT o.oid FROM up CROSS JOIN object o ON o.oid=up.n WHERE "
        "+up.n<>?2"
    );
    EXPECT_THAT(up, HasSubstr("SEARCH e USING COVERING INDEX edge_reverse (kind=? AND dst=?)"));
    EXPECT_THAT(up, HasSubstr("SEARCH o USING INTEGER PRIMARY KEY"));
    const auto down = plan(
        "WITH RECURSIVE down(n) AS (SELECT dst FROM edge WHERE kind=?1 AND src=?2 UNION SELECT "
        "e.dst FROM down CROSS JOIN edge e "
        "ON e.kind=?1 AND e.src=down.n) SELECT n FROM down"
    );
    EXPECT_THAT(down, HasSubstr("SEARCH e USING PRIMARY KEY (kind=? AND src=?)"));
}

TEST_F(StorePlans, EntriesAreFoundByKeyStateAndBlocker) {
    uses(
        "SELECT oid FROM entry WHERE source=? AND dn_key>=? AND dn_key<? ORDER BY dn_key",
        {"entry_dn (source=? AND dn_key>? AND dn_key<?)"}
    );
    uses(
        "SELECT oid FROM entry WHERE source=? AND state=? AND state<>1 ORDER BY oid LIMIT ?",
        {"entry_state (source=? AND state=?)"}
    );
    uses(
        "SELECT dn FROM entry WHERE source=? AND blocked_by=? AND blocked_by<>'' ORDER BY oid",
        {"entry_blocked (source=? AND blocked_by=?)"}
    );
    uses("DELETE FROM unresolved WHERE src=?", {"unresolved_from (src=?)"});
}

TEST_F(StorePlans, JournalIsReadBySequenceTargetActorAndActivity) {
    uses(
        "SELECT details FROM journal WHERE seq>? ORDER BY seq LIMIT ?",
        {"INTEGER PRIMARY KEY (rowid>?)"}
    );
    uses(
        "SELECT details FROM journal WHERE seq>? AND target=? ORDER BY seq LIMIT ?",
        {"journal_target (target=? AND seq>?)"}
    );
    uses(
        "SELECT details FROM journal WHERE 1 AND actor=? ORDER BY seq DESC LIMIT ?",
        {"journal_actor (actor=?)"}
    );
    uses(
        "SELECT details FROM journal WHERE seq>? AND activity=? AND +actor=? ORDER BY seq LIMIT ?",
        {"journal_activity (activity=? AND seq>?)"}
    );
}

TEST_F(StorePlans, PurgeReadsTheDeletedOnly) {
    uses(
        "SELECT oid FROM object WHERE deleted IS NOT NULL AND deleted<? ORDER BY deleted LIMIT ?",
        {"object_gone (deleted"}
    );
}

/// What opening does with files of other versions and other schemas.
class StoreOpening : public StoreContract<SqliteFactory> {
  protected:
    void execute(const std::string& sql) {
        sqlite3* handle = nullptr;
        ASSERT_EQ(sqlite3_open(factory.path().c_str(), &handle), SQLITE_OK);
        ASSERT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
            << sqlite3_errmsg(handle);
        sqlite3_close(handle);
    }
};

TEST_F(StoreOpening, NewerSchemaIsRefused) {
    store.reset();
    execute("PRAGMA user_version=999");
    const auto opened = store::open_sqlite_store({factory.path()}, factory.registry, factory.clock);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "store_too_new");
}

TEST_F(StoreOpening, FileIsPrivate) {
    const auto mode = std::filesystem::status(factory.path()).permissions();
    EXPECT_EQ(mode & std::filesystem::perms(0777), std::filesystem::perms(0600));
}

TEST_F(StoreOpening, MissingFolderIsUnavailable) {
    const auto opened =
        store::open_sqlite_store({"/nonexistent/folder/store.db"}, factory.registry, factory.clock);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "store_unusable");
}

TEST_F(StoreOpening, AttributeThatBecameSearchableGetsItsTerms) {
    create(new_user("ada", R"(,"nickName":"Countess")"));
    const auto uses_terms = [&] {
        directory::Query query;
        query.type = user();
        query.filter = where("nickName", directory::Operator::eq, std::string("countess"));
        EXPECT_EQ(this->query(query).total, 1U);
        return read<std::string>([&](directory::Reader& r) { return r.explain(query); }
        ).starts_with("drive: nickName");
    };
    EXPECT_FALSE(uses_terms());
    store.reset();
    directory::Registry wider;
    directory::register_internal_types(wider);
    for (const char* name :
         {"Group", "User"}) {  // in another order: numbers in the file do not depend on it
        auto spec = factory.registry.spec(factory.registry.type(name));
        for (auto& attribute : spec.attributes) {
            attribute.searchable = attribute.searchable || attribute.path.name == "nickName";
        }
        wider.add(std::move(spec));
    }
    factory.registry = std::move(wider);
    store = factory.open();
    EXPECT_TRUE(uses_terms());
    EXPECT_EQ(by_user_name("ada").size(), 1U);
    EXPECT_EQ(read<std::uint64_t>([&](directory::Reader& r) { return r.count(user()); }), 1U);
}

}  // namespace
}  // namespace bascule::test
