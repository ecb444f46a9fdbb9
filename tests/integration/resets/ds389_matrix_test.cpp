// What managers and people are told over HTTP when 389 Directory Server takes or refuses a
// password. A change by somebody who was disabled is not here: the mirror ends the session.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/integration/resets/matrix.hpp"
#include "tests/support/ds389_rig.hpp"

namespace bascule::test {
namespace {

class Matrix389 : public testing::Test {
  protected:
    void SetUp() override {
        rig.configure({"passwordCheckSyntax",
                       "on",
                       "passwordMinLength",
                       "8",
                       "passwordHistory",
                       "on",
                       "passwordInHistory",
                       "3",
                       "passwordLockout",
                       "on",
                       "passwordMaxFailure",
                       "3",
                       "passwordMustChange",
                       "on",
                       "passwordIsGlobalPolicy",
                       "on",
                       "passwordMinAge",
                       "0",
                       "nsslapd-pwpolicy-local",
                       "off",
                       "passwordResetFailureCount",
                       "600"});
    }
    void TearDown() override { rig.clear(); }
    [[nodiscard]] std::string add(const std::string& name) const {
        const auto dn = fmt::format("uid={},ou=people,{}", name, Ds389Rig::suffix());
        // Else an account that the administrator makes must change its password first.
        rig.configure({"passwordMustChange", "off"});
        rig.modify(fmt::format(
            "dn: {}\nobjectClass: inetOrgPerson\nuid: {}\ncn: Zq\nsn: Zq\nuserPassword: {}\n", dn,
            name, first_password
        ));
        rig.configure({"passwordMustChange", "on"});
        return dn;
    }
    void fail_three_times(const std::string& dn) const {
        for (int i = 0; i < 3; ++i) {
            static_cast<void>(rig.client().bind(dn, "wrong"));
        }
    }
    [[nodiscard]] static DirectoryAccess access(const std::string& server) {
        return {server, Ds389Rig::suffix(), Ds389Rig::service_dn(), Ds389Rig::service_password()};
    }
    void set_age(const std::string& seconds) const { rig.configure({"passwordMinAge", seconds}); }
    void make_young(const std::string& dn) const {
        rig.modify(fmt::format(
            "dn: {}\nchangetype: modify\nreplace: passwordAllowChangeTime\n"
            "passwordAllowChangeTime: 20990101000000Z\n",
            dn
        ));
        set_age("3600");
    }
    void expire(const std::string& dn) const {
        rig.configure({"passwordExp", "on"});
        rig.modify(fmt::format(
            "dn: {}\nchangetype: modify\nreplace: passwordExpirationTime\n"
            "passwordExpirationTime: 20010101000000Z\n",
            dn
        ));
    }
    /// Keeps `account` from writing the person's password.
    void deny(const std::string& dn, const std::string& account) const {
        rig.modify(fmt::format(
            "dn: {}\nchangetype: modify\nadd: aci\naci: (targetattr=\"userPassword\")(version "
            "3.0; acl \"protected\"; deny (write) userdn=\"ldap:///{}\";)\n",
            dn, account
        ));
    }
    [[nodiscard]] std::vector<Situation> situations() const {
        const auto disable = [this](const std::string& dn) {
            rig.set(dn, "nsAccountLock", "true");
        };
        const auto lock = [this](const std::string& dn) { fail_three_times(dn); };
        const auto young = [this](const std::string& dn) { make_young(dn); };
        const auto old_again = [this] { set_age("0"); };
        const auto old = [this](const std::string& dn) { expire(dn); };
        const auto no_end = [this] { rig.configure({"passwordExp", "off"}); };
        const auto deny_service = [this](const std::string& dn) {
            deny(dn, Ds389Rig::service_dn());
        };
        const auto deny_owner = [this](const std::string& dn) { deny(dn, "self"); };
        const auto forbid = [this](const std::string&) {
            rig.configure({"passwordChange", "off"});
        };
        const auto allow = [this] { rig.configure({"passwordChange", "on"}); };
        return {
            {.name = "reset", .code = "ok"},
            {.name = "reset, too short", .new_password = "shrt1", .code = "password_too_short"},
            {.name = "reset, too simple",
             .new_password = "allsmallletters",
             .code = "password_quality"},
            {.name = "reset, the present one",
             .new_password = first_password,
             .code = "password_in_history"},
            {.name = "reset, too young",
             .code = "password_too_young",
             .prepare = young,
             .restore = old_again},
            {.name = "reset, locked", .code = "ok", .prepare = lock, .more_failures = -3},
            {.name = "reset, disabled", .code = "account_disabled", .prepare = disable},
            {.name = "reset, no right", .code = "directory_denied", .prepare = deny_service},
            {.name = "reset, an older one",
             .before = Before::must_change,
             .new_password = first_password,
             .code = "password_in_history",
             .sentence = "one of the last 3 used"},
            {.name = "reset, must change", .before = Before::must_change, .code = "ok"},
            {.name = "reset, expired", .code = "ok", .prepare = old, .restore = no_end},
            {.name = "change", .is_reset = false, .code = "ok"},
            {.name = "change, wrong old",
             .is_reset = false,
             .old_password = "wrong-word",
             .code = "wrong_password",
             .more_failures = 1},
            {.name = "change, too short",
             .is_reset = false,
             .new_password = "shrt1",
             .code = "password_too_short"},
            {.name = "change, too simple",
             .is_reset = false,
             .new_password = "allsmallletters",
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
            {.name = "change, an older one",
             .is_reset = false,
             .before = Before::changed,
             .new_password = first_password,
             .code = "password_in_history",
             .sentence = "one of the last 3 used"},
            {.name = "change, must change",
             .is_reset = false,
             .before = Before::must_change,
             .code = "ok"},
            {.name = "change, expired",
             .is_reset = false,
             .code = "password_change_not_allowed",
             .sentence = "has expired",
             .prepare = old,
             .restore = no_end,
             .more_failures = 1},  // this server counts a right password that is too old
            {.name = "change, no right",
             .is_reset = false,
             .code = "password_change_not_allowed",
             .sentence = "Ask the help desk",
             .prepare = deny_owner},
            {.name = "change, not allowed",
             .is_reset = false,
             .code = "password_change_not_allowed",
             .sentence = "Ask the help desk",
             .prepare = forbid,
             .restore = allow},
        };
    }

    /// The administrator by TLS, for when the server takes nothing else.
    [[nodiscard]] LdapClient encrypted() const {
        ::setenv("LDAPTLS_CACERT", rig.ca_file().c_str(), 1);
        return {rig.ldaps_uri(), Ds389Rig::manager_dn(), Ds389Rig::manager_password()};
    }

    Ds389Rig& rig = shared_ds389();
};

TEST_F(Matrix389, EveryRefusalNamesItsCause) {
    DaemonRig daemon(access(rig.ldaps_uri()), "    ca: \"" + rig.ca_file() + "\"\n");
    daemon.start();
    Matrix matrix(
        "389ds", daemon, [this](const std::string& name) { return add(name); },
        [this](const std::string& dn) { return number_of(rig.values(dn, "passwordRetryCount")); }
    );
    for (const auto& situation : situations()) {
        matrix.run(situation);
    }
    matrix.expect_specific();
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Matrix389, AResetThatMustBeChangedIsAndOneThatNeedNotIsTold) {
    DaemonRig daemon(access(rig.ldaps_uri()), "    ca: \"" + rig.ca_file() + "\"\n");
    daemon.start();
    Matrix matrix(
        "389ds", daemon, [this](const std::string& name) { return add(name); },
        [](const std::string&) { return 0; }
    );
    static_cast<void>(add("leo"));
    const std::string id = matrix.wait_for("leo");
    const auto reset = [&](const std::string& password) {
        return matrix.manager()
            .post("/api/v1/staff/users/" + id + "/reset-password", {{"newPassword", password}})
            .json;
    };
    EXPECT_EQ(matrix.rules(id).json.at("mustChange"), true);
    EXPECT_EQ(reset("Third-Word-3").at("mustChange"), true);
    Session leo(daemon, "leo", "Third-Word-3");
    EXPECT_TRUE(leo.must_change());
    EXPECT_EQ(
        leo.post(
               "/api/v1/account/change-password",
               {{"oldPassword", "Third-Word-3"}, {"newPassword", "Own-Choice-4"}}
        ).status,
        200
    );
    rig.configure({"passwordMustChange", "off"});
    const auto rules = matrix.rules(id).json;
    EXPECT_EQ(rules.at("mustChange"), false);
    EXPECT_THAT(
        rules.at("rules").back().get<std::string>(),
        testing::HasSubstr("cannot be told that the person must change")
    );
    const auto answer = reset("Fifth-Word-5");
    EXPECT_EQ(answer.at("mustChange"), false);
    EXPECT_THAT(
        answer.at("detail").get<std::string>(),
        testing::HasSubstr("The directory could not be told that the person must change")
    );
    EXPECT_FALSE(Session(daemon, "leo", "Fifth-Word-5").must_change());
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Matrix389, WithoutEncryptionNothingIsSent) {
    DaemonRig daemon(access(rig.ldap_uri()));
    daemon.start();
    Matrix matrix(
        "389ds", daemon, [this](const std::string& name) { return add(name); },
        [this](const std::string& dn) {
            return number_of(encrypted().values(dn, "passwordRetryCount"));
        }
    );
    matrix.run({.name = "reset, no TLS", .code = "directory_insecure", .sentence = "StartTLS"});
    matrix.run(
        {.name = "change, no TLS",
         .is_reset = false,
         .code = "directory_insecure",
         .sentence = "StartTLS",
         .prepare =
             [this](const std::string&) {
                 rig.configure({"nsslapd-require-secure-binds", "on"});
             },
         .restore = [this] { encrypted().set("cn=config", "nsslapd-require-secure-binds", "off"); }}
    );
    EXPECT_EQ(daemon.stop(), 0);
}

}  // namespace
}  // namespace bascule::test
