// What managers and people are told over HTTP when a domain controller takes or refuses a password.
// A change by somebody who was disabled is not here: the mirror ends the session.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/resets/matrix.hpp"
#include "tests/support/samba_rig.hpp"

namespace bascule::test {
namespace {

// NORMAL_ACCOUNT and DONT_EXPIRE_PASSWORD.
constexpr const char* never_expires = "66048";

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
    void expire_password(const std::string& dn) const {
        samba->age_password(dn);
        ASSERT_EQ(samba->bind_failure(dn, first_password), "532");
    }
    [[nodiscard]] Matrix matrix(DaemonRig& daemon) const {
        return {
            "samba", daemon,
            [this](const std::string& name) { return samba->add_user(name, first_password); },
            [this](const std::string& dn) {
                return number_of(samba->client().values(dn, "badPwdCount"));
            },
            "@rig.test"};
    }
    [[nodiscard]] DirectoryAccess access() const {
        return {
            samba->ldaps_uri(), SambaRig::people(), SambaRig::service_dn(),
            SambaRig::service_password()};
    }
    [[nodiscard]] std::string authority() const { return "    ca: \"" + samba->ca_file() + "\"\n"; }
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
        const auto old = [this](const std::string& dn) { expire_password(dn); };
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
            {.name = "reset, an older one",
             .before = Before::must_change,
             .new_password = first_password,
             .code = "ok"},
            {.name = "reset, must change", .before = Before::must_change, .code = "ok"},
            {.name = "reset, password expired", .code = "ok", .prepare = old},
            {.name = "reset, no right",
             .code = "directory_denied",
             .sentence = "Reset Password",
             .prepare = [this](const std::string& dn) { samba->deny_reset(dn); }},
            {.name = "change, an older one",
             .is_reset = false,
             .before = Before::changed,
             .new_password = first_password,
             .code = "password_in_history",
             .sentence = "one of the last 24 used"},
            {.name = "change, must change",
             .is_reset = false,
             .before = Before::must_change,
             .code = "ok"},
            {.name = "change, password expired", .is_reset = false, .code = "ok", .prepare = old},
            {.name = "change, no right",
             .is_reset = false,
             .code = "password_change_not_allowed",
             .sentence = "Ask the help desk",
             .prepare = [this](const std::string& dn) { samba->deny_change(dn); }},
        };
    }

    std::unique_ptr<SambaRig> samba;
};

TEST_F(MatrixSamba, EveryRefusalNamesItsCause) {
    DaemonRig daemon(access(), authority());
    daemon.start();
    Matrix all = matrix(daemon);
    for (const auto& situation : situations()) {
        all.run(situation);
    }
    all.expect_specific();
    const std::string id = all.wait_for("p1");
    EXPECT_EQ(all.rules(id).json.at("mustChange"), true);
    EXPECT_EQ(all.rules(id).json.at("enforcedOnReset"), false);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(MatrixSamba, WithoutEncryptionNothingIsSent) {
    DaemonRig daemon(access(), authority());
    daemon.start();
    Matrix all = matrix(daemon);
    const std::string dn = samba->add_user("leo", first_password);
    const std::string id = all.wait_for("leo");
    Session leo(daemon, "leo@rig.test", first_password);
    // Both are signed in; now the same directory is reached in clear.
    EXPECT_EQ(daemon.stop(), 0);
    daemon.set_sources(fmt::format(
        "sources:\n  - name: corp\n    servers: [\"{}\"]\n    base: \"{}\"\n"
        "    bind: {{ dn: \"{}\", password: {{ file: {}/service-password }} }}\n"
        "    write_back: {{ password: true, unlock: true }}\n",
        samba->ldap_uri(), SambaRig::people(), SambaRig::service_dn(), daemon.folder()
    ));
    daemon.start();
    all.run_for(
        {.name = "reset, no TLS", .code = "directory_insecure", .sentence = "StartTLS"}, dn, id,
        nullptr
    );
    all.run_for(
        {.name = "change, no TLS",
         .is_reset = false,
         .code = "directory_insecure",
         .sentence = "StartTLS"},
        dn, id, &leo
    );
    EXPECT_EQ(samba->bind_failure(dn, first_password), "");
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(MatrixSamba, WhosePasswordExpiredSignsInToChangeIt) {
    DaemonRig daemon(access(), authority());
    daemon.start();
    Matrix all = matrix(daemon);
    const std::string dn = samba->add_user("leo", first_password);
    all.wait_for("leo");
    expire_password(dn);
    Session leo(daemon, "leo@rig.test", first_password);
    EXPECT_TRUE(leo.must_change());
    all.run_for(
        {.name = "change, signed in expired", .is_reset = false, .code = "ok"}, dn, {}, &leo
    );
    EXPECT_FALSE(Session(daemon, "leo@rig.test", next_password).must_change());
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(MatrixSamba, WhosePasswordNeverExpiresIsNotAskedForAnotherOne) {
    DaemonRig daemon(access(), authority());
    daemon.start();
    Matrix all = matrix(daemon);
    const std::string dn = samba->add_user("leo", first_password);
    const std::string id = all.wait_for("leo");
    constexpr const char* sentence = "The password of this account never expires";
    const auto usual = all.rules(id).json;
    EXPECT_EQ(usual.at("mustChange"), true);
    EXPECT_TRUE(usual.contains("maximumAgeSeconds"));
    EXPECT_THAT(usual.at("rules").dump(), testing::Not(testing::HasSubstr(sentence)));
    samba->set(dn, "userAccountControl", never_expires);
    const auto rules = all.rules(id).json;
    EXPECT_EQ(rules.at("mustChange"), false);
    EXPECT_FALSE(rules.contains("maximumAgeSeconds"));
    EXPECT_THAT(rules.at("rules").dump(), testing::HasSubstr(sentence));
    EXPECT_THAT(rules.at("rules").back().get<std::string>(), testing::HasSubstr("cannot be told"));
    const auto answer = all.reset(id, next_password);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.json.at("mustChange"), false);
    EXPECT_THAT(
        answer.json.at("detail").get<std::string>(), testing::HasSubstr("could not be told")
    );
    // What was announced: the directory takes the new password as it is.
    EXPECT_EQ(samba->bind_failure(dn, next_password), "");
    EXPECT_FALSE(Session(daemon, "leo@rig.test", next_password).must_change());
    EXPECT_EQ(daemon.stop(), 0);
}

}  // namespace
}  // namespace bascule::test
