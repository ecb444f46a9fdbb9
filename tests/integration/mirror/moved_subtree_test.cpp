// Containers that come into the base or leave it with everything below them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/mirror/mirror_rig.hpp"

namespace bascule::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string people() {
    return "ou=people," + SlapdRig::suffix();
}
std::string elsewhere() {
    return "ou=elsewhere," + SlapdRig::suffix();
}
std::string unit(const std::string& name, const std::string& above) {
    return fmt::format("dn: ou={0},{1}\nobjectClass: organizationalUnit\nou: {0}\n\n", name, above);
}
std::string user(const std::string& uid, const std::string& above) {
    return fmt::format(
        "dn: uid={0},{1}\nobjectClass: inetOrgPerson\nuid: {0}\ncn: Name {0}\nsn: x\n\n", uid, above
    );
}
std::string group(const std::string& name, const std::string& above, const std::string& member) {
    return fmt::format(
        "dn: cn={0},{1}\nobjectClass: groupOfNames\ncn: {0}\nmember: {2}\n\n", name, above, member
    );
}
std::string move(const std::string& dn, const std::string& to) {
    return fmt::format(
        "dn: {}\nchangetype: modrdn\nnewrdn: {}\ndeleteoldrdn: 0\nnewsuperior: {}\n\n", dn,
        dn.substr(0, dn.find(',')), to
    );
}

/// A team of 40 users in two units and a group outside the base; a group inside names one of them
/// where he will stand. The parameter is the size of the session log.
class MirrorMovedSubtree : public testing::TestWithParam<std::size_t> {
  protected:
    void SetUp() override {
        const auto team = "ou=team," + elsewhere();
        auto ldif = base_ldif() + "\n" + unit("elsewhere", SlapdRig::suffix()) +
                    unit("team", elsewhere()) + unit("inner", team) + user("stays", people());
        for (int i = 0; i < 20; ++i) {
            ldif += user(fmt::format("t{}", i), team);
            ldif += user(fmt::format("i{}", i), "ou=inner," + team);
        }
        ldif += group("crew", team, "uid=t1," + team);
        ldif += group("watch", people(), "uid=i7,ou=inner," + inside());
        slapd.load_ldif(ldif);
        slapd.start();
        mirror.start();
        ASSERT_TRUE(mirror.wait_live());
    }
    static std::string inside() { return "ou=team," + people(); }
    /// What is inside the base changes last, and is waited for: everything before it has arrived.
    void wait_for_all_before() {
        const std::string mark = fmt::format("mark {}", ++marks_);
        slapd.set("uid=stays," + people(), "title", mark);
        ASSERT_TRUE(MirrorRig::wait([&] {
            return mirror.document("uid=stays," + people()).find(mark) != std::string::npos;
        }));
    }
    void move_in() { slapd.modify(move("ou=team," + elsewhere(), people())); }
    void move_out() { slapd.modify(move(inside(), elsewhere())); }
    /// Live again and equal to the directory, with the team inside.
    void expect_team() {
        wait_for_all_before();
        EXPECT_THAT(mirror.wait_equal(), IsEmpty());
        EXPECT_THAT(mirror.document("uid=i7,ou=inner," + inside()), HasSubstr("\"i7\""));
        EXPECT_THAT(mirror.members("cn=watch," + people()), ElementsAre("Name i7"));
    }
    void expect_no_team() {
        wait_for_all_before();
        EXPECT_THAT(mirror.wait_equal(), IsEmpty());
        EXPECT_EQ(mirror.document("uid=i7,ou=inner," + inside()), "");
        EXPECT_THAT(mirror.members("cn=watch," + people()), IsEmpty());
    }
    /// 40 users and a group.
    static constexpr std::size_t team_size = 41;
    int marks_ = 0;
    SlapdRig slapd{SlapdOptions{.session_log = GetParam()}};
    MirrorRig mirror{slapd, open_limits(), {}, people()};
};

TEST_P(MirrorMovedSubtree, MovedInLive) {
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    move_in();
    expect_team();
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_P(MirrorMovedSubtree, MovedInWhileTheMirrorWasStopped) {
    mirror.stop();
    move_in();
    mirror.start();
    expect_team();
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_P(MirrorMovedSubtree, MovedInOutAndInAgain) {
    move_in();
    expect_team();
    move_out();
    expect_no_team();
    EXPECT_EQ(mirror.deletes(), team_size);
    move_in();
    expect_team();
    EXPECT_EQ(mirror.deletes(), team_size);
    slapd.modify(move(inside(), elsewhere()) + move("ou=team," + elsewhere(), people()));
    expect_team();
    EXPECT_EQ(mirror.deletes(), 2 * team_size);
}

TEST_P(MirrorMovedSubtree, MovedOutAndInAgainWhileTheMirrorWasStopped) {
    move_in();
    expect_team();
    mirror.stop();
    move_out();
    mirror.start();
    expect_no_team();
    EXPECT_EQ(mirror.deletes(), team_size);
    mirror.stop();
    move_in();
    move_out();
    slapd.set("uid=t3,ou=team," + elsewhere(), "title", "Changed outside");
    slapd.modify(user("late", "ou=inner,ou=team," + elsewhere()));
    move_in();
    mirror.start();
    expect_team();
    EXPECT_THAT(mirror.document("uid=t3," + inside()), HasSubstr("Changed outside"));
    EXPECT_THAT(mirror.document("uid=late,ou=inner," + inside()), HasSubstr("\"late\""));
    EXPECT_EQ(mirror.deletes(), team_size);
}

INSTANTIATE_TEST_SUITE_P(SessionLog, MirrorMovedSubtree, testing::Values(100U, 0U));

}  // namespace
}  // namespace bascule::test
