#include "tests/support/slapd_rig.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace bascule::test {
namespace {

TEST(SlapdRig, ServesLoadedUsersAndSurvivesRestart) {
    SlapdRig rig;
    rig.load_ldif(directory_ldif(20, 2));
    rig.start();
    EXPECT_EQ(rig.values(user_dn(7), "mail"), std::vector<std::string>{"u0000007@rig.test"});
    EXPECT_EQ(rig.bind(user_dn(7), user_password), 0);
    EXPECT_EQ(rig.bind(user_dn(7), "wrong"), 49);
    EXPECT_EQ(rig.bind(SlapdRig::service_dn(), SlapdRig::service_password()), 0);
    const auto port = rig.port();
    rig.restart();
    EXPECT_EQ(rig.port(), port);
    rig.set(user_dn(7), "mail", "seven@rig.test");
    rig.kill();
    rig.start();
    EXPECT_EQ(rig.values(user_dn(7), "mail"), std::vector<std::string>{"seven@rig.test"});
}

TEST(SlapdRig, ServiceAccountMayWriteButNotReadPasswords) {
    SlapdRig rig;
    rig.load_ldif(directory_ldif(3));
    rig.start();
    const auto change = "dn: " + user_dn(1) + "\nchangetype: modify\nreplace: ";
    EXPECT_EQ(
        rig.modify_as(
            SlapdRig::service_dn(), SlapdRig::service_password(),
            change + "userPassword\nuserPassword: Another-1\n"
        ),
        0
    );
    EXPECT_EQ(
        rig.modify_as(
            SlapdRig::service_dn(), SlapdRig::service_password(),
            change + "userPassword\nuserPassword: short\n"
        ),
        19
    );
    EXPECT_EQ(
        rig.modify_as(
            SlapdRig::service_dn(), SlapdRig::service_password(),
            change + "mail\nmail: x@rig.test\n"
        ),
        50
    );
    rig.change_access({"to * by * none"});
    EXPECT_EQ(rig.bind(user_dn(2), user_password), 49);
}

TEST(SlapdRig, LeavesNothingBehind) {
    std::string folder;
    {
        SlapdRig rig;
        folder = rig.folder();
        rig.load_ldif(base_ldif());
        rig.start();
    }
    EXPECT_FALSE(std::filesystem::exists(folder));
}

}  // namespace
}  // namespace bascule::test
