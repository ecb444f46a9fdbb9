// A mirror of a real 389 Directory Server stays exact.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "connectors/ldap/dialects/ds389.hpp"
#include "tests/integration/ds389/ds389_source.hpp"
#include "tests/integration/mirror/mirror_rig.hpp"
#include "tests/support/relay.hpp"

namespace bascule::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::size_t units = 3;

std::string people(std::string_view below = {}) {
    return fmt::format("{}ou=people,{}", below, Ds389Rig::suffix());
}

MirrorSetup setup_of(const Ds389Rig& rig, std::string base, mirror::GuardLimits limits) {
    return {
        ds389_source(rig, std::move(base)), ldap::Dialect::ds389, "nsUniqueId", std::move(limits)};
}

std::string rename(const std::string& dn, const std::string& rdn, const std::string& parent = {}) {
    return fmt::format(
        "dn: {}\nchangetype: modrdn\nnewrdn: {}\ndeleteoldrdn: 1\n{}\n", dn, rdn,
        parent.empty() ? "" : "newsuperior: " + parent + "\n"
    );
}

std::string remove(const std::string& dn) {
    return fmt::format("dn: {}\nchangetype: delete\n\n", dn);
}

/// Every kind of change once. Group members follow a rename, as an administrator or a plug-in would
/// see to.
std::string every_change() {
    const auto added = people("uid=new,ou=d0,");
    const auto modify = [](const std::string& dn, const std::string& changes) {
        return fmt::format("dn: {}\nchangetype: modify\n{}\n", dn, changes);
    };
    return fmt::format(
               "dn: {}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: new\ncn: New\nsn: "
               "New\n\n",
               added
           ) +
           modify(user_dn(3, units), "replace: title\ntitle: Pilot\n") +
           rename(user_dn(4, units), "uid=renamed") +
           rename(user_dn(5, units), "uid=" + user_uid(5), people("ou=d0,")) +
           rename(people("ou=d1,"), "ou=deep", people("ou=d0,")) + remove(user_dn(6, units)) +
           modify(
               group_dn("g0000"), fmt::format(
                                      "replace: member\nmember: {}\nmember: {}\nmember: {}\n",
                                      user_dn(0, units), added, people("uid=renamed,ou=deep,ou=d0,")
                                  )
           ) +
           remove(group_dn("g0001"));
}

/// Whether `condition` comes true before `until`.
bool wait_until_time(
    std::chrono::steady_clock::time_point until, const std::function<bool()>& condition
) {
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

class Ds389Mirror : public testing::Test {
  protected:
    void SetUp() override {
        ds389.modify(
            units_ldif(units) + users_ldif({.count = 12, .first = 0, .units = units}) +
            groups_ldif(2, 12, units)
        );
    }
    void TearDown() override {
        if (!ds389.running()) {
            ds389.start();
        }
        ds389.clear();
    }
    void begin() {
        mirror.start();
        ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
        ASSERT_THAT(mirror.wait_equal(), IsEmpty());
    }
    Ds389Rig& ds389 = shared_ds389();
    MirrorRig mirror{setup_of(ds389, Ds389Rig::suffix(), open_limits())};
};

TEST_F(Ds389Mirror, EveryLiveChangeArrives) {
    begin();
    EXPECT_THAT(mirror.document(user_dn(7, units)), HasSubstr("u0000007@rig.test"));
    EXPECT_THAT(
        mirror.document(user_dn(7, units)),
        HasSubstr("\"externalId\":\"" + ds389.values(user_dn(7, units), "nsUniqueId").at(0) + "\"")
    );
    ds389.modify(every_change());
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.document(group_dn("g0001")).empty(); }));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.document(people("uid=renamed,ou=deep,ou=d0,")), HasSubstr("renamed"));
    EXPECT_THAT(mirror.members(group_dn("g0000")), SizeIs(3));
    EXPECT_LT(mirror.status().lag.value_or(99'000), 30'000);
    EXPECT_EQ(mirror.deletes(), 2U);
}

