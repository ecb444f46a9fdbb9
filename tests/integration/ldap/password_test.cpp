// Passwords through a real slapd with ppolicy: who is refused for what, and what remains
// afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/ldap/password_verifier.hpp"
#include "connectors/ldap/password_writer.hpp"
#include "tests/integration/ldap/feed_runner.hpp"

namespace bascule::ldap {
namespace {

using directory::MustChange;
using directory::SignInVerdict;
using test::SlapdRig;
using test::user_dn;
using ::testing::HasSubstr;

class Password : public ::testing::Test {
  protected:
    Password() {
        rig_.load_ldif(test::directory_ldif(5));
        rig_.start();
    }
    static Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(5); }
    static Secret secret(std::string_view text) { return Secret(std::string(text)); }
    Status reset(std::string_view password, MustChange must_change = MustChange::no) {
        return writer_.reset(dn_, secret(password), must_change, soon());
    }
    Status change(std::string_view from, std::string_view to) {
        return writer_.change(dn_, secret(from), secret(to), soon());
    }
    SignInVerdict verify(std::string_view password) {
        const auto verdict = verifier_.verify(dn_, secret(password), soon());
        EXPECT_TRUE(verdict.has_value());
        return verdict.value_or(SignInVerdict::rejected);
    }
    void lock() {
        for (int i = 0; i < 4; ++i) {
            EXPECT_EQ(rig_.bind(dn_, "wrong"), 49);
        }
    }
    static void expect_refused(
        const Status& status, std::string_view code, std::string_view sentence
    ) {
        ASSERT_FALSE(status.has_value());
        EXPECT_EQ(status.error().code, code) << status.error().context;
        EXPECT_THAT(status.error().detail, HasSubstr(std::string(sentence)));
    }

