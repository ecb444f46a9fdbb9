// What a domain may do to its mirror: each case ends with an exact comparison and the count of
// removals.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "tests/integration/active_directory/domain_fixture.hpp"

namespace bascule::test {
namespace {

using nlohmann::json;

const std::vector<std::string> nothing;

std::string moved(const std::string& dn, const std::string& rdn, const std::string& superior) {
    return fmt::format(
        "dn: {}\nchangetype: modrdn\nnewrdn: {}\ndeleteoldrdn: 1\nnewsuperior: {}\n", dn, rdn,
        superior
    );
}

std::string deletion(const std::string& dn) {
    return "dn: " + dn + "\nchangetype: delete\n";
}

class DomainSurvival : public DomainTest {
  protected:
    void add_unit(const std::string& dn) {
        samba().modify("dn: " + dn + "\nobjectClass: organizationalUnit\n");
    }
    void change_members(
        const std::string& group, const std::string& kind, const std::string& member
    ) {
        samba().modify(
            "dn: " + group + "\nchangetype: modify\n" + kind + ": member\nmember: " + member + "\n"
        );
    }
    /// Runs `change` while the program follows, or while it does not run.
    void while_live_or_stopped(bool live, const std::function<void()>& change) {
        if (live) {
            change();
            return;
        }
        ASSERT_EQ(daemon().stop(), 0);
        change();
        daemon().start();
    }
    [[nodiscard]] std::uint64_t held() {
        return daemon().source_status().value("held", std::uint64_t{0});
    }
};

/// Both ways of keeping what was deleted.
class RecycleBin : public DomainSurvival, public testing::WithParamInterface<bool> {
  protected:
    void SetUp() override {
        DomainSurvival::SetUp();
        if (!IsSkipped() && GetParam()) {
            samba().stop();
            samba().switch_recycle_bin_on();
            samba().start();
        }
    }
};

TEST_P(RecycleBin, DeletionIsExactLiveAndAfterAPause) {
    const auto alice = samba().add_user("alice", "Passw0rd-1");
    const auto bob = samba().add_user("bob", "Passw0rd-1");
    const auto carol = samba().add_user("carol");
    add_group("staff", {alice, bob, carol});
    const auto empty = add_group("empty");
    serve();
    ASSERT_EQ(wait_equal(), nothing);
    samba().modify(deletion(alice));
    EXPECT_EQ(wait_equal(), nothing);
    EXPECT_EQ(removals(), 1U);
    while_live_or_stopped(false, [&] { samba().modify(deletion(bob) + "\n" + deletion(empty)); });
    EXPECT_EQ(wait_equal(), nothing);
    EXPECT_EQ(removals(), 3U);
    EXPECT_EQ(daemon().find("/Groups", "displayName eq \"staff\"")["members"].size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(OffAndOn, RecycleBin, testing::Bool());

/// Live, and while the program does not run.
class DomainChange : public DomainSurvival, public testing::WithParamInterface<bool> {};

TEST_P(DomainChange, WhoLeavesTheFilterGoesAndComesBackAsHimself) {
    std::vector<std::string> people;
    for (const char* name : {"alice", "bob", "carol"}) {
        people.push_back(samba().add_user(name, {}, "department: sales\n"));
    }
    const auto staff = add_group("staff", people);
    const std::string in_sales = "(&(objectClass=user)(department=sales))";
    serve(SambaRig::suffix(), "    users: { filter: \"" + in_sales + "\" }\n");
    ASSERT_EQ(wait_equal(SambaRig::suffix(), in_sales), nothing);
    ASSERT_FALSE(user("alice").is_null());
    const auto id = user("alice")["id"];
    const auto members = [&] {
        return daemon().find("/Groups", "displayName eq \"staff\"")["members"].size();
    };
    while_live_or_stopped(GetParam(), [&] {
        samba().set(people[0], "department", "research");
        samba().modify(
            "dn: " + people[1] + "\nchangetype: modify\ndelete: department\ndepartment: sales\n"
        );
    });
    wait_until("their leaving", std::chrono::seconds(20), [&] {
        return user("alice").is_null() && user("bob").is_null() && members() == 1;
    });
    EXPECT_FALSE(user("carol").is_null());
    EXPECT_EQ(wait_equal(SambaRig::suffix(), in_sales), nothing);
    EXPECT_EQ(removals(), 2U);
    while_live_or_stopped(GetParam(), [&] { samba().set(people[0], "department", "sales"); });
    wait_until("her return", std::chrono::seconds(20), [&] {
        return !user("alice").is_null() && members() == 2;
    });
    EXPECT_EQ(user("alice")["id"], id);
    EXPECT_EQ(wait_equal(SambaRig::suffix(), in_sales), nothing);
    EXPECT_EQ(removals(), 2U);
}

TEST_P(DomainChange, ContainersAreRenamedAndMoveInAndOutOfTheBase) {
    const auto outside = "OU=outside," + SambaRig::suffix();
    const auto unit = "OU=unit," + SambaRig::people();
    add_unit(outside);
    add_unit("OU=team," + outside);
    add_unit(unit);
    add_unit("OU=inner," + unit);
    const auto add = [&](const std::string& name, const std::string& at) {
        samba().modify(fmt::format(
            "dn: CN={0},{1}\nobjectClass: user\nsAMAccountName: {0}\n"
            "userPrincipalName: {0}@rig.test\nuserAccountControl: 514\n",
            name, at
        ));
    };
    add("inside", "OU=inner," + unit);
    add("joiner", "OU=team," + outside);
    samba().add_user("stays");
    serve(SambaRig::people());
    ASSERT_EQ(wait_equal(SambaRig::people()), nothing);
    const auto id = user("inside")["id"];

    while_live_or_stopped(GetParam(), [&] {
        samba().modify(moved(unit, "OU=renamed", SambaRig::people()));
        samba().modify(moved("OU=team," + outside, "OU=team", SambaRig::people()));
    });
    EXPECT_EQ(wait_equal(SambaRig::people()), nothing);
    EXPECT_EQ(user("inside")["id"], id);
    EXPECT_FALSE(user("joiner").is_null());
    EXPECT_EQ(removals(), 0U);

    while_live_or_stopped(GetParam(), [&] {
        samba().modify(moved("OU=renamed," + SambaRig::people(), "OU=renamed", outside));
        samba().modify(moved("OU=team," + SambaRig::people(), "OU=team", outside));
    });
    EXPECT_EQ(wait_equal(SambaRig::people()), nothing);
    EXPECT_TRUE(user("inside").is_null());
    EXPECT_TRUE(user("joiner").is_null());
    EXPECT_FALSE(user("stays").is_null());
    EXPECT_EQ(removals(), 2U);

    while_live_or_stopped(GetParam(), [&] {
        samba().modify(moved("OU=renamed," + outside, "OU=unit", SambaRig::people()));
    });
    EXPECT_EQ(wait_equal(SambaRig::people()), nothing);
    EXPECT_EQ(user("inside")["id"], id);
    EXPECT_EQ(removals(), 2U);
}

TEST_P(DomainChange, WhoIsMadeAnewAtTheSameDnIsSomebodyElse) {
    const auto alice = samba().add_user("alice");
    const auto bob = samba().add_user("bob");
    add_group("staff", {alice, bob});
    serve();
    ASSERT_EQ(wait_equal(), nothing);
    const auto id = user("alice")["id"];
    while_live_or_stopped(GetParam(), [&] {
        samba().modify(deletion(alice));
        samba().add_user("alice");
    });
    EXPECT_EQ(wait_equal(), nothing);
    EXPECT_NE(user("alice")["id"], id);
    EXPECT_EQ(removals(), 1U);
    EXPECT_EQ(daemon().find("/Groups", "displayName eq \"staff\"")["members"].size(), 1U);
}

/// With rules that read `member` for more than `members` a group is read whole at each change; else
/// who joins and leaves is told one by one.
TEST_P(DomainChange, MembersAreExactByIncrementAndByWholeGroup) {
    std::vector<std::string> people;
    for (int i = 0; i < 8; ++i) {
        people.push_back(samba().add_user("user" + std::to_string(i)));
    }
    const auto group = add_group("many", {people.begin(), people.begin() + 6});
    for (const bool whole : {false, true}) {
        serve(
            SambaRig::suffix(),
            whole ? "    groups: { map: { members: [member, managedBy] } }\n" : ""
        );
        ASSERT_EQ(wait_equal(), nothing);
        while_live_or_stopped(GetParam(), [&] {
            change_members(group, "delete", people[whole ? 0 : 1]);
            change_members(group, "add", people[whole ? 6 : 7]);
        });
        EXPECT_EQ(wait_equal(), nothing);
        while_live_or_stopped(GetParam(), [&] {
            samba().modify("dn: " + group + "\nchangetype: modify\ndelete: member\n");
        });
        EXPECT_EQ(wait_equal(), nothing);
        change_members(group, "add", people[0]);
        change_members(group, "add", people[1]);
        EXPECT_EQ(wait_equal(), nothing);
        EXPECT_EQ(removals(), 0U);
    }
}

INSTANTIATE_TEST_SUITE_P(StoppedAndLive, DomainChange, testing::Bool(), [](const auto& one) {
    return one.param ? "Live" : "Stopped";
});

/// A tombstone that is brought back has its objectGUID, and neither its groups nor most attributes.
TEST_F(DomainSurvival, WhoIsBroughtBackFromTheDeletedIsHimselfWithoutHisGroups) {
    const auto alice = samba().add_user("alice", "Passw0rd-1");
    const auto bob = samba().add_user("bob");
    add_group("staff", {alice, bob});
    serve();
    ASSERT_EQ(wait_equal(), nothing);
    const auto id = user("alice")["id"];
    samba().modify(deletion(alice));
    ASSERT_EQ(wait_equal(), nothing);
    samba().revive("alice", alice);
    EXPECT_EQ(wait_equal(), nothing);
    const auto found = daemon().find("/Users", "userName eq \"alice\"");
    ASSERT_FALSE(found.is_null());
    EXPECT_EQ(found["id"], id);
    EXPECT_EQ(removals(), 1U);
    EXPECT_EQ(daemon().find("/Groups", "displayName eq \"staff\"")["members"].size(), 1U);
}

/// Nobody tells that something may no longer be seen; a comparison finds it, and the guard holds
/// it.
TEST_F(DomainSurvival, PeopleWhoBecomeInvisibleAreHeldAndComeBack) {
    constexpr std::size_t people = 30;
    std::vector<std::string> all;
    for (std::size_t i = 0; i < people; ++i) {
        all.push_back(samba().add_user(fmt::format("user{}", i)));
    }
    add_group("staff", all);
    // However few they are.
    serve(SambaRig::suffix(), "    guard: { deletes: { at_least: 0 } }\n");
    ASSERT_EQ(wait_equal(), nothing);
    samba().hide_people(true);
    // Their changes tell of them, and nothing is to be read.
    for (std::size_t i = 0; i < 5; ++i) {
        samba().set(all[i], "mail", "changed@example.com");
    }
    EXPECT_NE(daemon().command({"drift", "--now"}).exit_code, 0);
    EXPECT_GE(held(), people);
    EXPECT_EQ(removals(), 0U);
    EXPECT_FALSE(user("user7").is_null());
    EXPECT_EQ(daemon().find("/Groups", "displayName eq \"staff\"")["members"].size(), people);
    ASSERT_EQ(daemon().stop(), 0);
    daemon().start();
    EXPECT_EQ(removals(), 0U);
    EXPECT_FALSE(user("user7").is_null());

    samba().hide_people(false);
    static_cast<void>(daemon().command({"drift", "--now"}));
    EXPECT_EQ(wait_equal(), nothing);
    EXPECT_EQ(held(), 0U);
    EXPECT_EQ(removals(), 0U);
}

/// Who changes while his number is hidden looks as if he had none: up to 25 lose it, as live losses
/// do.
TEST_F(DomainSurvival, AnAttributeThatBecomesInvisibleIsHeldAndComesBack) {
    constexpr std::size_t people = 40;
    constexpr std::size_t may_lose_it = 25;
    std::vector<std::string> all;
    for (std::size_t i = 0; i < people; ++i) {
        all.push_back(samba().add_user(fmt::format("user{}", i), {}, "telephoneNumber: +4930111\n")
        );
    }
    serve();
    ASSERT_EQ(wait_equal(), nothing);
    const auto with_number = [&] {
        return std::ranges::count_if(daemon().all("/Users"), [](const json& user) {
            return user.contains("phoneNumbers");
        });
    };
    const auto change_all = [&](const std::string& title) {
        for (const auto& dn : all) {
            samba().set(dn, "title", title);
        }
        ASSERT_TRUE(wait_user(fmt::format("user{}", people - 1), "title", title));
    };
    ASSERT_EQ(with_number(), people);
    samba().hide_numbers(true);
    change_all("Unseen");
    EXPECT_GE(with_number(), people - may_lose_it);
    EXPECT_GT(held(), 0U);
    static_cast<void>(daemon().command({"drift", "--now"}));
    EXPECT_GE(with_number(), people - may_lose_it);
    ASSERT_EQ(daemon().stop(), 0);
    daemon().start();
    EXPECT_GE(with_number(), people - may_lose_it);
    EXPECT_GT(held(), 0U);

    samba().hide_numbers(false);
    change_all("Seen");
    wait_until("every number", std::chrono::seconds(20), [&] { return with_number() == people; });
    EXPECT_EQ(wait_equal(), nothing);
    EXPECT_EQ(held(), 0U);
    EXPECT_EQ(removals(), 0U);
}

}  // namespace
}  // namespace bascule::test
