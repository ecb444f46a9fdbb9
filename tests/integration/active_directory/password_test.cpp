// Password write-back against a real domain controller.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "connectors/ldap/dialects/active_directory/domain_passwords.hpp"
#include "connectors/ldap/dialects/directory_source.hpp"
#include "tests/support/samba_rig.hpp"
#include "tests/unit/mirror/registry_fixture.hpp"

namespace bascule::ldap {
namespace {

using directory::MustChange;
using directory::SignInVerdict;
using test::SambaRig;

constexpr const char* old_password = "Passw0rd-old";
constexpr const char* new_password = "Passw0rd-new";

class DomainPassword : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
            GTEST_SKIP() << obstacle;
        }
        samba_ = std::make_unique<SambaRig>();
        samba_->start();
        connect(samba_->ldaps_uri(), SambaRig::service_dn());
        dn_ = samba_->add_user("alice", old_password);
    }

    void connect(const std::string& uri, const std::string& account) {
        ConnectionOptions options;
        options.servers = {uri};
        options.ca_file = samba_->ca_file();
        options.bind_dn = account;
        options.secret = []() -> Result<Secret> { return Secret(SambaRig::service_password()); };
        work_ = std::make_unique<WorkConnection>(options);
        writer_ = std::make_unique<DomainPasswordWriter>(*work_, SambaRig::people());
        verifier_ = std::make_unique<DomainPasswordVerifier>(*work_, SambaRig::people());
    }

    static Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(20); }
    void set_policy(std::string_view attribute, std::string_view value) {
        samba_->set(SambaRig::suffix(), attribute, value);
    }
    std::string reset(std::string password, MustChange must_change = MustChange::no) {
        const auto done = writer_->reset(dn_, Secret(std::move(password)), must_change, soon());
        return done ? "" : done.error().code;
    }
    std::string change(std::string from, std::string to) {
        const auto done =
            writer_->change(dn_, Secret(std::move(from)), Secret(std::move(to)), soon());
        return done ? "" : done.error().code;
    }
    SignInVerdict verify(std::string password) {
        return *verifier_->verify(dn_, Secret(std::move(password)), soon());
    }
    directory::AccountState state() { return *writer_->account_state(dn_, soon()); }
    void lock() {
        set_policy("lockoutThreshold", "2");
        for (int attempt = 0; attempt < 4; ++attempt) {
            static_cast<void>(samba_->bind_failure("alice@rig.test", "wrong"));
        }
    }

    std::unique_ptr<SambaRig> samba_;
    std::unique_ptr<WorkConnection> work_;
    std::unique_ptr<DomainPasswordWriter> writer_;
    std::unique_ptr<DomainPasswordVerifier> verifier_;
    std::string dn_;
};

TEST_F(DomainPassword, ResetMayDemandAChangeAndNeverTouchesTheAccountControl) {
    const auto control = samba_->client().values(dn_, "userAccountControl");
    EXPECT_EQ(reset(new_password), "");
    EXPECT_EQ(verify(new_password), SignInVerdict::accepted);
    EXPECT_EQ(verify("wrong"), SignInVerdict::rejected);
    EXPECT_FALSE(state().must_change);
    EXPECT_EQ(reset("Passw0rd-2 \xc3\xa4\xf0\x9f\x90\x9d\"x", MustChange::yes), "");
    EXPECT_EQ(verify("Passw0rd-2 \xc3\xa4\xf0\x9f\x90\x9d\"x"), SignInVerdict::must_change);
    EXPECT_TRUE(state().must_change);
    EXPECT_EQ(samba_->client().values(dn_, "userAccountControl"), control);
    EXPECT_TRUE(samba_->client().values(dn_, "userPassword").empty());
}

TEST_F(DomainPassword, WhoMustChangeCanChange) {
    set_policy("minPwdAge", "0");
    ASSERT_EQ(reset(new_password, MustChange::yes), "");
    EXPECT_EQ(change(new_password, "Passw0rd-own"), "");
    EXPECT_EQ(verify("Passw0rd-own"), SignInVerdict::accepted);
}

