// The real program in front of a real 389 Directory Server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/daemon_rig.hpp"
#include "tests/support/ds389_rig.hpp"

namespace bascule::test {
namespace {

constexpr std::size_t units = 2;

class Ds389Serve : public testing::Test {
  protected:
    void SetUp() override {
        ds389.modify(
            units_ldif(units) + users_ldif({.count = 6, .first = 0, .units = units}) +
            groups_ldif(1, 6, units)
        );
    }
    void TearDown() override { ds389.clear(); }
    nlohmann::json user(DaemonRig& daemon, std::size_t number) {
        return daemon.find("/Users", "userName eq \"" + user_uid(number) + "\"");
    }
    Ds389Rig& ds389 = shared_ds389();
};

TEST_F(Ds389Serve, PeopleAndGroupsAreServedAndFollowTheDirectory) {
    DaemonRig daemon(ds389.ldap_uri(), "");
    daemon.start();
    EXPECT_FALSE(daemon.token().empty());
    EXPECT_EQ(daemon.all("/Users").size(), 6U);
    const auto group = daemon.find("/Groups", "displayName eq \"g0000\"");
    EXPECT_EQ(group.at("members").size(), 6U);
    const auto one = user(daemon, 1);
    EXPECT_EQ(one.at("externalId"), ds389.values(user_dn(1, units), "nsUniqueId").at(0));
    EXPECT_EQ(one.at("active"), true);
    ds389.set(user_dn(1, units), "nsAccountLock", "true");
    ds389.modify("dn: " + user_dn(2, units) + "\nchangetype: delete\n");
    wait_until("the lock", std::chrono::seconds(20), [&] {
        return user(daemon, 1).at("active") == false;
    });
    wait_until("the deletion", std::chrono::seconds(20), [&] { return user(daemon, 2).is_null(); });
    EXPECT_EQ(daemon.stop(), 0);
    ds389.set(user_dn(1, units), "nsAccountLock", "false");
    ds389.set(user_dn(3, units), "title", "Changed meanwhile");
    daemon.start();
    wait_until("the unlock", std::chrono::seconds(20), [&] {
        return user(daemon, 1).at("active") == true;
    });
    EXPECT_EQ(user(daemon, 3).at("title"), "Changed meanwhile");
    EXPECT_EQ(user(daemon, 3).at("id").get<std::string>().size(), 36U);
    EXPECT_EQ(user(daemon, 1).at("id"), one.at("id"));
}

}  // namespace
}  // namespace bascule::test
