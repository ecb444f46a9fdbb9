#include <gmock/gmock.h>

#include "fixture.hpp"

namespace bascule::test {
namespace {

using namespace directory;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

template <class Factory>
class StoreEdges : public StoreContract<Factory> {
  protected:
    std::vector<std::string> targets(Oid source, EdgeKind kind = EdgeKind::member) {
        return displays(this->template read<std::vector<ObjectRow>>([&](Reader& r) {
            return r.edge_targets(kind, source, Oid{}, 100);
        }));
    }
    std::vector<std::string> sources(Oid target) {
        return displays(this->template read<std::vector<ObjectRow>>([&](Reader& r) {
            return r.edge_sources(EdgeKind::member, target, Oid{}, 100);
        }));
    }
    std::vector<std::string> reaching(Oid target, bool direct) {
        std::vector<std::string> result;
        for (const auto& neighbour : this->template read<std::vector<Neighbour>>([&](Reader& r) {
                 return r.reaching(EdgeKind::member, target);
             })) {
            if (neighbour.direct == direct) {
                result.push_back(neighbour.row.display);
            }
        }
        return result;
    }
    static std::vector<std::string> displays(const std::vector<ObjectRow>& rows) {
        std::vector<std::string> result;
        for (const auto& row : rows) {
            result.push_back(row.display);
        }
        return result;
    }
};
TYPED_TEST_SUITE(StoreEdges, Adapters);

TYPED_TEST(StoreEdges, AddedEdgeIsSeenFromBothEndsAndVersionsItsSource) {
    const auto ada = this->create(this->new_user("ada"));
    const auto team = this->create(this->new_group("team"));
    this->link(team, ada);
    EXPECT_THAT(this->targets(team), ElementsAre("ada"));
    EXPECT_THAT(this->sources(ada), ElementsAre("team"));
    EXPECT_EQ(this->row(team).version, 2U);
    EXPECT_EQ(this->row(team).references, 1U);
    EXPECT_EQ(this->row(ada).version, 1U);
    this->must_write([&](Transaction& t) -> Status {
        EXPECT_FALSE(t.add_edge(EdgeKind::member, team, ada).value_or(true));
        return {};
    });
    EXPECT_EQ(this->row(team).version, 2U);
}

TYPED_TEST(StoreEdges, ManyEdgesInOneTransactionMakeOneVersion) {
    const auto team = this->create(this->new_group("team"));
    const auto ada = this->create(this->new_user("ada"));
    const auto eve = this->create(this->new_user("eve"));
    this->must_write([&](Transaction& t) -> Status {
        EXPECT_TRUE(t.add_edge(EdgeKind::member, team, ada).value_or(false));
        EXPECT_TRUE(t.add_edge(EdgeKind::member, team, eve).value_or(false));
        EXPECT_TRUE(t.remove_edge(EdgeKind::member, team, ada).value_or(false));
        return {};
    });
    EXPECT_EQ(this->row(team).version, 2U);
    EXPECT_EQ(this->row(team).references, 1U);
    EXPECT_EQ(
        this->template read<std::uint64_t>([&](Reader& r) {
            return r.count_edges(EdgeKind::member, team);
        }),
        1U
    );
}

TYPED_TEST(StoreEdges, PagesOfTargetsFollowOneAnother) {
    const auto team = this->create(this->new_group("team"));
    std::vector<Oid> people;
    for (const char* name : {"a", "b", "c"}) {
        people.push_back(this->create(this->new_user(name)));
        this->link(team, people.back());
    }
    const auto page = this->template read<std::vector<ObjectRow>>([&](Reader& r) {
        return r.edge_targets(EdgeKind::member, team, people[0], 1);
    });
    EXPECT_THAT(this->displays(page), ElementsAre("b"));
}

TYPED_TEST(StoreEdges, RemovedMemberComesBackWithItsMemberships) {
    const auto ada = this->create(this->new_user("ada"));
    const auto team = this->create(this->new_group("team"));
    this->link(team, ada);
    this->must_write([&](Transaction& t) { return t.remove(ada); });
    EXPECT_THAT(this->targets(team), IsEmpty());
    EXPECT_EQ(this->row(team).references, 0U);
    EXPECT_EQ(this->row(team).version, 3U);
    this->must_write([&](Transaction& t) { return t.restore(ada); });
    EXPECT_THAT(this->targets(team), ElementsAre("ada"));
    EXPECT_EQ(this->row(team).references, 1U);
    EXPECT_EQ(this->row(team).version, 4U);
}

TYPED_TEST(StoreEdges, EdgeBetweenTwoRemovedObjectsComesBackWithTheSecond) {
    const auto ada = this->create(this->new_user("ada"));
    const auto team = this->create(this->new_group("team"));
    this->link(team, ada);
    this->must_write([&](Transaction& t) { return t.remove(team); });
    this->must_write([&](Transaction& t) { return t.remove(ada); });
    this->must_write([&](Transaction& t) { return t.restore(team); });
    EXPECT_THAT(this->targets(team), IsEmpty());
    EXPECT_EQ(this->row(team).references, 0U);
    this->must_write([&](Transaction& t) { return t.restore(ada); });
    EXPECT_THAT(this->targets(team), ElementsAre("ada"));
    EXPECT_EQ(this->row(team).references, 1U);
}

TYPED_TEST(StoreEdges, MembershipTakenAwayWhileRemovedStaysAway) {
    const auto ada = this->create(this->new_user("ada"));
    const auto team = this->create(this->new_group("team"));
    this->link(team, ada);
    this->must_write([&](Transaction& t) { return t.remove(ada); });
    this->must_write([&](Transaction& t) -> Status {
        EXPECT_EQ(t.clear_edges(EdgeKind::member, team).value_or(9), 0U);
        return {};
    });
    this->must_write([&](Transaction& t) { return t.restore(ada); });
    EXPECT_THAT(this->targets(team), IsEmpty());
}

TYPED_TEST(StoreEdges, RestoredManagerDoesNotReplaceANewerOne) {
    const auto ada = this->create(this->new_user("ada"));
    const auto boss = this->create(this->new_user("boss"));
    const auto other = this->create(this->new_user("other"));
    this->link(ada, boss, EdgeKind::manager);
    this->must_write([&](Transaction& t) { return t.remove(boss); });
    this->link(ada, other, EdgeKind::manager);
    this->must_write([&](Transaction& t) { return t.restore(boss); });
    EXPECT_THAT(this->targets(ada, EdgeKind::manager), ElementsAre("other"));
    EXPECT_EQ(this->row(ada).references, 1U);
}

TYPED_TEST(StoreEdges, PurgedObjectLeavesNoEdges) {
    const auto ada = this->create(this->new_user("ada"));
    const auto team = this->create(this->new_group("team"));
    this->link(team, ada);
    this->must_write([&](Transaction& t) { return t.remove(ada); });
    this->factory.clock.advance(std::chrono::seconds(1));
    this->must_write([&](Transaction& t) -> Status {
        EXPECT_EQ(t.purge(t.now(), 10).value_or(0), 1U);
        return {};
    });
    this->must_write([&](Transaction& t) { return t.remove(team); });
    this->must_write([&](Transaction& t) { return t.restore(team); });
    EXPECT_THAT(this->targets(team), IsEmpty());
}

TYPED_TEST(StoreEdges, EdgeToADeletedObjectIsNotFound) {
    const auto ada = this->create(this->new_user("ada"));
    const auto team = this->create(this->new_group("team"));
    this->must_write([&](Transaction& t) { return t.remove(ada); });
    const auto status = this->write([&](Transaction& t) -> Status {
        auto added = t.add_edge(EdgeKind::member, team, ada);
        return added ? Status{} : fail(added.error());
    });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::not_found);
}

TYPED_TEST(StoreEdges, ReachingFollowsNestingThroughDiamondsAndCycles) {
    const auto ada = this->create(this->new_user("ada"));
    const auto left = this->create(this->new_group("left"));
    const auto right = this->create(this->new_group("right"));
    const auto top = this->create(this->new_group("top"));
    this->link(left, ada);
    this->link(right, ada);
    this->link(top, left);
    this->link(top, right);
    this->link(left, top);  // a cycle
    EXPECT_THAT(this->reaching(ada, true), UnorderedElementsAre("left", "right"));
    EXPECT_THAT(this->reaching(ada, false), UnorderedElementsAre("top"));
    EXPECT_THAT(this->reaching(left, true), UnorderedElementsAre("top"));
}

TYPED_TEST(StoreEdges, ReachingFollowsLongChainsAndSeesEveryChangeAtOnce) {
    constexpr std::size_t depth = 300;
    const auto ada = this->create(this->new_user("ada"));
    std::vector<Oid> chain{ada};
    for (std::size_t n = 0; n < depth; ++n) {
        chain.push_back(this->create(this->new_group("g" + std::to_string(n))));
        this->link(chain[n + 1], chain[n]);
    }
    EXPECT_THAT(this->reaching(ada, true), ElementsAre("g0"));
    EXPECT_EQ(this->reaching(ada, false).size(), depth - 1);
    this->link(chain[depth], ada);  // direct now, though it is also far above
    EXPECT_THAT(this->reaching(ada, true), ElementsAre("g0", "g299"));
    EXPECT_EQ(this->reaching(ada, false).size(), depth - 2);
    this->must_write([&](Transaction& t) -> Status {
        BASCULE_TRY(
            [[maybe_unused]] const bool gone, t.remove_edge(EdgeKind::member, chain[10], chain[9])
        );
        BASCULE_TRY(const auto above, t.reaching(EdgeKind::member, ada));
        EXPECT_EQ(above.size(), 10U);  // nine groups, and the top by its own edge
        return {};
    });
    EXPECT_EQ(this->reaching(ada, false).size(), 8U);
    this->link(ada, ada);
    EXPECT_THAT(this->reaching(ada, true), ElementsAre("g0", "g299"));
}

TYPED_TEST(StoreEdges, ReachingShowsGroupsAsTheyAreNow) {
    const auto ada = this->create(this->new_user("ada"));
    const auto team = this->create(this->new_group("team"));
    this->link(team, ada);
    EXPECT_THAT(this->reaching(ada, true), ElementsAre("team"));
    this->must_write([&](Transaction& t) -> Status {
        BASCULE_TRY(
            [[maybe_unused]] const bool changed,
            t.update(team, R"({"displayName":"crew"})", "", "crew")
        );
        return {};
    });
    EXPECT_THAT(this->reaching(ada, true), ElementsAre("crew"));
    this->must_write([&](Transaction& t) { return t.remove(team); });
    EXPECT_THAT(this->reaching(ada, true), IsEmpty());
    this->must_write([&](Transaction& t) { return t.restore(team); });
    EXPECT_THAT(this->reaching(ada, true), ElementsAre("crew"));
}

TYPED_TEST(StoreEdges, FiltersFollowEdges) {
    const auto ada = this->create(this->new_user("ada"));
    const auto team = this->create(this->new_group("team"));
    const auto top = this->create(this->new_group("top"));
    this->create(this->new_user("eve"));
    this->link(team, ada);
    this->link(top, team);
    Filter from;
    from.kind = Filter::Kind::edge_from;
    from.target = this->row(top).id;
    EXPECT_THAT(this->names(this->query(from)), ElementsAre("ada"));
    Filter to;
    to.kind = Filter::Kind::edge_to;
    to.target = this->row(ada).id;
    Query groups;
    groups.type = this->group();
    groups.filter = to;
    EXPECT_THAT(this->names(this->query(groups)), ElementsAre("team"));
    EXPECT_THAT(
        this->names(this->query(combined(Filter::Kind::negation, {from}))), ElementsAre("eve")
    );
    EXPECT_THAT(
        this->names(this->query(combined(
            Filter::Kind::all_of, {from, this->where("userName", Operator::eq, std::string("ada"))}
        ))),
        ElementsAre("ada")
    );
}

TYPED_TEST(StoreEdges, FiltersTellWhetherThereAreEdges) {
    const auto ada = this->create(this->new_user("ada"));
    const auto bob = this->create(this->new_user("bob"));
    this->create(this->new_user("eve"));
    const auto pair = this->create(this->new_group("pair"));
    const auto single = this->create(this->new_group("single"));
    const auto top = this->create(this->new_group("top"));
    this->create(this->new_group("empty"));
    this->link(pair, ada);
    this->link(pair, bob);
    this->link(single, ada);
    this->link(top, pair);
    const auto groups = [&](const Filter& filter) {
        Query query;
        query.type = this->group();
        query.filter = filter;
        return this->names(this->query(query));
    };
    Filter filter;
    filter.kind = Filter::Kind::has_edges_to;
    EXPECT_THAT(groups(filter), ElementsAre("pair", "single", "top"));
    EXPECT_THAT(groups(combined(Filter::Kind::negation, {filter})), ElementsAre("empty"));
    filter.target = this->row(ada).id;
    EXPECT_THAT(groups(filter), ElementsAre("pair", "top"));
    filter.edge = EdgeKind::manager;
    EXPECT_THAT(groups(filter), ElementsAre());
    filter.edge = EdgeKind::member;
    filter.kind = Filter::Kind::has_edges_from;
    filter.target = {};
    EXPECT_THAT(this->names(this->query(filter)), ElementsAre("ada", "bob"));
    filter.target = this->row(single).id;
    EXPECT_THAT(this->names(this->query(filter)), ElementsAre("ada", "bob"));
    // Someone in one group has no other, unless that group is in another itself.
    filter.target = this->row(pair).id;
    EXPECT_THAT(this->names(this->query(filter)), ElementsAre("ada", "bob"));
    this->must_write([&](Transaction& t) -> Status {
        BASCULE_CHECK(t.remove_edge(EdgeKind::member, top, pair));
        return {};
    });
    EXPECT_THAT(this->names(this->query(filter)), ElementsAre("ada"));
}

}  // namespace
}  // namespace bascule::test
