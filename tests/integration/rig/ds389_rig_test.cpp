#include "tests/support/ds389_rig.hpp"

#include <gtest/gtest.h>

namespace bascule::test {
namespace {

TEST(Ds389Rig, ServesUsersAndSurvivesRestart) {
    Ds389Rig rig;
    rig.modify(units_ldif(2) + users_ldif({.count = 5, .first = 0, .units = 2}));
    const auto client = rig.client();
    EXPECT_EQ(client.bind(user_dn(3, 2), user_password), 0);
    EXPECT_EQ(client.bind(user_dn(3, 2), "wrong"), 49);
    EXPECT_EQ(client.bind(Ds389Rig::service_dn(), Ds389Rig::service_password()), 0);
    rig.set(user_dn(3, 2), "title", "Pilot");
    rig.restart();
    EXPECT_EQ(rig.values(user_dn(3, 2), "title"), std::vector<std::string>{"Pilot"});
    EXPECT_NE(rig.values("", "lastchangenumber"), rig.values("", "firstchangenumber"));
    rig.clear();
    EXPECT_TRUE(rig.values(user_dn(3, 2), "uid").empty());
}

TEST(Ds389Rig, ServiceAccountMayWriteButNotReadPasswords) {
    Ds389Rig& rig = shared_ds389();
    rig.modify(units_ldif(1) + users_ldif({.count = 1, .first = 0, .units = 1}));
    const auto dn = user_dn(0, 1);
    const auto as_service = [&](const std::string& change) {
        return rig.client().modify_as(
            Ds389Rig::service_dn(), Ds389Rig::service_password(),
            "dn: " + dn + "\nchangetype: modify\nreplace: " + change
        );
    };
    EXPECT_EQ(as_service("userPassword\nuserPassword: Another-1\n"), 0);
    EXPECT_EQ(as_service("title\ntitle: Boss\n"), 50);
    EXPECT_EQ(rig.client().bind(dn, "Another-1"), 0);
    rig.clear();
}

}  // namespace
}  // namespace bascule::test
