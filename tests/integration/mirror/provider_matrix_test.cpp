// What a provider may do to a mirror: each case ends with an exact comparison and the count of
// removals.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/integration/mirror/mirror_rig.hpp"

namespace bascule::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string delete_users(std::size_t first, std::size_t count) {
    std::string ldif;
    for (std::size_t number = first; number < first + count; ++number)
        ldif += fmt::format("dn: {}\nchangetype: delete\n\n", user_dn(number));
    return ldif;
}

std::string title_users(std::size_t first, std::size_t count, const std::string& title) {
    std::string ldif;
    for (std::size_t number = first; number < first + count; ++number)
        ldif += fmt::format(
            "dn: {}\nchangetype: modify\nreplace: title\ntitle: {}\n\n", user_dn(number), title
        );
    return ldif;
}

void begin(SlapdRig& slapd, MirrorRig& mirror, const std::string& ldif) {
    slapd.load_ldif(ldif);
    slapd.start();
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
}

void expect_exact(MirrorRig& mirror, std::size_t deletes) {
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), deletes);
}

TEST(ProviderMatrix, KillAnywhereInAPresentPhase) {
    SlapdRig slapd(SlapdOptions{.session_log = 0});
    MirrorRig mirror(slapd);
    begin(slapd, mirror, directory_ldif(5'000, 5));
    for (std::size_t round = 0; round < 6; ++round) {
        mirror.stop();
        slapd.modify(delete_users(100 + round, 1) + title_users(200, 20, fmt::format("{}", round)));
        mirror.start();
        // Every round the server dies a little later.
        const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(8 * round);
        static_cast<void>(MirrorRig::wait([&] { return std::chrono::steady_clock::now() > until; })
        );
        slapd.kill();
        slapd.start();
        // It may have died before it stored its newest stamp; the next change ends that.
        slapd.set(user_dn(5), "title", fmt::format("After {}", round));
        ASSERT_TRUE(mirror.wait_live());
        expect_exact(mirror, round + 1);
    }
}

TEST(ProviderMatrix, MoreChangesThanTheSessionLogHolds) {
    SlapdRig slapd(SlapdOptions{.session_log = 20});
    MirrorRig mirror(slapd);
    begin(slapd, mirror, directory_ldif(300, 3));
    mirror.stop();
    slapd.modify(
        title_users(0, 60, "Churned") + delete_users(100, 3) + title_users(110, 60, "Too")
    );
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    expect_exact(mirror, 3);
}

TEST(ProviderMatrix, SessionLogThatSurvivesARestart) {
    SlapdOptions options;
    options.session_log = 0;
    options.global_lines =
        "moduleload accesslog.so\ndatabase mdb\nsuffix cn=log\nrootdn cn=log\ndirectory "
        "{FOLDER}/log\nmaxsize 100000000\nindex default eq\nindex "
        "entryCSN,objectClass,reqEnd,reqResult,reqStart,reqDN,reqEntryUUID\n";
    options.syncprov_lines = "syncprov-sessionlog-source cn=log";
    options.overlay_lines =
        "overlay accesslog\nlogdb cn=log\nlogops writes\nlogsuccess TRUE\nlogold "
        "(objectClass=*)\n";
    SlapdRig slapd(options);
    MirrorRig mirror(slapd);
    begin(slapd, mirror, directory_ldif(300, 3));
    slapd.modify(title_users(0, 5, "First"));
    expect_exact(mirror, 0);
    const auto received = mirror.status().received;
    mirror.stop();
    slapd.modify(delete_users(100, 3) + title_users(10, 5, "Later"));
    slapd.restart();
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    expect_exact(mirror, 3);
    EXPECT_LT(mirror.status().received, received);
}

TEST(ProviderMatrix, RestoredBackupTakesNothingAway) {
    SlapdRig slapd;
    MirrorRig mirror(slapd);
    slapd.load_ldif(directory_ldif(60, 2));
    const auto backup = slapd.dump_ldif();
    slapd.start();
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    slapd.modify(users_ldif({5, 60}));
    expect_exact(mirror, 0);
    slapd.stop();
    slapd.wipe();
    slapd.load_ldif(backup);
    slapd.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().state == "degraded"; }));
    EXPECT_THAT(mirror.status().last_error, HasSubstr("provider_behind"));
    EXPECT_EQ(mirror.deletes(), 0U);
    EXPECT_NE(mirror.document(user_dn(62)), "");
}

