// What managers and people are told over HTTP when OpenLDAP with ppolicy takes or refuses a
// password.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/resets/slapd_matrix.hpp"

namespace bascule::test {
namespace {

class MatrixOpenLdap : public SlapdMatrix {
  protected:
    explicit MatrixOpenLdap(SlapdOptions options = {})
        : SlapdMatrix("openldap", std::move(options)) {}
    [[nodiscard]] std::vector<Situation> resets();
    [[nodiscard]] std::vector<Situation> changes();
};

std::vector<Situation> MatrixOpenLdap::resets() {
    const std::string too_long(40, 'x');
    return {
        {.name = "reset", .code = "ok", .sentence = "must be changed at the next sign-in"},
        {.name = "reset, too short",
         .new_password = "short",
         .code = "password_too_short",
         .sentence = "at least 8 characters"},
        {.name = "reset, too long",
         .new_password = too_long,
         .code = "password_too_long",
         .sentence = "at most 32 characters",
         .prepare = policy("pwdMaxLength", "32"),
         .restore = back("pwdMaxLength", "0")},
        {.name = "reset, the present one",
         .new_password = first_password,
         .code = "password_in_history",
         .sentence = "it is the present one"},
        {.name = "reset, an older one",
         .before = Before::must_change,
         .new_password = first_password,
         .code = "password_in_history",
         .sentence = "one of the last 5 used"},
        {.name = "reset, too young",
         .code = "ok",
         .sentence = "must be changed at the next sign-in",
         .prepare = policy("pwdMinAge", "3600"),
         .restore = back("pwdMinAge", "0")},
        {.name = "reset, must change", .before = Before::must_change, .code = "ok"},
        {.name = "reset, expired",
         .code = "ok",
         .prepare = [this](const std::string& dn) { expire(dn); },
         .restore = back("pwdMaxAge", "0")},
        {.name = "reset, locked",
         .code = "ok",
         .prepare = [this](const std::string& dn) { lock(dn); },
         .more_failures = -3},
        {.name = "reset, disabled",
         .code = "account_disabled",
         .sentence = "Nothing was changed",
         .prepare = [this](const std::string& dn
                    ) { slapd.set(dn, "pwdAccountLockedTime", "000001010000Z"); }},
        {.name = "reset, protected",
         .code = "directory_denied",
         .sentence = "write access to userPassword and pwdReset",
         .prepare = [this](const std::string& dn) { protect(dn); },
         .restore = give_back()},
        {.name = "reset, no right",
         .code = "directory_denied",
         .sentence = "write access to userPassword and pwdReset",
         .prepare =
             [this](const std::string&) {
                 narrow("to attrs=userPassword,pwdReset by self =xw by anonymous auth by * none");
             },
         .restore = give_back()},
        {.name = "reset, the old one asked",
         .code = "directory_denied",
         .sentence = "pwdSafeModify",
         .prepare = policy("pwdSafeModify", "TRUE"),
         .restore = back("pwdSafeModify", "FALSE")},
    };
}

std::vector<Situation> MatrixOpenLdap::changes() {
    return {
        {.name = "change", .is_reset = false, .code = "ok"},
        {.name = "change, wrong old",
         .is_reset = false,
         .old_password = "wrong-word",
         .code = "wrong_password",
         .more_failures = 1},
        {.name = "change, too short",
         .is_reset = false,
         .new_password = "short",
         .code = "password_too_short",
         .sentence = "at least 8 characters"},
        {.name = "change, the present one",
         .is_reset = false,
         .new_password = first_password,
         .code = "password_in_history",
         .sentence = "it is the present one"},
        {.name = "change, an older one",
         .is_reset = false,
         .before = Before::changed,
         .new_password = first_password,
         .code = "password_in_history",
         .sentence = "one of the last 5 used"},
        {.name = "change, too young",
         .is_reset = false,
         .code = "password_too_young",
         .sentence = "less than 1 hour ago",
         .prepare = policy("pwdMinAge", "3600"),
         .restore = back("pwdMinAge", "0")},
        {.name = "change, must change",
         .is_reset = false,
         .before = Before::must_change,
         .code = "ok"},
        {.name = "change, must, an older one",
         .is_reset = false,
         .before = Before::must_change,
         .new_password = first_password,
         .code = "password_in_history",
         .sentence = "one of the last 5 used"},
        {.name = "change, expired",
         .is_reset = false,
         .code = "password_change_not_allowed",
         .sentence = "has expired",
         .prepare = [this](const std::string& dn) { expire(dn); },
         .restore = back("pwdMaxAge", "0")},
        {.name = "change, locked",
         .is_reset = false,
         .code = "account_locked",
         .sentence = "locked in the directory",
         .prepare = [this](const std::string& dn) { lock(dn); }},
        {.name = "change, disabled",
         .is_reset = false,
         .code = "account_locked",
         .prepare = [this](const std::string& dn
                    ) { slapd.set(dn, "pwdAccountLockedTime", "000001010000Z"); }},
        {.name = "change, no right",
         .is_reset = false,
         .code = "password_change_not_allowed",
         .sentence = "Ask the help desk",
         .prepare =
             [this](const std::string&) {
                 narrow("to attrs=userPassword by self =x by anonymous auth by * none");
             },
         .restore = give_back()},
        {.name = "change, not allowed",
         .is_reset = false,
         .code = "password_change_not_allowed",
         .sentence = "Ask the help desk",
         .prepare = policy("pwdAllowUserChange", "FALSE"),
         .restore = back("pwdAllowUserChange", "TRUE")},
    };
}

TEST_F(MatrixOpenLdap, EveryRefusedResetNamesItsCause) {
    DaemonRig daemon(slapd);
    daemon.start();
    Matrix all = matrix(daemon);
    for (const auto& situation : resets()) {
        all.run(situation);
    }
    all.expect_specific();
    const auto rules = all.rules(all.wait_for("p1")).json;
    EXPECT_EQ(rules.at("mustChange"), true);
    EXPECT_EQ(rules.at("enforcedOnReset"), true);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(MatrixOpenLdap, EveryRefusedChangeNamesItsCause) {
    DaemonRig daemon(slapd);
    daemon.start();
    Matrix all = matrix(daemon);
    for (const auto& situation : changes()) {
        all.run(situation);
    }
    all.expect_specific();
    EXPECT_EQ(daemon.stop(), 0);
}

class MatrixOpenLdapEncrypted : public MatrixOpenLdap {
  protected:
    MatrixOpenLdapEncrypted()
        : MatrixOpenLdap({.global_lines = "localSSF 256\nsecurity update_ssf=128"}) {}
};

TEST_F(MatrixOpenLdapEncrypted, AServerThatWantsEncryptionIsNamed) {
    DaemonRig daemon(slapd);
    daemon.start();
    Matrix all = matrix(daemon);
    all.run({.name = "reset, no TLS", .code = "directory_insecure", .sentence = "StartTLS"});
    all.run(
        {.name = "change, no TLS",
         .is_reset = false,
         .code = "directory_insecure",
         .sentence = "StartTLS"}
    );
    all.expect_specific();
    EXPECT_EQ(daemon.stop(), 0);
}

}  // namespace
}  // namespace bascule::test