TEST_F(Ds389Mirror, ChangesWhileItWasStoppedComeByTheCookie) {
    begin();
    const auto cookie = mirror.status().cookie;
    EXPECT_THAT(cookie, HasSubstr("#" + Ds389Rig::service_dn() + ":" + Ds389Rig::suffix()));
    mirror.stop();
    ds389.modify(every_change());
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    EXPECT_LT(mirror.status().received, 12U);
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    mirror.stop();
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    EXPECT_EQ(mirror.status().received, 0U);
    EXPECT_EQ(mirror.deletes(), 2U);
}

TEST_F(Ds389Mirror, TrimmedChangelogIsNoticed) {
    begin();
    mirror.stop();
    ds389.modify(every_change());
    ds389.trim_changelog();
    mirror.start();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_TRUE(mirror.document(group_dn("g0001")).empty());
    EXPECT_EQ(mirror.deletes(), 2U);
}

TEST_F(Ds389Mirror, LogWithoutUniqueIdsIsNotTrusted) {
    constexpr std::string_view plugin = "dn: cn=Retro Changelog Plugin,cn=plugins,cn=config\n";
    ds389.modify(fmt::format("{}changetype: modify\ndelete: nsslapd-attribute\n", plugin));
    ds389.restart();
    begin();
    EXPECT_THAT(mirror.status().cookie, StartsWith("@" + ds389.ldap_uri() + " localhost"));
    mirror.stop();
    ds389.modify(every_change());
    mirror.start();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    ds389.set(user_dn(0, units), "title", "Live");
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    mirror.stop();
    ds389.modify(remove(user_dn(0, units)));
    mirror.start();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 3U);
    ds389.modify(fmt::format(
        "{}changetype: modify\nadd: nsslapd-attribute\nnsslapd-attribute: "
        "nsuniqueid:targetUniqueId\n",
        plugin
    ));
    ds389.restart();
}

TEST_F(Ds389Mirror, ContainersThatLeaveAndReturnTakeTheirContentAlong) {
    MirrorRig part{setup_of(ds389, people(), open_limits())};
    part.start();
    ASSERT_TRUE(part.wait_live()) << part.status().last_error;
    ds389.modify(rename(people("ou=d2,"), "ou=away", Ds389Rig::suffix()));
    ASSERT_TRUE(MirrorRig::wait([&] { return part.document(user_dn(2, units)).empty(); }));
    EXPECT_THAT(part.wait_equal(), IsEmpty());
    EXPECT_EQ(part.deletes(), 4U);  // 12 users in three units
    ds389.modify(rename("ou=away," + Ds389Rig::suffix(), "ou=d2", people()));
    EXPECT_THAT(part.wait_equal(), IsEmpty());
    EXPECT_THAT(part.document(user_dn(2, units)), HasSubstr("u0000002"));
    EXPECT_EQ(part.deletes(), 4U);
}

TEST_F(Ds389Mirror, FollowsTheServerThroughRestartAndCrash) {
    begin();
    ds389.restart();
    ds389.set(user_dn(1, units), "title", "After restart");
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    ds389.kill();
    ds389.start();
    ds389.modify(remove(user_dn(8, units)));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 1U);
}

TEST_F(Ds389Mirror, CookieThatTheServerDoesNotTakeMeansReadingAgain) {
    begin();
    const auto cookie = mirror.status().cookie;
    mirror.stop();
    ds389.modify(every_change());
    const auto place = cookie.substr(cookie.find("localhost"));
    for (const auto& bad :
         {cookie + "000000", "localhost:1" + cookie.substr(cookie.find('#')),
          std::string("x#y#z")}) {
        mirror.store_cookie(bad);
        mirror.start();
        EXPECT_THAT(mirror.wait_equal(), IsEmpty()) << bad;
        EXPECT_TRUE(mirror.wait_live()) << bad;
        EXPECT_THAT(mirror.status().cookie, HasSubstr(place.substr(0, place.rfind('#'))));
        EXPECT_EQ(mirror.deletes(), 2U) << bad;
        mirror.stop();
    }
}

