// What managers and people are told over HTTP when a server of which nothing is known but its root
// entry takes or refuses a password: slapd without syncprov, whose rules are not read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/resets/slapd_matrix.hpp"

namespace bascule::test {
namespace {

constexpr const char* source_lines = "    dialect: generic\n    poll: { interval: 1s }\n";

SlapdOptions plain_server(std::string global_lines = {}) {
    return {.global_lines = std::move(global_lines), .syncprov = false};
}

class MatrixGeneric : public SlapdMatrix {
  protected:
    explicit MatrixGeneric(SlapdOptions options = plain_server())
        : SlapdMatrix("generic", std::move(options)) {}
    [[nodiscard]] std::vector<Situation> resets();
    [[nodiscard]] std::vector<Situation> changes();
};

std::vector<Situation> MatrixGeneric::resets() {
    return {
        {.name = "reset", .code = "ok", .sentence = "could not be told"},
        {.name = "reset, too short",
         .new_password = "short",
         .code = "password_too_short",
         .sentence = "Choose a longer one"},
        {.name = "reset, too long",
         .new_password = std::string(40, 'x'),
         .code = "password_too_long",
         .sentence = "Choose a shorter one",
         .prepare = policy("pwdMaxLength", "32"),
         .restore = back("pwdMaxLength", "0")},
        {.name = "reset, the present one",
         .new_password = first_password,
         .code = "password_in_history",
         .sentence = "it is the present one"},
        {.name = "reset, an older one",
         .before = Before::reset,
         .new_password = first_password,
         .code = "password_in_history",
         .sentence = "it was used before"},
        {.name = "reset, too young",
         .code = "password_too_young",
         .sentence = "too recently",
         .prepare = policy("pwdMinAge", "3600"),
         .restore = back("pwdMinAge", "0")},
        {.name = "reset, expired",
         .code = "ok",
         .prepare = [this](const std::string& dn) { expire(dn); },
         .restore = back("pwdMaxAge", "0")},
        {.name = "reset, locked",
         .code = "ok",
         .prepare = [this](const std::string& dn) { lock(dn); },
         .more_failures = -3},
        {.name = "reset, disabled",
         .code = "ok",
         .prepare = [this](const std::string& dn) { disable(dn); }},
        {.name = "reset, protected",
         .code = "directory_denied",
         .sentence = "write access to userPassword",
         .prepare = [this](const std::string& dn) { protect(dn); },
         .restore = give_back()},
        {.name = "reset, no right",
         .code = "directory_denied",
         .sentence = "write access to userPassword",
         .prepare =
             [this](const std::string&) {
                 narrow("to attrs=userPassword by self =xw by anonymous auth by * none");
             },
         .restore = give_back()},
        {.name = "reset, the old one asked",
         .code = "directory_denied",
         .sentence = "pwdSafeModify",
         .prepare = policy("pwdSafeModify", "TRUE"),
         .restore = back("pwdSafeModify", "FALSE")},
    };
}

std::vector<Situation> MatrixGeneric::changes() {
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
         .sentence = "Choose a longer one"},
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
         .sentence = "it was used before"},
        {.name = "change, too young",
         .is_reset = false,
         .code = "password_too_young",
         .sentence = "too recently",
         .prepare = policy("pwdMinAge", "3600"),
         .restore = back("pwdMinAge", "0")},
        {.name = "change, after a reset", .is_reset = false, .before = Before::reset, .code = "ok"},
        {.name = "change, expired",
         .is_reset = false,
         .code = "password_change_not_allowed",
         .sentence = "has expired",
         .prepare = [this](const std::string& dn) { expire(dn); },
         .restore = back("pwdMaxAge", "0")},
        {.name = "change, locked",
         .is_reset = false,
         .code = "account_locked",
         .prepare = [this](const std::string& dn) { lock(dn); }},
        {.name = "change, disabled",
         .is_reset = false,
         .code = "account_locked",
         .prepare = [this](const std::string& dn) { disable(dn); }},
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

TEST_F(MatrixGeneric, EveryRefusedResetNamesItsCause) {
    DaemonRig daemon(slapd, source_lines);
    daemon.start();
    Matrix all = matrix(daemon);
    for (const auto& situation : resets()) {
        all.run(situation);
    }
    all.expect_specific();
    const auto rules = all.rules(all.wait_for("p1")).json;
    EXPECT_EQ(rules.at("mustChange"), false);
    EXPECT_EQ(rules.at("enforcedOnReset"), false);
    EXPECT_THAT(rules.at("rules").dump(), testing::HasSubstr("cannot be read beforehand"));
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(MatrixGeneric, EveryRefusedChangeNamesItsCause) {
    DaemonRig daemon(slapd, source_lines);
    daemon.start();
    Matrix all = matrix(daemon);
    for (const auto& situation : changes()) {
        all.run(situation);
    }
    all.expect_specific();
    EXPECT_EQ(daemon.stop(), 0);
}

class MatrixGenericEncrypted : public MatrixGeneric {
  protected:
    MatrixGenericEncrypted()
        : MatrixGeneric(plain_server("localSSF 256\nsecurity update_ssf=128")) {}
};

TEST_F(MatrixGenericEncrypted, AServerThatWantsEncryptionIsNamed) {
    DaemonRig daemon(slapd, source_lines);
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
