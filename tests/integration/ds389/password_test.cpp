// Passwords of a real 389 Directory Server: resets, changes, locks and the reasons of refusals.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "connectors/ldap/dialects/ds389/passwords.hpp"
#include "tests/integration/ds389/ds389_source.hpp"

namespace bascule::ldap {
namespace {

using directory::MustChange;
using directory::SignInVerdict;
using test::Ds389Rig;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* present = "Fresh-Word-1";
constexpr const char* next = "Other-Term-2";

ConnectionOptions encrypted(const Ds389Rig& rig) {
    auto options = test::ds389_source(rig).connection;
    options.servers = {rig.ldaps_uri()};
    return options;
}

std::string code_of(const Status& status) {
    return status ? "ok" : status.error().code;
}

std::string words_of(const Status& status) {
    return status ? "" : status.error().detail;
}

class Ds389Passwords : public testing::Test {
  protected:
    void SetUp() override {
        rig.configure({"passwordCheckSyntax", "on", "passwordMinLength",      "8",
                       "passwordHistory",     "on", "passwordInHistory",      "3",
                       "passwordLockout",     "on", "passwordMaxFailure",     "3",
                       "passwordMustChange",  "on", "passwordIsGlobalPolicy", "on",
                       "passwordMinAge",      "0",  "nsslapd-pwpolicy-local", "off"});
        rig.modify(fmt::format(
            "dn: {}\nobjectClass: inetOrgPerson\nuid: zq\ncn: Zq\nsn: Zq\nuserPassword: {}\n", dn,
            present
        ));
    }
    void TearDown() override { rig.clear(); }

