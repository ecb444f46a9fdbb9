// Filters by the object from which edges come (groups.value eq): their total is kept, not counted.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <random>

#include "fixture.hpp"

namespace bascule::test {
namespace {

using namespace directory;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class MembershipFilter : public StoreContract<SqliteFactory> {
  protected:
    Filter in(Oid holder) {
        Filter filter;
        filter.kind = Filter::Kind::edge_from;
        filter.target = row(holder).id;
        return filter;
    }
    std::string explained(Filter filter) {
        Query query;
        query.type = user();
        query.filter = std::move(filter);
        return read<std::string>([&](Reader& r) { return r.explain(query); });
    }
    /// The total of a page of one, which does not see the end by itself.
    std::uint64_t total(Oid holder, TypeId type) {
        Query page;
        page.type = type;
        page.filter = in(holder);
        page.limit = 1;
        return query(page).total;
    }
    std::uint64_t total(Oid holder) { return total(holder, user()); }
    Oid user_named(const std::string& name) { return create(new_user(name)); }
    void unlink(Oid source, Oid target) {
        must_write([&](Transaction& t) -> Status {
            BASCULE_TRY(const auto removed, t.remove_edge(member, source, target));
            return removed ? Status{} : fail(ErrorKind::internal, "no_edge", "");
        });
    }
};

TEST_F(MembershipFilter, TotalFollowsEveryChange) {
    const auto group = create(new_group("g"));
    const auto ada = user_named("ada");
    const auto bob = user_named("bob");
    const auto cid = user_named("cid");
    EXPECT_EQ(total(group), 0U);
    for (const auto person : {ada, bob, cid}) {
        link(group, person);
    }
    EXPECT_EQ(total(group), 3U);
    unlink(group, bob);
    EXPECT_EQ(total(group), 2U);
    must_write([&](Transaction& t) { return t.remove(ada); });
    EXPECT_EQ(total(group), 1U);
    must_write([&](Transaction& t) { return t.restore(ada); });
    EXPECT_EQ(total(group), 2U);
    must_write([&](Transaction& t) { return t.remove(group); });
    must_write([&](Transaction& t) { return t.restore(group); });
    EXPECT_EQ(total(group), 2U);
    EXPECT_THAT(names(query(in(group))), ElementsAre("ada", "cid"));
    must_write([&](Transaction& t) -> Status {
        BASCULE_TRY(const auto gone, t.clear_edges(member, group));
        EXPECT_EQ(gone, 2U);
        return {};
    });
    EXPECT_EQ(total(group), 0U);
    EXPECT_THAT(names(query(in(group))), IsEmpty());
}

TEST_F(MembershipFilter, CountsOwnWritesAndNotWhatWasUndone) {
    const auto group = create(new_group("g"));
    const auto ada = user_named("ada");
    const auto bob = user_named("bob");
    link(group, ada);
    const auto status = write([&](Transaction& t) -> Status {
        BASCULE_TRY(const auto added, t.add_edge(member, group, bob));
        EXPECT_TRUE(added);
        Query page;
        page.type = user();
        page.filter = in(group);
        page.limit = 1;
        BASCULE_TRY(const auto result, t.query(page));
        EXPECT_EQ(result.total, 2U);
        return fail(ErrorKind::conflict, "undone", "");
    });
    EXPECT_FALSE(status);
    EXPECT_EQ(total(group), 1U);
}

TEST_F(MembershipFilter, WhatIsReachedThroughAnotherGroupCountsOnce) {
    const auto outer = create(new_group("outer"));
    const auto inner = create(new_group("inner"));
    const auto ada = user_named("ada");
    const auto bob = user_named("bob");
    link(outer, ada);
    EXPECT_THAT(explained(in(outer)), HasSubstr("edge from the object"));
    link(outer, inner);
    link(inner, ada);
    link(inner, bob);
    EXPECT_EQ(total(outer), 2U);
    EXPECT_EQ(total(outer, group()), 1U);
    EXPECT_THAT(explained(in(outer)), HasSubstr("reached from the object"));
    unlink(outer, inner);
    EXPECT_EQ(total(outer), 1U);
    EXPECT_THAT(explained(in(outer)), HasSubstr("edge from the object"));
}

TEST_F(MembershipFilter, AnObjectThatChangesItsTypeIsCountedUnderTheNewOne) {
    const auto holder = create(new_group("g"));
    const auto ada = user_named("ada");
    link(holder, ada);
    must_write([&](Transaction& t) {
        return t.convert(ada, group(), SourceId::local, R"({"displayName":"ada"})", "", "ada");
    });
    EXPECT_EQ(total(holder), 0U);
    EXPECT_EQ(total(holder, group()), 1U);
    must_write([&](Transaction& t) {
        return t.convert(ada, user(), SourceId::local, user_body("ada"), "", "ada");
    });
    EXPECT_EQ(total(holder), 1U);
}

TEST_F(MembershipFilter, PagesAreInTheOrderOfNumbers) {
    const auto holder = create(new_group("g"));
    std::vector<Oid> people;
    for (int n = 0; n < 50; ++n) {
        people.push_back(user_named("u" + std::to_string(n)));
    }
    for (auto person = people.rbegin(); person != people.rend(); ++person) {
        link(holder, *person);
    }
    Query page;
    page.type = user();
    page.filter = in(holder);
    page.offset = 20;
    page.limit = 3;
    const auto result = query(page);
    EXPECT_EQ(result.total, 50U);
    EXPECT_THAT(names(result), ElementsAre("u20", "u21", "u22"));
    page.keyset = Keyset{SortPosition{std::nullopt, people[40]}, true};
    EXPECT_THAT(names(query(page)), ElementsAre("u37", "u38", "u39"));
}

TEST_F(MembershipFilter, ServesAStoreFromBeforeEdgesWereCounted) {
    const auto holder = create(new_group("g"));
    for (const char* name : {"ada", "bob"}) {
        link(holder, user_named(name));
    }
    const auto gone = user_named("gone");
    link(holder, gone);
    must_write([&](Transaction& t) { return t.remove(gone); });
    store.reset();
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(factory.path().c_str(), &raw), SQLITE_OK);
    EXPECT_EQ(
        sqlite3_exec(
            raw, "DROP TABLE edge_count; PRAGMA user_version=4", nullptr, nullptr, nullptr
        ),
        SQLITE_OK
    );
    sqlite3_close(raw);
    store = factory.open();
    EXPECT_EQ(total(holder), 2U);
}

TEST_F(MembershipFilter, LoadedMembershipsAreCounted) {
    const auto source = store->register_source("corp").value_or(SourceId::local);
    auto loader = store->begin_load("corp");
    ASSERT_TRUE(loader);
    const auto add = [&](NewObject object, const std::string& name,
                         std::vector<Loader::Reference> members) {
        object.id = uuid_v5(Uuid{}, name);
        object.source = source;
        MirrorEntry entry;
        entry.source = source;
        entry.anchor = object.id;
        entry.dn = entry.dn_key = name;
        entry.state = EntryState::mirrored;
        ASSERT_TRUE((*loader)->add(std::move(object), std::move(entry), members));
    };
    add(new_group("plain"), "plain", {{member, "u1"}, {member, "u2"}, {member, "nobody"}});
    add(new_group("nested"), "nested", {{member, "plain"}, {member, "u1"}});
    add(new_user("u1"), "u1", {});
    add(new_user("u2"), "u2", {});
    const SourceState state{"corp", source, "c", "f", "m", "live", "", factory.clock.now()};
    ASSERT_TRUE((*loader)->finish(state, JournalRecord{}));
    const auto oid_of = [&](const std::string& name) {
        return read<std::optional<ObjectRow>>([&](Reader& r) {
                   return r.find_row(uuid_v5(Uuid{}, name));
               })
            .value_or(ObjectRow{})
            .oid;
    };
    EXPECT_EQ(total(oid_of("plain")), 2U);
    EXPECT_EQ(total(oid_of("nested")), 2U);
    EXPECT_EQ(total(oid_of("nested"), group()), 1U);
    EXPECT_THAT(explained(in(oid_of("plain"))), HasSubstr("edge from the object"));
}

/// After any sequence of changes the kept counts are what counting gives.
TEST_F(MembershipFilter, KeptCountsEqualCountedOnesAfterRandomChanges) {
    std::mt19937 random(11);
    const auto below = [&](std::size_t end) { return random() % end; };
    std::vector<Oid> all;
    for (int n = 0; n < 12; ++n) {
        all.push_back(user_named("u" + std::to_string(n)));
        all.push_back(create(new_group("g" + std::to_string(n))));
    }
    for (int turn = 0; turn < 400; ++turn) {
        const auto one = all[below(all.size())];
        const auto other = all[below(all.size())];
        // What cannot be done now (an edge of a deleted object) is refused and changes nothing.
        static_cast<void>(write([&](Transaction& t) -> Status {
            switch (below(8)) {
                case 0:
                    return t.remove(one);
                case 1:
                    return t.restore(one);
                case 2: {
                    const bool is_user = below(2) == 0;
                    return t.convert(
                        one, is_user ? user() : group(), SourceId::local,
                        is_user ? user_body("c" + std::to_string(turn)) : "{}", "", "c"
                    );
                }
                case 3: {
                    BASCULE_TRY(const auto gone, t.clear_edges(member, one));
                    return gone > 0 && below(2) == 0 ? fail(ErrorKind::conflict, "undone", "")
                                                     : Status{};
                }
                case 4: {
                    BASCULE_TRY(const auto removed, t.remove_edge(member, one, other));
                    return removed && below(5) == 0 ? fail(ErrorKind::conflict, "undone", "")
                                                    : Status{};
                }
                default: {
                    BASCULE_TRY(const auto added, t.add_edge(member, one, other));
                    return added && below(5) == 0 ? fail(ErrorKind::conflict, "undone", "")
                                                  : Status{};
                }
            }
        }));
    }
    store.reset();
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(factory.path().c_str(), &raw), SQLITE_OK);
    const auto lines = [&](const char* sql) {
        std::string text;
        const auto add = [](void* out, int columns, char** values, char**) {
            for (int column = 0; column < columns; ++column) {
                static_cast<std::string*>(out)->append(values[column]).append(" ");
            }
            static_cast<std::string*>(out)->append("\n");
            return 0;
        };
        EXPECT_EQ(sqlite3_exec(raw, sql, add, &text, nullptr), SQLITE_OK);
        return text;
    };
    const auto kept = lines("SELECT src,type,edges FROM edge_count ORDER BY 1,2");
    EXPECT_THAT(kept, Not(IsEmpty()));
    EXPECT_EQ(
        kept, lines("SELECT e.src,o.type,count(*) FROM edge e JOIN object o ON o.oid=e.dst WHERE "
                    "e.kind=1 GROUP BY 1,2 ORDER BY 1,2")
    );
    sqlite3_close(raw);
}

}  // namespace
}  // namespace bascule::test
