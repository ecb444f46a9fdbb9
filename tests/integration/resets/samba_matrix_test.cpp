// What managers and people are told over HTTP when a domain controller takes or refuses a password.
// A change by somebody who was disabled is not here: the mirror ends the session.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/resets/matrix.hpp"
#include "tests/support/samba_rig.hpp"

namespace bascule::test {
namespace {

class MatrixSamba : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
            GTEST_SKIP() << obstacle;
        }
        samba = std::make_unique<SambaRig>();
        samba->start();
        policy("minPwdAge", "0");
        policy("lockoutThreshold", "3");
    }
    void policy(std::string_view attribute, std::string_view value) const {
        samba->set(SambaRig::suffix(), attribute, value);
    }
    [[nodiscard]] std::vector<Situation> situations() const {
        const auto disable = [this](const std::string& dn) {
            samba->set(dn, "userAccountControl", "514");
        };
        const auto expire = [this](const std::string& dn) {
            samba->set(dn, "accountExpires", SambaRig::ticks_after(-60));
        };
        const auto lock = [this](const std::string& dn) {
            for (int i = 0; i < 4; ++i) {
                static_cast<void>(samba->bind_failure(dn, "wrong"));
            }
        };
        const auto protect = [this](const std::string& dn) { samba->set(dn, "adminCount", "1"); };
        const auto young = [this](const std::string&) { policy("minPwdAge", "-864000000000"); };
        const auto old_again = [this] { policy("minPwdAge", "0"); };
        return {
            {.name = "reset", .code = "ok"},
            {.name = "reset, too short", .new_password = "Aa1-x", .code = "password_too_short"},
            {.name = "reset, too simple",
             .new_password = "onlysmallletters",
             .code = "password_quality"},
            {.name = "reset, the present one", .new_password = first_password, .code = "ok"},
            {.name = "reset, too young", .code = "ok", .prepare = young, .restore = old_again},
            {.name = "reset, locked", .code = "ok", .prepare = lock},
            {.name = "reset, disabled", .code = "account_disabled", .prepare = disable},
            {.name = "reset, expired", .code = "account_expired", .prepare = expire},
            {.name = "reset, protected", .code = "directory_denied", .prepare = protect},
            {.name = "change", .is_reset = false, .code = "ok"},
            {.name = "change, wrong old",
             .is_reset = false,
             .old_password = "wrong-word",
             .code = "wrong_password",
             .more_failures = 1},
            {.name = "change, too short",
             .is_reset = false,
             .new_password = "Aa1-x",
             .code = "password_too_short"},
            {.name = "change, too simple",
             .is_reset = false,
             .new_password = "onlysmallletters",
             .code = "password_quality"},
            {.name = "change, the present one",
             .is_reset = false,
             .new_password = first_password,
             .code = "password_in_history"},
            {.name = "change, too young",
             .is_reset = false,
             .code = "password_too_young",
             .prepare = young,
             .restore = old_again},
            {.name = "change, locked",
             .is_reset = false,
             .code = "account_locked",
             .prepare = lock},
        };
    }

    std::unique_ptr<SambaRig> samba;
};

TEST_F(MatrixSamba, EveryRefusalNamesItsCause) {
    DaemonRig daemon(
        {samba->ldaps_uri(), SambaRig::people(), SambaRig::service_dn(),
         SambaRig::service_password()},
        "    ca: \"" + samba->ca_file() + "\"\n"
    );
    daemon.start();
    Matrix matrix(
        "samba", daemon,
        [this](const std::string& name) { return samba->add_user(name, first_password); },
        [this](const std::string& dn) {
            return number_of(samba->client().values(dn, "badPwdCount"));
        },
        "@rig.test"
    );
    for (const auto& situation : situations()) {
        matrix.run(situation);
    }
    matrix.expect_specific();
    const std::string id = matrix.wait_for("p1");
    EXPECT_EQ(matrix.rules(id).json.at("mustChange"), true);
    EXPECT_EQ(matrix.rules(id).json.at("enforcedOnReset"), false);
    EXPECT_EQ(daemon.stop(), 0);
}

}  // namespace
}  // namespace bascule::test