TEST(ProviderMatrix, EmptyReplacementIsHeld) {
    SlapdRig slapd;
    MirrorRig mirror(slapd);
    begin(slapd, mirror, directory_ldif(60, 2));
    slapd.stop();
    slapd.wipe();
    slapd.load_ldif(base_ldif());
    slapd.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().held >= 60; }));
    EXPECT_EQ(mirror.deletes(), 0U);
    EXPECT_EQ(mirror.status().objects, 62U);
}

/// Two providers that replicate each other, with server ids 1 and 2.
class TwoProviders : public testing::Test {
  protected:
    static std::string replication(const SlapdRig& from) {
        return fmt::format(
            "syncrepl rid=001 provider={} bindmethod=simple binddn=\"{}\" credentials={} "
            "searchbase=\"{}\" type=refreshAndPersist retry=\"1 +\"\nmultiprovider on",
            from.ldap_uri(), SlapdRig::admin_dn(), SlapdRig::admin_password(), SlapdRig::suffix()
        );
    }
    static MirrorSetup setup(const std::vector<std::string>& servers) {
        MirrorSetup setup;
        setup.source.connection.servers = servers;
        setup.source.connection.bind_dn = SlapdRig::service_dn();
        setup.source.connection.secret = [] { return Secret(SlapdRig::service_password()); };
        setup.source.connection.network_timeout = std::chrono::seconds(2);
        setup.source.connection.operation_timeout = std::chrono::seconds(5);
        setup.source.base = SlapdRig::suffix();
        setup.limits = open_limits();
        return setup;
    }
    void SetUp() override {
        first.configure_database(replication(second));
        second.configure_database(replication(first));
        first.load_ldif(directory_ldif(200, 2));
        first.start();
        second.start();
        ASSERT_TRUE(MirrorRig::wait([&] { return !second.entry_uuid(group_dn("g0001")).empty(); }));
    }
    SlapdRig first{SlapdOptions{.global_lines = "serverID 1"}};
    SlapdRig second{SlapdOptions{.global_lines = "serverID 2"}};
};

TEST_F(TwoProviders, FailOverReadsNothingAgain) {
    MirrorRig mirror(setup({first.ldap_uri(), second.ldap_uri()}));
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    first.set(user_dn(1), "title", "By the first");
    second.set(user_dn(2), "title", "By the second");
    const auto told = [&](std::size_t user, const std::string& title) {
        return mirror.document(user_dn(user)).find(title) != std::string::npos;
    };
    ASSERT_TRUE(MirrorRig::wait([&] { return told(1, "the first") && told(2, "the second"); }));
    ASSERT_TRUE(MirrorRig::wait([&] {
        return second.values(user_dn(1), "title") == std::vector<std::string>{"By the first"};
    }));
    // A provider that still catches up tells an entry before its stamp. Who goes on without the
    // stamp of a server is told everything again.
    ASSERT_TRUE(MirrorRig::wait([&] {
        const auto cookie = mirror.status().cookie;
        const auto stamps = second.values(SlapdRig::suffix(), "contextCSN");
        return std::ranges::all_of(stamps, [&](const std::string& stamp) {
            return cookie.find(stamp) != std::string::npos;
        });
    }));
    const auto received = mirror.status().received;
    first.kill();
    second.modify(title_users(10, 3, "Alone") + delete_users(50, 1));
    ASSERT_TRUE(MirrorRig::wait([&] { return told(12, "Alone"); }));
    ASSERT_TRUE(mirror.wait_live());
    EXPECT_TRUE(MirrorRig::wait([&] { return mirror.document(user_dn(50)).empty(); }));
    EXPECT_LE(mirror.status().received, received + 20);
    first.start();
    ASSERT_TRUE(MirrorRig::wait([&] {
        return first.values(user_dn(12), "title") == std::vector<std::string>{"Alone"} &&
               first.entry_uuid(user_dn(50)).empty();
    }));
    expect_exact(mirror, 1);
}

/// The clock of the server decides nothing.
class ShiftedClock : public testing::TestWithParam<const char*> {};

TEST_P(ShiftedClock, ChangesNothing) {
    if (!clock_can_be_shifted())
        GTEST_SKIP() << "Install the package faketime.";
    SlapdRig slapd(SlapdOptions{.clock_shift = GetParam()});
    MirrorRig mirror(slapd);
    begin(slapd, mirror, directory_ldif(50, 2));
    slapd.modify(title_users(3, 3, "Shifted") + delete_users(10, 1));
    expect_exact(mirror, 1);
    mirror.stop();
    slapd.modify(delete_users(11, 1));
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    expect_exact(mirror, 2);
}

INSTANTIATE_TEST_SUITE_P(Hour, ShiftedClock, testing::Values("+1h", "-1h"));

}  // namespace
}  // namespace bascule::test