TEST_F(DomainPassword, EachRefusalNamesItsRule) {
    EXPECT_EQ(reset("Aa1-x"), "password_too_short");
    EXPECT_EQ(reset("onlysmallletters"), "password_quality");
    EXPECT_EQ(change(old_password, new_password), "password_too_young");
    set_policy("minPwdAge", "0");
    EXPECT_EQ(change("wrong", new_password), "wrong_password");
    EXPECT_EQ(change(old_password, "Aa1-x"), "password_too_short");
    EXPECT_EQ(change(old_password, "onlysmallletters"), "password_quality");
    EXPECT_EQ(change(old_password, new_password), "");
    EXPECT_EQ(change(new_password, old_password), "password_in_history");
    EXPECT_EQ(change(new_password, new_password), "password_in_history");
    EXPECT_EQ(change("", new_password), "wrong_password");
    dn_ = "CN=nobody," + SambaRig::people();
    EXPECT_EQ(reset(new_password), "not_in_directory");
    EXPECT_EQ(change(old_password, new_password), "not_in_directory");
    dn_ = SambaRig::reader_dn();
    EXPECT_EQ(reset(new_password), "directory_denied");
}

TEST_F(DomainPassword, AnAccountThatCannotSignInIsRefusedBeforeAnythingIsSent) {
    set_policy("minPwdAge", "0");
    samba_->set(dn_, "userAccountControl", "514");
    EXPECT_TRUE(state().disabled);
    EXPECT_EQ(change("wrong", new_password), "account_disabled");
    samba_->set(dn_, "userAccountControl", "66048");
    samba_->set(dn_, "accountExpires", SambaRig::ticks_after(-60));
    EXPECT_TRUE(state().expired);
    EXPECT_EQ(change("wrong", new_password), "account_disabled");
    EXPECT_EQ(samba_->client().values(dn_, "badPwdCount"), std::vector<std::string>{"0"});
    EXPECT_EQ(verify(old_password), SignInVerdict::rejected);
}

TEST_F(DomainPassword, UnlockingIsAnActionOfItsOwn) {
    lock();
    EXPECT_TRUE(state().locked);
    EXPECT_EQ(verify(old_password), SignInVerdict::locked);
    EXPECT_EQ(change(old_password, new_password), "account_locked");
    EXPECT_EQ(reset(new_password), "");
    EXPECT_TRUE(state().locked);
    EXPECT_TRUE(writer_->unlock(dn_, soon()));
    EXPECT_FALSE(state().locked);
    EXPECT_EQ(verify(new_password), SignInVerdict::accepted);
    EXPECT_EQ(verifier_->lockout_threshold(), 2U);
}

TEST_F(DomainPassword, ThePolicyIsToldBeforehand) {
    const auto policy = *writer_->policy(dn_, soon());
    EXPECT_EQ(policy.minimum_length, 7U);
    EXPECT_EQ(policy.history, 24U);
    EXPECT_EQ(policy.minimum_age, std::chrono::hours(24));
    EXPECT_TRUE(policy.quality_checked);
    EXPECT_FALSE(policy.enforced_on_reset);
    const std::string limit =
        "This directory cannot compare a reset with earlier passwords; it does so only when people "
        "change their password themselves.";
    EXPECT_EQ(std::ranges::count(policy.sentences, limit), 1);
    // What was announced: a reset to a former password goes through.
    EXPECT_EQ(reset(new_password), "");
    EXPECT_EQ(reset(old_password), "");
    EXPECT_TRUE(state().too_young_until.has_value());
}

