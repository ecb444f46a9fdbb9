// Members of groups by the log that OpenLDAP's overlay accesslog writes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "connectors/ldap/dialects/parts.hpp"
#include "tests/integration/ldap/feed_runner.hpp"
#include "tests/integration/mirror/mirror_rig.hpp"

namespace bascule::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t units = 3;
constexpr const char* log_base = "cn=accesslog";

class LogFolder {
  public:
    LogFolder() {
        std::string pattern = std::filesystem::temp_directory_path() / "bascule-log-XXXXXX";
        path = ::mkdtemp(pattern.data());
    }
    ~LogFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    LogFolder(const LogFolder&) = delete;
    LogFolder& operator=(const LogFolder&) = delete;
    std::string path;
};

SlapdOptions with_log(const std::string& folder) {
    SlapdOptions options;
    options.global_lines = fmt::format(
        "moduleload accesslog.so\ndatabase mdb\nsuffix {0}\nrootdn cn=log\ndirectory {1}\n"
        "dbnosync\nindex reqEntryUUID,reqStart,entryCSN,objectClass eq\n"
        "limits dn.exact=\"{2}\" size=unlimited time=unlimited\n"
        "access to * by dn.exact=\"{2}\" read by * none\n",
        log_base, folder, SlapdRig::service_dn()
    );
    options.database_lines =
        fmt::format("overlay accesslog\nlogdb {}\nlogops writes\nlogsuccess TRUE\n", log_base);
    return options;
}

class MemberLogMirror : public testing::Test {
  protected:
    MemberLogMirror() {
        slapd.load_ldif(directory_ldif(40, 4, units));
        slapd.start();
    }
    MirrorSetup setup() {
        MirrorSetup made;
        made.source.connection = ldap::service_options(slapd);
        made.source.base = SlapdRig::suffix();
        made.source.change_log = log_base;
        made.limits = open_limits();
        return made;
    }
    void change(const std::string& group, const std::string& changes) {
        slapd.modify(fmt::format("dn: {}\nchangetype: modify\n{}", group_dn(group), changes));
    }
    static std::string value(const std::string& kind, std::size_t user) {
        return fmt::format("{}: member\nmember: {}\n-\n", kind, user_dn(user, units));
    }

    LogFolder folder;
    SlapdRig slapd{with_log(folder.path)};
};

TEST_F(MemberLogMirror, StaysExactWhateverChangesInGroups) {
    MirrorRig mirror(setup());
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    ASSERT_THAT(mirror.wait_equal(), IsEmpty());
    const auto group = group_dn("g0000");
    slapd.modify(
        "dn: " + group + "\nchangetype: modify\nreplace: member\nmember: " + user_dn(1, units) +
        "\nmember: " + user_dn(2, units) + "\n"
    );
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    for (std::size_t user = 3; user < 20; ++user)
        change("g0000", value("add", user));
    change("g0000", value("delete", 1) + value("add", 30) + value("delete", 2));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.members(group), SizeIs(18));

    change("g0000", value("add", 1) + "replace: cn\ncn: g0000\ncn: other name\n");
    change("g0001", "replace: description\ndescription: no member\n");
    slapd.modify(fmt::format(
        "dn: {}\nchangetype: modrdn\nnewrdn: cn=renamed\ndeleteoldrdn: 1\n", group_dn("g0002")
    ));
    const auto people = "ou=people," + SlapdRig::suffix();
    slapd.modify(fmt::format(
        "dn: uid=fresh,{0}\nobjectClass: inetOrgPerson\nuid: fresh\ncn: Fresh\nsn: Fresh\n\n"
        "dn: uid=fresh,{0}\nchangetype: modrdn\nnewrdn: uid=renamed\ndeleteoldrdn: 1\n",
        people
    ));
    change("g0003", "add: member\nmember: uid=renamed," + people + "\n");
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());

    mirror.stop();
    change("g0000", value("delete", 3));
    slapd.modify("dn: " + user_dn(5, units) + "\nchangetype: delete\n");
    mirror.start();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    slapd.restart();
    change("g0000", value("delete", 4));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 1U);
}

class MemberLogFeed : public MemberLogMirror {
  protected:
    ldap::SyncReplOptions options() {
        auto made = ldap::feed_options(slapd);
        made.attributes = {"objectClass", "cn", "uid", "member", "description"};
        made.member_log.base = log_base;
        made.member_log.attributes = {"member"};
        made.member_log.is_group = [](const auto& entry) {
            return testing::Matches(testing::Contains("groupOfNames"))(entry.values("objectClass"));
        };
        return made;
    }
};

TEST_F(MemberLogFeed, MembersAreToldWithoutTheGroup) {
    ldap::FeedRunner runner(options());
    runner.take_member_changes();
    const auto live = [](const ldap::Seen& seen) { return seen.refreshes_done == 2; };
    ASSERT_TRUE(runner.wait(live));
    // A new log counts as whole from its first change on.
    slapd.set(user_dn(7, units), "title", "First");
    ASSERT_TRUE(runner.wait([](const auto& seen) {
        return seen.change_count(user_dn(7, units)) == 2;
    }));
    const auto group = group_dn("g0000");
    const auto before = runner.seen().change_count(group);
    change("g0000", value("delete", 0));
    ASSERT_TRUE(runner.wait([](const auto& seen) { return seen.member_changes.size() == 1; }));
    change("g0000", value("add", 0));
    ASSERT_TRUE(runner.wait([](const auto& seen) { return seen.member_changes.size() == 2; }));
    const auto changes = runner.seen().member_changes;
    EXPECT_EQ(changes[0].removed.at(0).dn, user_dn(0, units));
    EXPECT_THAT(changes[0].added, IsEmpty());
    EXPECT_EQ(changes[1].added.at(0).dn, user_dn(0, units));
    EXPECT_FALSE(changes[1].csn.empty());
    EXPECT_EQ(runner.seen().change_count(group), before);

    // More than members: the whole entry, with its members.
    change("g0000", "replace: description\ndescription: new\n");
    ASSERT_TRUE(runner.wait([&](const auto& seen) { return seen.change_count(group) == before + 1; }
    ));
    EXPECT_GT(runner.seen().by_dn(group)->values("member").size(), 1U);
    EXPECT_EQ(runner.seen().member_changes.size(), 2U);
}

TEST_F(MemberLogFeed, WithoutTheLogGroupsAreReadWhole) {
    auto without = options();
    without.member_log.base = "cn=no such log";
    ldap::FeedRunner runner(without);
    runner.take_member_changes();
    ASSERT_TRUE(runner.wait([](const ldap::Seen& seen) { return seen.refreshes_done == 2; }));
    const auto group = group_dn("g0000");
    const auto before = runner.seen().change_count(group);
    change("g0000", value("delete", 0));
    ASSERT_TRUE(runner.wait([&](const auto& seen) { return seen.change_count(group) > before; }));
    EXPECT_GT(runner.seen().by_dn(group)->values("member").size(), 1U);
    EXPECT_THAT(runner.seen().member_changes, IsEmpty());
}

}  // namespace
}  // namespace bascule::test