    SlapdRig rig_;
    std::string dn_ = user_dn(1);
    WorkConnection work_{service_options(rig_)};
    OpenLdapPasswordWriter writer_{work_, {.dn = {}, .base = SlapdRig::suffix()}};
    BindPasswordVerifier verifier_{work_, {.dn = {}, .base = SlapdRig::suffix()}};
};

TEST(PasswordTransport, NothingIsSentInTheClearToAnotherHost) {
    const auto address = test::own_address();
    if (address.empty()) {
        GTEST_SKIP() << "this machine has no address beside loopback";
    }
    SlapdRig rig(test::SlapdOptions{.address = address});
    rig.load_ldif(test::directory_ldif(3));
    rig.start();
    WorkConnection work(service_options(rig));
    OpenLdapPasswordWriter writer(work, {.dn = {}, .base = SlapdRig::suffix()});
    BindPasswordVerifier verifier(work, {.dn = {}, .base = SlapdRig::suffix()});
    const auto dn = user_dn(1);
    const auto soon = [] { return std::chrono::steady_clock::now() + std::chrono::seconds(5); };
    const auto secret = [](std::string_view text) { return Secret(std::string(text)); };
    const auto code = [](const auto& result) {
        return result.has_value() ? std::string("sent") : result.error().code;
    };
    const auto old_password = std::string(test::user_password);
    const std::string refused = "directory_insecure";
    EXPECT_EQ(code(writer.reset(dn, secret("Fresh-Word-1"), MustChange::no, soon())), refused);
    EXPECT_EQ(
        code(writer.change(dn, secret(old_password), secret("Fresh-Word-1"), soon())), refused
    );
    EXPECT_EQ(code(verifier.verify(dn, secret(old_password), soon())), refused);
    EXPECT_EQ(rig.bind(dn, old_password), 0);
}

TEST_F(Password, ResetReplacesTheOldPassword) {
    ASSERT_TRUE(reset("Fresh-Word-1"));
    EXPECT_EQ(verify("Fresh-Word-1"), SignInVerdict::accepted);
    EXPECT_EQ(verify(test::user_password), SignInVerdict::rejected);
}

TEST_F(Password, ResetWithMustChangeMarksTheAccountInTheSameStep) {
    ASSERT_TRUE(reset("Fresh-Word-1", MustChange::yes));
    EXPECT_EQ(verify("Fresh-Word-1"), SignInVerdict::must_change);
    const auto state = writer_.account_state(dn_, soon());
    ASSERT_TRUE(state.has_value());
    EXPECT_TRUE(state->must_change);
    EXPECT_TRUE(state->password_changed.has_value());
    ASSERT_TRUE(change("Fresh-Word-1", "Own-Choice-22"));
    EXPECT_EQ(verify("Own-Choice-22"), SignInVerdict::accepted);
}

TEST_F(Password, ResetObeysTheDirectorysRules) {
    expect_refused(reset("short"), "password_too_short", "at least 8 characters");
    ASSERT_TRUE(reset("Fresh-Word-1"));
    expect_refused(reset("Fresh-Word-1"), "password_in_history", "it is the present one");
    ASSERT_TRUE(reset("Fresh-Word-2"));
    expect_refused(
        reset("Fresh-Word-1"), "password_in_history",
        "The directory did not accept this password: it is one of the last 5 used. Choose another. "
        "(Nothing was changed.)"
    );
    EXPECT_EQ(verify("Fresh-Word-2"), SignInVerdict::accepted);
}

TEST_F(Password, PolicyOfTheEntryItselfComesBeforeTheDefault) {
    rig_.modify(
        "dn: cn=strict,ou=policies," + SlapdRig::suffix() +
        "\nchangetype: add\nobjectClass: pwdPolicy\nobjectClass: organizationalRole\ncn: strict\n"
        "pwdAttribute: userPassword\npwdCheckQuality: 2\npwdMinLength: 16\npwdMaxLength: 20\n"
    );
    rig_.modify(
        "dn: " + dn_ +
        "\nchangetype: modify\nadd: pwdPolicySubentry\npwdPolicySubentry: cn=strict,ou=policies," +
        SlapdRig::suffix() + "\n"
    );
    const auto policy = writer_.policy(dn_, soon());
    ASSERT_TRUE(policy.has_value());
    EXPECT_EQ(policy->minimum_length, 16U);
    EXPECT_FALSE(policy->history.has_value());
    expect_refused(reset("Fresh-Word-1"), "password_too_short", "at least 16 characters");
}

TEST_F(Password, PolicyIsToldInWords) {
    rig_.set_policy("pwdMinAge", "3600");
    const auto policy = writer_.policy(dn_, soon());
    ASSERT_TRUE(policy.has_value());
    EXPECT_EQ(policy->minimum_length, 8U);
    EXPECT_EQ(policy->history, 5U);
    EXPECT_EQ(policy->lockout_threshold, 3U);
    EXPECT_FALSE(policy->lockout_duration.has_value());
    EXPECT_TRUE(policy->must_change_after_reset);
    EXPECT_THAT(
        policy->sentences, ::testing::ElementsAre(
                               "At least 8 characters.", "None of the last 5 passwords.",
                               "A password can be changed again after 1 hour."
                           )
    );
    EXPECT_EQ(verifier_.lockout_threshold(), 3U);
}

TEST_F(Password, MinimumAgeHoldsUpTheOwnerButNotTheAdministrator) {
    ASSERT_TRUE(reset("Fresh-Word-1"));
    rig_.set_policy("pwdMinAge", "3600");
    const auto state = writer_.account_state(dn_, soon());
    ASSERT_TRUE(state.has_value());
    EXPECT_TRUE(state->too_young_until.has_value());
    expect_refused(
        change("Fresh-Word-1", "Own-Choice-22"), "password_too_young", "less than 1 hour ago"
    );
    ASSERT_TRUE(reset("Fresh-Word-2", MustChange::yes));
    EXPECT_EQ(verify("Fresh-Word-2"), SignInVerdict::must_change);
    ASSERT_TRUE(change("Fresh-Word-2", "Own-Choice-22"));
    EXPECT_EQ(verify("Own-Choice-22"), SignInVerdict::accepted);
}

TEST_F(Password, YoungResetWithoutMustChangeLeavesNoMark) {
    ASSERT_TRUE(reset("Fresh-Word-1"));
    rig_.set_policy("pwdMinAge", "3600");
    ASSERT_TRUE(reset("Fresh-Word-2"));
    EXPECT_EQ(verify("Fresh-Word-2"), SignInVerdict::accepted);
}

TEST_F(Password, YoungResetThatIsRefusedLeavesTheAccountAsItWas) {
    ASSERT_TRUE(reset("Fresh-Word-1"));
    rig_.set_policy("pwdMinAge", "3600");
    expect_refused(reset("short", MustChange::yes), "password_too_short", "at least 8");
    EXPECT_EQ(verify("Fresh-Word-1"), SignInVerdict::accepted);
}

TEST_F(Password, LockedAccountIsSeenAndAResetUnlocksIt) {
    lock();
    EXPECT_EQ(verify(test::user_password), SignInVerdict::locked);
    const auto state = writer_.account_state(dn_, soon());
    ASSERT_TRUE(state.has_value());
    EXPECT_TRUE(state->locked);
    ASSERT_TRUE(reset("Fresh-Word-1"));
    EXPECT_EQ(verify("Fresh-Word-1"), SignInVerdict::accepted);
    EXPECT_FALSE(writer_.account_state(dn_, soon())->locked);
}

/// An hour behind, the server holds a lock of half an hour that would be long over by our clock.
TEST(PasswordClock, LocksEndByTheServersClock) {
    if (!test::clock_can_be_shifted()) {
        GTEST_SKIP() << "libfaketime is not installed";
    }
    test::SlapdOptions options;
    options.clock_shift = "-1h";
    options.overlay_lines = "database monitor\naccess to * by * read\n";
    SlapdRig rig(options);
    rig.load_ldif(test::directory_ldif(3));
    rig.start();
    rig.set(SlapdRig::default_policy_dn(), "pwdLockoutDuration", "1800");
    const auto dn = user_dn(1);
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(rig.bind(dn, "wrong"), 49);
    }
    WorkConnection work(service_options(rig));
    OpenLdapPasswordWriter writer(work, {.dn = {}, .base = SlapdRig::suffix()});
    const auto state =
        writer.account_state(dn, std::chrono::steady_clock::now() + std::chrono::seconds(5));
    ASSERT_TRUE(state.has_value()) << state.error().context;
    EXPECT_TRUE(state->locked);
    EXPECT_EQ(rig.bind(dn, std::string(test::user_password)), 49);
}