    Status reset(const std::string& password) {
        return writer.reset(dn, Secret(std::string(password)), MustChange::yes, soon());
    }
    Status change(const std::string& from, const std::string& to) {
        return writer.change(dn, Secret(std::string(from)), Secret(std::string(to)), soon());
    }
    directory::AccountState state() { return *writer.account_state(dn, soon()); }
    SignInVerdict sign_in(const std::string& password) {
        return *verifier.verify(dn, Secret(std::string(password)), soon());
    }
    void lock() {
        for (int i = 0; i < 4; ++i) {
            EXPECT_NE(rig.client().bind(dn, "wrong"), 0);
        }
    }
    /// The server answers a change by its owner before it has written its own notes of it.
    template <class Condition>
    static bool eventually(Condition condition) {
        for (const auto end = soon(); std::chrono::steady_clock::now() < end;) {
            if (condition()) {
                return true;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return false;
    }
    static Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(10); }

    Ds389Rig& rig = test::shared_ds389();
    std::string dn = "uid=zq,ou=people," + Ds389Rig::suffix();
    WorkConnection work{encrypted(rig)};
    Ds389PasswordWriter writer{work};
    Ds389PasswordVerifier verifier{work};
};

TEST_F(Ds389Passwords, ResetPasswordMustBeChangedAndThenHolds) {
    EXPECT_EQ(code_of(reset(next)), "ok");
    EXPECT_TRUE(state().must_change);
    EXPECT_EQ(sign_in(present), SignInVerdict::rejected);
    EXPECT_EQ(sign_in(next), SignInVerdict::must_change);
    EXPECT_EQ(code_of(change(next, "Own-Choice-3")), "ok");
    EXPECT_TRUE(eventually([this] { return !state().must_change; }));
    EXPECT_EQ(sign_in("Own-Choice-3"), SignInVerdict::accepted);
}

TEST_F(Ds389Passwords, EveryRefusedResetNamesItsRuleAndChangesNothing) {
    ASSERT_EQ(code_of(reset("Older-Word-7")), "ok");
    ASSERT_EQ(code_of(reset("Newer-Word-8")), "ok");
    EXPECT_EQ(code_of(reset("shrt1")), "password_too_short");
    EXPECT_THAT(words_of(reset("shrt1")), HasSubstr("at least 8 characters"));
    EXPECT_EQ(code_of(reset("allsmallletters")), "password_quality");
    EXPECT_THAT(words_of(reset("allsmallletters")), HasSubstr("3 character categories"));
    EXPECT_EQ(code_of(reset("Older-Word-7")), "password_in_history");
    EXPECT_THAT(words_of(reset("Older-Word-7")), HasSubstr("last 3"));
    EXPECT_EQ(code_of(reset("Newer-Word-8")), "password_in_history");
    EXPECT_THAT(words_of(reset("Newer-Word-8")), HasSubstr("present one"));
    EXPECT_EQ(sign_in("Newer-Word-8"), SignInVerdict::must_change);
    rig.configure({"passwordMinAge", "3600"});
    ASSERT_EQ(code_of(reset("Third-Word-9")), "ok");
    ASSERT_EQ(code_of(change("Third-Word-9", "Third-Term-9")), "ok");
    EXPECT_TRUE(eventually([this] { return state().too_young_until.has_value(); }));
    EXPECT_EQ(code_of(reset("Fourth-Word-9")), "password_too_young");
}

TEST_F(Ds389Passwords, EveryRefusedChangeNamesItsRule) {
    EXPECT_EQ(code_of(change("wrong-word", next)), "wrong_password");
    EXPECT_EQ(code_of(change(present, "shrt1")), "password_too_short");
    EXPECT_EQ(code_of(change(present, "allsmallletters")), "password_quality");
    EXPECT_THAT(words_of(change(present, "allsmallletters")), HasSubstr("3 character categories"));
    EXPECT_EQ(code_of(change(present, present)), "password_in_history");
    EXPECT_EQ(code_of(change(present, next)), "ok");
    EXPECT_TRUE(eventually([this] { return !rig.values(dn, "passwordHistory").empty(); }));
    EXPECT_EQ(code_of(change(next, present)), "password_in_history");
    rig.configure({"passwordMinAge", "3600"});
    ASSERT_EQ(code_of(change(next, "Third-Word-9")), "ok");
    EXPECT_TRUE(eventually([this] { return state().too_young_until.has_value(); }));
    EXPECT_EQ(code_of(change("Third-Word-9", "Fourth-Word-9")), "password_too_young");
    rig.set(dn, "nsAccountLock", "true");
    EXPECT_EQ(code_of(change("Third-Word-9", "Fifth-Word-9")), "account_disabled");
    EXPECT_TRUE(state().disabled);
}

TEST_F(Ds389Passwords, LockedAccountIsUnlockedByItselfOrByAReset) {
    lock();
    EXPECT_TRUE(state().locked);
    EXPECT_EQ(sign_in(present), SignInVerdict::locked);
    EXPECT_EQ(code_of(change(present, next)), "account_locked");
    EXPECT_EQ(code_of(writer.unlock(dn, soon())), "ok");
    EXPECT_FALSE(state().locked);
    EXPECT_EQ(sign_in(present), SignInVerdict::must_change);
    EXPECT_EQ(code_of(writer.unlock(dn, soon())), "ok");
    lock();
    EXPECT_EQ(code_of(reset(next)), "ok");
    EXPECT_FALSE(state().locked);
    EXPECT_EQ(sign_in(next), SignInVerdict::must_change);
    EXPECT_EQ(verifier.lockout_threshold(), 3U);
}

TEST_F(Ds389Passwords, MissingRightsPeopleAndEncryptionAreTold) {
    const auto elsewhere = "uid=zq,ou=groups," + Ds389Rig::suffix();
    rig.modify(fmt::format(
        "dn: {}\nobjectClass: inetOrgPerson\nuid: zq\ncn: Zq\nsn: Zq\nuserPassword: {}\n",
        elsewhere, present
    ));
    const auto denied = writer.reset(elsewhere, Secret(next), MustChange::yes, soon());
    EXPECT_EQ(code_of(denied), "directory_denied");
    EXPECT_THAT(words_of(denied), HasSubstr("ACI"));
    EXPECT_EQ(code_of(writer.unlock(elsewhere, soon())), "directory_denied");
    EXPECT_EQ(
        code_of(writer.change(elsewhere, Secret(present), Secret(next), soon())),
        "password_change_not_allowed"
    );
    const auto nobody = "uid=nobody,ou=people," + Ds389Rig::suffix();
    EXPECT_FALSE(writer.account_state(nobody, soon())->exists);
    EXPECT_EQ(
        code_of(writer.reset(nobody, Secret(next), MustChange::yes, soon())), "not_in_directory"
    );
    WorkConnection clear(test::ds389_source(rig).connection);
    Ds389PasswordWriter in_clear(clear);
    EXPECT_EQ(
        code_of(in_clear.reset(dn, Secret(next), MustChange::yes, soon())), "directory_insecure"
    );
}

TEST_F(Ds389Passwords, ThePolicyOfThePersonIsExplained) {
    const auto global = *writer.policy(dn, soon());
    EXPECT_TRUE(global.must_change_after_reset);
    EXPECT_TRUE(global.enforced_on_reset);
    EXPECT_EQ(global.minimum_length, 8U);
    EXPECT_EQ(global.history, 3U);
    EXPECT_EQ(global.lockout_duration, std::chrono::seconds(3600));
    EXPECT_THAT(global.sentences, Contains("At least 8 characters."));
    const auto policy = "cn=strict,ou=services," + Ds389Rig::suffix();
    rig.modify(fmt::format(
        "dn: {}\nobjectClass: top\nobjectClass: ldapsubentry\nobjectClass: passwordpolicy\n"
        "cn: strict\npasswordCheckSyntax: on\npasswordMinLength: 14\npasswordMinDigits: 2\n"
        "passwordMustChange: off\n",
        policy
    ));
    rig.set(dn, "pwdpolicysubentry", policy);
    EXPECT_EQ(writer.policy(dn, soon())->minimum_length, 8U);
    rig.configure({"nsslapd-pwpolicy-local", "on"});
    const auto own = *writer.policy(dn, soon());
    EXPECT_EQ(own.minimum_length, 14U);
    EXPECT_THAT(own.sentences, Contains("At least 2 digits."));
    EXPECT_FALSE(own.must_change_after_reset);
    EXPECT_EQ(code_of(reset("Fresh-Word-99")), "password_too_short");
    EXPECT_THAT(words_of(reset("Fresh-Words-and-9")), HasSubstr("2 digits"));
    EXPECT_EQ(code_of(reset("Fresh-Words-and-99")), "ok");
    EXPECT_FALSE(state().must_change);
    rig.modify("dn: " + policy + "\nchangetype: delete\n");
}

TEST_F(Ds389Passwords, ThePolicyOfTheSubtreeIsExplained) {
    const auto people = "ou=people," + Ds389Rig::suffix();
    const auto container = "cn=nsPwPolicyContainer," + people;
    const auto add = [&](const std::string& entry, const std::string& lines) {
        rig.modify(fmt::format("dn: {}\nobjectClass: top\n{}\n", entry, lines));
    };
    add(container, "objectClass: nsContainer");
    add("cn=policy," + container,
        "objectClass: ldapsubentry\nobjectClass: passwordpolicy\npasswordCheckSyntax: on\n"
        "passwordMinLength: 11");
    add("cn=template," + container,
        "objectClass: extensibleObject\nobjectClass: costemplate\nobjectClass: ldapsubentry\n"
        "cosPriority: 1\npwdpolicysubentry: cn=policy," +
            container);
    add("cn=nsPwPolicy_CoS," + people,
        "objectClass: ldapsubentry\nobjectClass: cosSuperDefinition\n"
        "objectClass: cosPointerDefinition\ncosTemplateDn: cn=template," +
            container + "\ncosAttribute: pwdpolicysubentry default operational-default");
    rig.configure({"nsslapd-pwpolicy-local", "on"});
    EXPECT_TRUE(eventually([this] { return writer.policy(dn, soon())->minimum_length == 11U; }));
    EXPECT_EQ(code_of(reset("Fresh-Wo-9")), "password_too_short");
    EXPECT_THAT(words_of(reset("Fresh-Wo-9")), HasSubstr("at least 11"));
    for (const auto& entry :
         {"cn=nsPwPolicy_CoS," + people, "cn=template," + container, "cn=policy," + container,
          container}) {
        rig.modify("dn: " + entry + "\nchangetype: delete\n");
    }
}

}  // namespace
}  // namespace bascule::ldap