TEST_F(Ds389Mirror, RefreshThatALimitCutsShortIsToldAndDeletesNothing) {
    begin();
    mirror.stop();
    mirror.store_cookie("");
    ds389.set(Ds389Rig::service_dn(), "nsSizeLimit", "5");
    mirror.start();
    EXPECT_TRUE(MirrorRig::wait([&] { return mirror.status().state == "degraded"; }));
    EXPECT_THAT(mirror.status().last_error, StartsWith("directory_limit"));
    EXPECT_THAT(mirror.status().last_error, HasSubstr("nsSizeLimit"));
    mirror.stop();
    ds389.set(Ds389Rig::service_dn(), "nsSizeLimit", "-1");
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
    mirror.start();
    EXPECT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// Another program's synchronisation streams.
class OtherStreams {
  public:
    explicit OtherStreams(const Ds389Rig& rig) : options_(ds389_source(rig)) {}

    /// False when the server has no room.
    bool add() {
        const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        auto stream = *ldap::Connection::open_bound(options_.connection, soon);
        ldap::SearchRequest request;
        request.base = Ds389Rig::suffix();
        request.scope = ldap::SearchScope::subtree;
        const auto id = *stream.start_sync(request, {});
        const auto first = stream.next_message(id, soon);
        const auto outcome = stream.outcome_of(first->get());
        if (outcome && outcome->code != 0) {
            return false;
        }
        streams_.push_back(std::move(stream));
        return true;
    }
    void end_one() { streams_.pop_back(); }

  private:
    ldap::SourceOptions options_;
    std::vector<ldap::Connection> streams_;
};

TEST_F(Ds389Mirror, WithoutRoomForAStreamChangesAreAskedForUntilThereIs) {
    auto setup = setup_of(ds389, Ds389Rig::suffix(), open_limits());
    setup.source.polling.interval = std::chrono::milliseconds(100);
    MirrorRig polling{std::move(setup)};
    OtherStreams others(ds389);
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(others.add());
    }
    ASSERT_FALSE(others.add());
    polling.start();
    ASSERT_TRUE(polling.wait_live()) << polling.status().last_error;
    EXPECT_THAT(polling.wait_equal(), IsEmpty());
    ds389.modify(every_change());
    ASSERT_TRUE(MirrorRig::wait([&] { return polling.document(group_dn("g0001")).empty(); }));
    EXPECT_THAT(polling.wait_equal(), IsEmpty());
    EXPECT_EQ(polling.status().state, "live");

    // Nine of the others are left; the mirror takes the tenth place.
    others.end_one();
    ASSERT_TRUE(MirrorRig::wait([&] {
        if (!others.add()) {
            return true;
        }
        others.end_one();
        return false;
    }));
    ds389.set(user_dn(0, units), "title", "By the stream");
    EXPECT_THAT(polling.wait_equal(), IsEmpty());
    EXPECT_EQ(polling.deletes(), 2U);
}

TEST_F(Ds389Mirror, ChangesThatTheStreamDoesNotDeliverAreNoticed) {
    Relay relay(ds389.port());
    auto setup = setup_of(ds389, people(), open_limits());
    setup.source.connection.servers = {fmt::format("ldap://127.0.0.1:{}", relay.port())};
    setup.source.heartbeat = std::chrono::milliseconds(100);
    const auto reach = setup.source.connection.reach;
    MirrorRig part{std::move(setup)};
    part.start();
    ASSERT_TRUE(part.wait_live()) << part.status().last_error;
    ASSERT_THAT(part.wait_equal(), IsEmpty());
    // Changes of others move the change number, too, and are no reason to begin again.
    for (int round = 0; round < 5; ++round) {
        ds389.set(group_dn("g0000"), "description", fmt::format("Round {}", round));
        const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(400);
        EXPECT_FALSE(wait_until_time(until, [&] { return reach->view().streams > 1; }));
    }
    relay.mute(0);
    ds389.set(user_dn(1, units), "title", "Unheard");
    ds389.modify(remove(user_dn(2, units)));
    ASSERT_TRUE(MirrorRig::wait([&] { return part.document(user_dn(2, units)).empty(); }));
    EXPECT_THAT(part.wait_equal(), IsEmpty());
    EXPECT_EQ(part.deletes(), 1U);
}

}  // namespace
}  // namespace bascule::test
