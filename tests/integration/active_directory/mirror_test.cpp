// The mirror of a real domain, seen by SCIM.
#include <algorithm>
#include <chrono>

#include "directory/base/time.hpp"
#include "tests/integration/active_directory/domain_fixture.hpp"

namespace bascule::test {
namespace {

using nlohmann::json;

class DomainMirror : public DomainTest {};

const std::vector<std::string> nothing;

TEST_F(DomainMirror, FirstReadingAndEveryKindOfChangeAreExact) {
    const auto alice = samba().add_user("alice", "Passw0rd-1");
    const auto bob = samba().add_user("bob", "Passw0rd-1");
    const auto staff = add_group("staff", {alice, bob});
    add_group("everybody", {staff});
    serve();
    EXPECT_EQ(wait_equal(), nothing);
    const auto id = user("alice")["id"];

    samba().set(alice, "mail", "alice@example.com");
    const auto carol = samba().add_user("carol", "Passw0rd-1", "displayName: Carol C.\n");
    samba().modify(
        "dn: " + staff + "\nchangetype: modify\ndelete: member\nmember: " + bob +
        "\n-\nadd: member\nmember: " + carol + "\n"
    );
    EXPECT_EQ(wait_equal(), nothing);

    samba().modify(
        "dn: " + alice +
        "\nchangetype: modrdn\nnewrdn: CN=alice b\ndeleteoldrdn: 1\n"
        "newsuperior: OU=groups," +
        SambaRig::suffix() + "\n"
    );
    samba().modify("dn: " + bob + "\nchangetype: delete\n");
    EXPECT_EQ(wait_equal(), nothing);
    EXPECT_EQ(user("alice")["id"], id);

    // Another object with the name of the deleted one.
    samba().add_user("bob", "Passw0rd-1");
    samba().set(carol, "userAccountControl", "514");
    EXPECT_EQ(wait_equal(), nothing);
    EXPECT_EQ(user("carol")["active"], false);
}

TEST_F(DomainMirror, ARenamedContainerTakesAllBelowAlong) {
    samba().modify("dn: OU=unit," + SambaRig::people() + "\nobjectClass: organizationalUnit\n");
    const std::string inside = "CN=inside,OU=unit," + SambaRig::people();
    samba().modify(
        "dn: " + inside +
        "\nobjectClass: user\nsAMAccountName: inside\n"
        "userPrincipalName: inside@rig.test\nuserAccountControl: 514\n"
    );
    const auto group = add_group("unit members", {inside});
    serve();
    EXPECT_EQ(wait_equal(), nothing);
    samba().modify(
        "dn: OU=unit," + SambaRig::people() +
        "\nchangetype: modrdn\nnewrdn: OU=renamed\ndeleteoldrdn: 1\n"
    );
    samba().set("CN=inside,OU=renamed," + SambaRig::people(), "mail", "inside@example.com");
    EXPECT_EQ(wait_equal(), nothing);
}

TEST_F(DomainMirror, GoesOnWhereItEndedAndReadsNothingTwice) {
    const auto alice = samba().add_user("alice");
    const auto bob = samba().add_user("bob");
    const auto group = add_group("staff", {alice, bob});
    serve();
    ASSERT_EQ(wait_equal(), nothing);
    ASSERT_EQ(daemon().stop(), 0);
    daemon().start();
    EXPECT_EQ(daemon().source_status()["received"], 0);
    EXPECT_EQ(wait_equal(), nothing);

    ASSERT_EQ(daemon().stop(), 0);
    samba().set(alice, "mail", "new@example.com");
    samba().modify("dn: " + bob + "\nchangetype: delete\n");
    samba().add_user("carol");
    daemon().start();
    EXPECT_EQ(wait_equal(), nothing);
    // Alice, Carol, and twice the group of everybody that she joined.
    EXPECT_LE(daemon().source_status()["received"], 6);
}

TEST_F(DomainMirror, MembersWhoComeAndGoAreExactLiveAndAfterAPause) {
    std::vector<std::string> people;
    for (int i = 0; i < 12; ++i) {
        people.push_back(samba().add_user("user" + std::to_string(i)));
    }
    const auto group = add_group("many", {people.begin(), people.begin() + 9});
    const auto inner = add_group("inner");
    const auto change = [&](const std::string& kind, const std::string& member) {
        samba().modify(
            "dn: " + group + "\nchangetype: modify\n" + kind + ": member\nmember: " + member + "\n"
        );
    };
    serve();
    ASSERT_EQ(wait_equal(), nothing);
    change("delete", people[0]);
    change("add", people[9]);
    change("add", inner);
    EXPECT_EQ(wait_equal(), nothing);
    change("add", people[0]);
    // Who is deleted, moved and made anew while being a member.
    samba().modify("dn: " + people[1] + "\nchangetype: delete\n");
    samba().modify(
        "dn: " + people[2] +
        "\nchangetype: modrdn\nnewrdn: CN=moved\ndeleteoldrdn: 1\n"
        "newsuperior: " +
        SambaRig::groups() + "\n"
    );
    samba().add_user("user1");
    EXPECT_EQ(wait_equal(), nothing);

    ASSERT_EQ(daemon().stop(), 0);
    change("delete", people[3]);
    change("add", people[10]);
    samba().modify("dn: " + people[4] + "\nchangetype: delete\n");
    change("add", samba().add_user("newcomer"));
    daemon().start();
    EXPECT_EQ(wait_equal(), nothing);
}

TEST_F(DomainMirror, AKilledMirrorComesBackExact) {
    const auto alice = samba().add_user("alice");
    serve();
    ASSERT_EQ(wait_equal(), nothing);
    daemon().kill();
    samba().modify("dn: " + alice + "\nchangetype: delete\n");
    samba().restart();
    samba().add_user("bob");
    daemon().start();
    EXPECT_EQ(wait_equal(), nothing);
}

TEST_F(DomainMirror, AnAccountExpiresWithoutAChangeInTheDirectory) {
    samba().add_user("alice", "Passw0rd-1");
    const auto bob = samba().add_user("bob", "Passw0rd-1");
    serve();
    const auto instant = SambaRig::ticks_after(2.5);
    samba().set("CN=alice," + SambaRig::people(), "accountExpires", instant);
    ASSERT_TRUE(wait_user("alice", "active", true));
    ASSERT_TRUE(wait_user("alice", "active", false));
    EXPECT_GE(std::stoll(SambaRig::ticks_after(0)), std::stoll(instant));
    EXPECT_EQ(wait_equal(), nothing);

    // While nobody looks.
    samba().set(bob, "accountExpires", SambaRig::ticks_after(1.5));
    const auto expired = SambaRig::ticks_after(1.6);
    ASSERT_EQ(wait_equal(), nothing);
    daemon().stop();
    wait_until("the account's end", std::chrono::seconds(10), [&] {
        return std::stoll(SambaRig::ticks_after(0)) > std::stoll(expired);
    });
    daemon().start();
    EXPECT_TRUE(wait_user("bob", "active", false));
    EXPECT_EQ(wait_equal(), nothing);
}

TEST_F(DomainMirror, AnExpiredAccountIsToldWithinASecondAndTheTimeIsGivenAsTheReason) {
    for (const char* name : {"alice", "bob", "carol"})
        samba().add_user(name, "Passw0rd-1");
    serve();
    using std::chrono::milliseconds;
    constexpr std::int64_t ticks_of_a_millisecond = 10'000;
    constexpr milliseconds from_1601_to_1970{11'644'473'600'000};
    auto least = milliseconds::max();
    // A machine that is busy with something else gets another try.
    for (const std::string name : {"alice", "bob", "carol"}) {
        const auto ticks = SambaRig::ticks_after(2.5);
        const std::string dn = "CN=" + name + "," + SambaRig::people();
        samba().set(dn, "accountExpires", ticks);
        ASSERT_TRUE(wait_user(name, "active", false));
        const auto answer = nlohmann::json::parse(
            daemon().command({"--json", "explain", dn, "--attribute", "active"}).output
        );
        const auto& told = answer["attributes"][0];
        EXPECT_EQ(told["origin"], "time") << told;
        EXPECT_EQ(told["before"], true);
        const auto set = parse_time(told["set"].get<std::string>());
        ASSERT_TRUE(set.has_value());
        const Time instant(
            milliseconds(std::stoll(ticks) / ticks_of_a_millisecond) - from_1601_to_1970
        );
        EXPECT_GE(*set, instant);
        least = std::min(least, *set - instant);
        if (least <= std::chrono::seconds(1))
            break;
    }
    RecordProperty("milliseconds", std::to_string(least.count()));
    EXPECT_LE(least, std::chrono::seconds(1));
}

TEST_F(DomainMirror, ComparedWithTheDomainNothingDiffers) {
    const auto alice = samba().add_user("alice", "Passw0rd-1");
    add_group("staff", {alice});
    serve();
    ASSERT_EQ(wait_equal(), nothing);
    samba().set(alice, "description", "of no interest");
    samba().set(alice, "title", "Boss");
    ASSERT_EQ(wait_equal(), nothing);
    for (int round = 0; round < 2; ++round) {
        const auto answer =
            json::parse(daemon().command({"--json", "drift", "--now"}).output, nullptr, false);
        const auto& report = answer["sources"][0]["report"];
        EXPECT_EQ(report["drift"], 0) << answer;
        EXPECT_EQ(report["complete"], true) << answer;
    }
}

TEST_F(DomainMirror, OfAUnitOnlyWhatStandsInIt) {
    const auto outside = "OU=outside," + SambaRig::suffix();
    samba().modify("dn: " + outside + "\nobjectClass: organizationalUnit\n");
    samba().modify("dn: OU=team," + outside + "\nobjectClass: organizationalUnit\n");
    const auto inside = samba().add_user("inside");
    samba().add_user("leaver");
    samba().modify(
        "dn: CN=joiner,OU=team," + outside +
        "\nobjectClass: user\nsAMAccountName: joiner\nuserPrincipalName: joiner@rig.test\n"
        "userAccountControl: 514\n"
    );
    serve(SambaRig::people());
    EXPECT_EQ(wait_equal(SambaRig::people()), nothing);
    EXPECT_TRUE(user("joiner").is_null());

    samba().modify(
        "dn: CN=leaver," + SambaRig::people() +
        "\nchangetype: modrdn\nnewrdn: CN=leaver\ndeleteoldrdn: 1\nnewsuperior: " + outside + "\n"
    );
    samba().modify(
        "dn: OU=team," + outside +
        "\nchangetype: modrdn\nnewrdn: OU=team\ndeleteoldrdn: 1\nnewsuperior: " +
        SambaRig::people() + "\n"
    );
    EXPECT_EQ(wait_equal(SambaRig::people()), nothing);
    EXPECT_TRUE(user("leaver").is_null());
    EXPECT_FALSE(user("joiner").is_null());

    samba().modify(
        "dn: OU=team," + SambaRig::people() +
        "\nchangetype: modrdn\nnewrdn: OU=team\ndeleteoldrdn: 1\nnewsuperior: " + outside + "\n"
    );
    EXPECT_EQ(wait_equal(SambaRig::people()), nothing);
    EXPECT_TRUE(user("joiner").is_null());
}

TEST_F(DomainMirror, ADomainThatIsDownAtTheStartIsFoundLater) {
    samba().add_user("alice");
    samba().stop();
    launch();
    wait_until("an attempt", std::chrono::seconds(20), [&] {
        const json status = daemon().source_status();
        return status.is_object() && status.value("state", "") == "backoff";
    });
    samba().start();
    daemon().wait_for_state("live", std::chrono::seconds(40));
    EXPECT_EQ(wait_equal(), nothing);
}

TEST_F(DomainMirror, PrimaryGroupsHaveTheirMembers) {
    const auto alice = samba().add_user("alice");
    const auto staff = add_group("staff", {alice});
    serve();
    ASSERT_EQ(wait_equal(), nothing);
    const auto sid = samba().client().values(staff, "primaryGroupToken");
    ASSERT_EQ(sid.size(), 1U);
    samba().set(alice, "primaryGroupID", sid.front());
    EXPECT_EQ(wait_equal(), nothing);
    const auto members = daemon().find("/Groups", "displayName eq \"staff\"")["members"];
    EXPECT_EQ(members.size(), 1U);
    samba().modify("dn: " + alice + "\nchangetype: delete\n");
    samba().add_user("bob");
    EXPECT_EQ(wait_equal(), nothing);
}

}  // namespace
}  // namespace bascule::test