TEST_F(Password, UnlockKeepsThePasswordAndMayBeRepeated) {
    lock();
    ASSERT_TRUE(writer_.unlock(dn_, soon()));
    EXPECT_EQ(verify(test::user_password), SignInVerdict::accepted);
    EXPECT_TRUE(writer_.unlock(dn_, soon()));
}

TEST_F(Password, ChangeNeedsTheRightOldPassword) {
    expect_refused(change("not-the-one", "Own-Choice-22"), "wrong_password", "not right");
    EXPECT_EQ(verify(test::user_password), SignInVerdict::accepted);
    lock();
    expect_refused(change(test::user_password, "Own-Choice-22"), "account_locked", "locked");
}

TEST_F(Password, ChangeObeysTheDirectorysRules) {
    expect_refused(change(test::user_password, "short"), "password_too_short", "at least 8");
    expect_refused(
        change(test::user_password, test::user_password), "password_in_history", "present one"
    );
    rig_.set_policy("pwdAllowUserChange", "FALSE");
    expect_refused(
        change(test::user_password, "Own-Choice-22"), "password_change_not_allowed", "help desk"
    );
}

TEST_F(Password, MissingRightsAreNamed) {
    rig_.change_access({"to attrs=userPassword by anonymous auth by * none", "to * by * read"});
    expect_refused(reset("Fresh-Word-1"), "directory_denied", "write access to userPassword");
}

TEST_F(Password, SafeModifyIsNamed) {
    rig_.set_policy("pwdSafeModify", "TRUE");
    expect_refused(reset("Fresh-Word-1"), "directory_denied", "pwdSafeModify");
}

TEST_F(Password, UnknownPersonIsToldApart) {
    dn_ = "uid=nobody,ou=d1,ou=people," + SlapdRig::suffix();
    expect_refused(reset("Fresh-Word-1"), "not_in_directory", "not in the directory");
    EXPECT_EQ(verify("Fresh-Word-1"), SignInVerdict::rejected);
    const auto state = writer_.account_state(dn_, soon());
    ASSERT_TRUE(state.has_value());
    EXPECT_FALSE(state->exists);
}

TEST_F(Password, EmptyPasswordNeverSignsIn) {
    EXPECT_EQ(verify(""), SignInVerdict::rejected);
    EXPECT_FALSE(change("", "Own-Choice-22"));
}

TEST_F(Password, VerifyingLeavesTheServiceConnectionAlone) {
    EXPECT_EQ(verify("wrong"), SignInVerdict::rejected);
    EXPECT_EQ(verify(test::user_password), SignInVerdict::accepted);
    EXPECT_TRUE(reset("Fresh-Word-1"));
}

TEST_F(Password, ServerThatIsDownOrRestartedIsHandled) {
    ASSERT_TRUE(reset("Fresh-Word-1"));
    rig_.stop();
    expect_refused(reset("Fresh-Word-2"), "writeback_unavailable", "Nothing was changed");
    EXPECT_FALSE(verifier_.verify(dn_, secret("Fresh-Word-1"), soon()).has_value());
    rig_.start();
    EXPECT_TRUE(reset("Fresh-Word-2"));
    rig_.restart();
    EXPECT_TRUE(reset("Fresh-Word-3"));
}

TEST_F(Password, SilentServerSaysThatTheOutcomeIsNotKnown) {
    ASSERT_TRUE(reset("Fresh-Word-1"));
    rig_.freeze();
    const auto before = std::chrono::steady_clock::now();
    const auto status = writer_.reset(
        dn_, secret("Fresh-Word-2"), MustChange::no, before + std::chrono::milliseconds(300)
    );
    const auto took = std::chrono::steady_clock::now() - before;
    rig_.thaw();
    expect_refused(status, "writeback_unavailable", "may or may not");
    EXPECT_LT(took, std::chrono::seconds(1));
}

TEST_F(Password, WorksByTls) {
    auto options = service_options(rig_);
    options.servers = {rig_.ldaps_uri()};
    WorkConnection work(options);
    OpenLdapPasswordWriter writer(work, {.dn = SlapdRig::default_policy_dn(), .base = {}});
    EXPECT_TRUE(writer.reset(dn_, secret("Fresh-Word-1"), MustChange::no, soon()));
    EXPECT_TRUE(writer.change(dn_, secret("Fresh-Word-1"), secret("Own-Choice-22"), soon()));
}

}  // namespace
}  // namespace bascule::ldap