TEST_F(DomainPassword, AnAccountsOwnPolicyComesFirst) {
    const std::string settings =
        "CN=strict,CN=Password Settings Container,CN=System," + SambaRig::suffix();
    samba_->modify(
        "dn: " + settings +
        "\nobjectClass: msDS-PasswordSettings\nmsDS-PasswordSettingsPrecedence: 1\n"
        "msDS-MinimumPasswordLength: 14\nmsDS-PasswordComplexityEnabled: FALSE\n"
        "msDS-PasswordHistoryLength: 3\nmsDS-MinimumPasswordAge: 0\n"
        "msDS-MaximumPasswordAge: -864000000000\nmsDS-LockoutThreshold: 5\n"
        "msDS-LockoutDuration: -18000000000\nmsDS-LockoutObservationWindow: -18000000000\n"
        "msDS-PasswordReversibleEncryptionEnabled: FALSE\nmsDS-PSOAppliesTo: " +
        dn_ + "\n"
    );
    // The service account may not read it: that is said.
    const auto hidden = *writer_->policy(dn_, soon());
    EXPECT_EQ(hidden.minimum_length, 7U);
    EXPECT_NE(hidden.sentences.back().find("policy of its own"), std::string::npos);
    EXPECT_EQ(reset(new_password), "password_too_short");

    const auto admin = samba_->client();
    ConnectionOptions options = work_->options();
    options.bind_dn = admin.admin_dn;
    options.secret = [password = admin.admin_password]() -> Result<Secret> {
        return Secret(std::string(password));
    };
    WorkConnection work(options);
    DomainPasswordWriter writer(work, SambaRig::people());
    const auto policy = *writer.policy(dn_, soon());
    EXPECT_EQ(policy.minimum_length, 14U);
    EXPECT_EQ(policy.history, 3U);
    EXPECT_EQ(policy.lockout_threshold, 5U);
    EXPECT_FALSE(policy.quality_checked);
}

TEST_F(DomainPassword, NothingIsSentInClear) {
    connect(samba_->ldap_uri(), SambaRig::service_dn());
    EXPECT_EQ(reset(new_password), "directory_insecure");
    EXPECT_EQ(change(old_password, new_password), "directory_insecure");
    const auto verdict = verifier_->verify(dn_, Secret(std::string(old_password)), soon());
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code, "directory_insecure");
    connect(samba_->ldaps_uri(), SambaRig::service_dn());
    EXPECT_EQ(verify(old_password), SignInVerdict::accepted);
    EXPECT_EQ(verify(""), SignInVerdict::rejected);
}

TEST_F(DomainPassword, AnAccountWithoutTheRightsIsTold) {
    connect(samba_->ldaps_uri(), SambaRig::reader_dn());
    EXPECT_EQ(reset(new_password), "directory_denied");
    const auto unlocked = writer_->unlock(dn_, soon());
    ASSERT_FALSE(unlocked);
    EXPECT_EQ(unlocked.error().code, "directory_denied");
    EXPECT_NE(unlocked.error().detail.find("lockoutTime"), std::string::npos);
}

TEST_F(DomainPassword, ProtectedAccountsAreKnownBeforehand) {
    dn_ = samba_->client().admin_dn;
    EXPECT_TRUE(state().protected_account);
    EXPECT_EQ(reset(new_password), "directory_denied");
}

TEST_F(DomainPassword, TheDialectIsAskedForBeforeTheFirstPassword) {
    SourceOptions options;
    options.connection = work_->options();
    options.base = SambaRig::suffix();
    const auto source =
        DirectorySource::make(std::move(options), std::nullopt, {}, test::product_registry());
    ASSERT_TRUE(source);
    auto& writer = (*source)->writer();
    EXPECT_TRUE(writer.reset(dn_, Secret(std::string(new_password)), MustChange::no, soon()));
    EXPECT_TRUE(samba_->client().values(dn_, "userPassword").empty());
    EXPECT_EQ(
        *(*source)->verifier().verify(dn_, Secret(std::string(new_password)), soon()),
        SignInVerdict::accepted
    );
    EXPECT_EQ((*source)->verifier().lockout_threshold(), std::nullopt);
}

TEST_F(DomainPassword, WithoutAServerNothingIsWrittenByAGuess) {
    SourceOptions options;
    options.connection = work_->options();
    options.base = SambaRig::suffix();
    const auto source =
        DirectorySource::make(std::move(options), std::nullopt, {}, test::product_registry());
    ASSERT_TRUE(source);
    samba_->stop();
    const auto done =
        (*source)->writer().reset(dn_, Secret(std::string(new_password)), MustChange::no, soon());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, "writeback_unavailable");
}

}  // namespace
}  // namespace bascule::ldap
