// Managers reset passwords of mirrored people, and those people sign in, on a real slapd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "connectors/ldap/password_verifier.hpp"
#include "connectors/ldap/password_writer.hpp"
#include "directory/base/log.hpp"
#include "tests/integration/ldap/feed_runner.hpp"
#include "tests/unit/selfservice/company.hpp"

namespace bascule::selfservice {
namespace {

using directory::EdgeKind;
using directory::Outcome;
using std::chrono::seconds;
using test::code_of;
using test::SlapdRig;
using test::value_of;
using testing::HasSubstr;

/// Keeps every log line as text.
class LogCapture final : public log::Sink {
  public:
    LogCapture() : before_(log::set_sink(this)) {}
    ~LogCapture() override { log::set_sink(before_); }
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;
    void write(
        log::Level, std::string_view event, std::string_view message,
        std::initializer_list<log::Field> fields
    ) override {
        const std::scoped_lock lock(mutex_);
        text_.append(event).append(message);
        for (const log::Field& field : fields) {
            text_.append(field.value);
        }
    }
    std::string text() {
        const std::scoped_lock lock(mutex_);
        return text_;
    }

  private:
    log::Sink* before_;
    std::mutex mutex_;
    std::string text_;
};

/// Mira manages Seattle; Leo is in Seattle, Zoe is not. Leo, Zoe and Mira come from the directory.
struct WriteBack : testing::Test {
    SlapdRig rig;
    test::Company company;
    std::optional<ldap::WorkConnection> work;
    std::optional<ldap::OpenLdapPasswordWriter> writer;
    std::optional<ldap::BindPasswordVerifier> verifier;
    std::string leo_dn = test::user_dn(1);
    Uuid seattle = company.add_unit("Seattle");
    Uuid leo = company.add_synced_user("leo", leo_dn);
    Uuid zoe = company.add_synced_user("zoe", test::user_dn(2));
    Uuid mira = company.add_synced_user("mira", test::user_dn(3));
    Uuid local = company.add_local_user("local", "password of local");

    WriteBack() {
        rig.load_ldif(test::directory_ldif(8));
        rig.start();
        work.emplace(ldap::service_options(rig));
        writer.emplace(*work, ldap::PolicyLocation{.dn = {}, .base = SlapdRig::suffix()});
        verifier.emplace(*work, ldap::PolicyLocation{.dn = {}, .base = SlapdRig::suffix()});
        connect(true);
        company.link(EdgeKind::unit_member, seattle, leo);
        company.assign("Helpdesk Administrator", mira, seattle);
    }
    void connect(bool password_enabled, bool unlock_enabled = true) {
        company.directories.set(
            company.corp, {&*writer, &*verifier, password_enabled, "corp", unlock_enabled}
        );
    }
    std::vector<directory::JournalRecord> resets() {
        return company.journal("Reset password (by admin)");
    }
    std::string unlock(const Uuid& actor, const Uuid& target) {
        return code_of(company.staff->unlock(company.caller(actor), target, company.soon()));
    }
    void lock_leo() {
        for (int i = 0; i < 4; ++i) {
            EXPECT_EQ(bind("wrong-password"), 49);
        }
        EXPECT_EQ(bind(std::string(test::user_password)), 49);
    }
    int bind(const std::string& password) { return rig.bind(leo_dn, password); }
    std::string sign_in(
        const std::string& name, const std::string& password,
        const std::string& address = "10.0.0.1"
    ) {
        return code_of(company.sign_in(name, password, address));
    }
};

TEST_F(WriteBack, TheNextBindNeedsTheNewPassword) {
    const auto session = value_of(company.sign_in("leo", std::string(test::user_password)));
    const auto outcome = value_of(company.reset(mira, leo, "Fresh-Word-1"));
    EXPECT_FALSE(outcome.temporary_password);
    EXPECT_EQ(outcome.source_name, "corp");
    EXPECT_EQ(bind("Fresh-Word-1"), 0);
    EXPECT_EQ(bind(std::string(test::user_password)), 49);
    EXPECT_EQ(rig.values(leo_dn, "pwdReset"), std::vector<std::string>{"TRUE"});
    EXPECT_EQ(code_of(company.sessions->find(session.token.reveal())), "no_session");
    const auto records = resets();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].outcome, Outcome::success);
    EXPECT_THAT(records[0].details, testing::Contains(testing::Pair("OnPremisesAgent", "corp")));
    EXPECT_THAT(records[0].details, testing::Contains(testing::Pair("LdapResult", "0 success")));
}

TEST_F(WriteBack, AResetPasswordLetsItsOwnerDoOneThing) {
    rig.set_policy("pwdMaxFailure", "10");
    value_of(company.reset(mira, leo, "Fresh-Word-1"));
    const auto session = value_of(company.sign_in("leo", "Fresh-Word-1"));
    EXPECT_TRUE(session.session.must_change_password);
    access::Caller caller = company.caller(leo, "leo");
    caller.session = session.session.id;
    const auto change = [&](const char* from, const char* to) {
        return code_of(
            company.passwords->change(caller, test::secret(from), test::secret(to), company.soon())
        );
    };
    EXPECT_EQ(change("wrong-password", "Own-Choice-22"), "wrong_password");
    EXPECT_EQ(change("Fresh-Word-1", "Own-Choice-22"), "ok");
    EXPECT_EQ(bind("Own-Choice-22"), 0);
    EXPECT_FALSE(value_of(company.sessions->find(session.token.reveal())).must_change_password);
}

TEST_F(WriteBack, EveryRefusalIsNamedAndChangesNothing) {
    const auto refused = [&](const std::string& code, const Result<ResetOutcome>& outcome) {
        EXPECT_EQ(code_of(outcome), code);
        EXPECT_TRUE(!outcome && !outcome.error().detail.empty()) << code;
        EXPECT_EQ(bind(std::string(test::user_password)), 0) << code;
    };
    const std::size_t before = resets().size();
    refused("password_required", company.reset(mira, leo));
    refused("password_too_short", company.reset(mira, leo, "short"));
    refused("password_in_history", company.reset(mira, leo, std::string(test::user_password)));
    refused("outside_scope", company.reset(mira, zoe, "Fresh-Word-1"));
    refused("self_reset", company.reset(mira, mira, "Fresh-Word-1"));
    refused("no_role", company.reset(zoe, leo, "Fresh-Word-1"));
    connect(false);
    refused("writeback_disabled", company.reset(mira, leo, "Fresh-Word-1"));
    const auto records = resets();
    ASSERT_EQ(records.size(), before + 7);
    for (const auto& record : records) {
        EXPECT_EQ(record.outcome, Outcome::refused) << record.reason;
    }
    EXPECT_EQ(records[1].reason, "password_too_short");
}

TEST_F(WriteBack, AProtectedAccountIsDeniedByTheDirectory) {
    auto rules = SlapdRig::default_access();
    rules.insert(
        rules.begin(),
        "to dn.exact=\"" + leo_dn + "\" attrs=userPassword,pwdReset by anonymous auth by * none"
    );
    rig.change_access(rules);
    const auto outcome = company.reset(mira, leo, "Fresh-Word-1");
    EXPECT_EQ(code_of(outcome), "directory_denied");
    EXPECT_EQ(outcome.error().kind, ErrorKind::forbidden);
    EXPECT_EQ(bind(std::string(test::user_password)), 0);
}

TEST_F(WriteBack, AnAccountThatIsGoneIsNotInTheDirectory) {
    rig.modify("dn: " + leo_dn + "\nchangetype: delete\n");
    EXPECT_EQ(code_of(company.reset(mira, leo, "Fresh-Word-1")), "not_in_directory");
}

TEST_F(WriteBack, ALockedAccountIsUnlockedByTheReset) {
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(bind("wrong-password"), 49);
    }
    EXPECT_EQ(bind(std::string(test::user_password)), 49);
    const auto outcome = value_of(company.reset(mira, leo, "Fresh-Word-1"));
    EXPECT_TRUE(outcome.was_locked);
    EXPECT_EQ(bind("Fresh-Word-1"), 0);
}

TEST_F(WriteBack, ALockedAccountIsUnlockedAndKeepsItsPassword) {
    lock_leo();
    const auto preview =
        value_of(company.staff->password_policy(company.caller(mira), leo, company.soon()));
    EXPECT_TRUE(preview.locked);
    EXPECT_EQ(unlock(mira, leo), "ok");
    EXPECT_EQ(bind(std::string(test::user_password)), 0);
    const auto records = company.journal("Unlock user account (by admin)");
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].outcome, Outcome::success);
    EXPECT_EQ(records[0].origin, "My Staff");
    EXPECT_EQ(records[0].target, leo);
}

TEST_F(WriteBack, AnUnlockIsRefusedInItsOwnWords) {
    EXPECT_EQ(unlock(mira, leo), "not_locked");
    lock_leo();
    EXPECT_EQ(unlock(zoe, leo), "no_role");
    EXPECT_EQ(unlock(mira, zoe), "outside_scope");
    EXPECT_EQ(unlock(mira, mira), "self_reset");
    connect(true, false);
    EXPECT_EQ(unlock(mira, leo), "writeback_disabled");
    connect(false, true);
    company.link(EdgeKind::unit_member, seattle, local);
    const auto of_local = company.staff->unlock(company.caller(mira), local, company.soon());
    EXPECT_EQ(code_of(of_local), "not_locked");
    EXPECT_THAT(of_local.error().detail, HasSubstr("local"));
    EXPECT_EQ(bind(std::string(test::user_password)), 49);
    const auto records = company.journal("Unlock user account (by admin)");
    ASSERT_EQ(records.size(), 6U);
    for (const auto& record : records) {
        EXPECT_EQ(record.outcome, Outcome::refused) << record.reason;
    }
    rig.stop();
    EXPECT_EQ(unlock(mira, leo), "writeback_unavailable");
}

TEST_F(WriteBack, ChangingAPasswordTellsTheOwnerThatTheAccountIsLocked) {
    lock_leo();
    access::Caller caller = company.caller(leo, "leo");
    const Status changed = company.passwords->change(
        caller, test::secret(std::string(test::user_password)), test::secret("Own-Choice-22"),
        company.soon()
    );
    EXPECT_EQ(code_of(changed), "account_locked");
}

TEST_F(WriteBack, AnAccountThatTheDirectoryDisabledIsLeftAlone) {
    rig.set(leo_dn, "pwdAccountLockedTime", "000001010000Z");
    EXPECT_EQ(code_of(company.reset(mira, leo, "Fresh-Word-1")), "account_disabled");
    EXPECT_EQ(bind("Fresh-Word-1"), 49);
    EXPECT_EQ(resets().back().reason, "account_disabled");
}

TEST_F(WriteBack, ADirectoryThatIsDownIsSaidAtOnceAndNothingIsQueued) {
    rig.stop();
    const auto outcome = company.reset(mira, leo, "Fresh-Word-1");
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, "writeback_unavailable");
    EXPECT_EQ(outcome.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(resets().back().outcome, Outcome::failed);
    EXPECT_EQ(
        code_of(company.staff->password_policy(company.caller(mira), leo, company.soon())),
        "writeback_unavailable"
    );
    rig.start();
    EXPECT_EQ(bind(std::string(test::user_password)), 0);
    EXPECT_EQ(bind("Fresh-Word-1"), 49);
}

TEST_F(WriteBack, TheRulesAreReadBeforeAnybodyTypes) {
    const auto preview =
        value_of(company.staff->password_policy(company.caller(mira), leo, company.soon()));
    EXPECT_FALSE(preview.generated);
    EXPECT_EQ(preview.source_name, "corp");
    EXPECT_EQ(preview.policy.minimum_length, 8U);
    EXPECT_FALSE(preview.policy.sentences.empty());
}

TEST_F(WriteBack, ARepeatWithTheSameKeyIsNotWrittenAgain) {
    EXPECT_FALSE(value_of(company.reset(mira, leo, "Fresh-Word-1", "key-1")).repeated);
    const auto again = value_of(company.reset(mira, leo, "Other-Word-2", "key-1"));
    EXPECT_TRUE(again.repeated);
    EXPECT_EQ(again.source_name, "corp");
    EXPECT_EQ(bind("Fresh-Word-1"), 0);
}

TEST_F(WriteBack, SignInAnswersAlikeForUnknownWrongAndDisabled) {
    rig.set_policy("pwdMaxFailure", "10");
    company.add_synced_user("off", test::user_dn(4), R"(,"active":false)");
    EXPECT_EQ(sign_in("leo", std::string(test::user_password)), "ok");
    const auto wrong = company.sign_in("leo", "wrong-password");
    const auto unknown = company.sign_in("nobody", "wrong-password");
    const auto disabled = company.sign_in("off", std::string(test::user_password));
    const auto empty = company.sign_in("leo", "");
    const auto wrong_local = company.sign_in("local", "wrong-password");
    for (const auto* attempt : {&wrong, &unknown, &disabled, &empty, &wrong_local}) {
        ASSERT_FALSE(*attempt);
        EXPECT_EQ(attempt->error().code, "invalid_credentials");
        EXPECT_EQ(attempt->error().detail, wrong.error().detail);
    }
}

TEST_F(WriteBack, SignInAnswersAlikeWhileTheDirectoryIsDown) {
    rig.stop();
    const auto known = company.sign_in("leo", "wrong-password");
    const auto unknown = company.sign_in("nobody", "wrong-password");
    ASSERT_FALSE(known);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(known.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(known.error().code, unknown.error().code);
    EXPECT_EQ(sign_in("local", "password of local"), "ok");
}

TEST_F(WriteBack, AStormOfGuessesNeverLocksTheAccountInTheDirectory) {
    // The directory locks at three failures: one attempt is let through.
    for (int i = 0; i < 30; ++i) {
        EXPECT_THAT(
            sign_in("leo", "guess " + std::to_string(i)),
            testing::AnyOf("invalid_credentials", "too_many_attempts")
        );
        company.clock.advance(seconds{20});
    }
    EXPECT_EQ(rig.values(leo_dn, "pwdAccountLockedTime"), std::vector<std::string>{});
    EXPECT_EQ(rig.values(leo_dn, "pwdFailureTime").size(), 1U);
    EXPECT_EQ(bind(std::string(test::user_password)), 0);
}

TEST_F(WriteBack, APasswordIsNeverKeptAnywhere) {
    const std::string planted = "Planted-Needle-7319";
    LogCapture logged;
    value_of(company.reset(mira, leo, planted, "key-1"));
    static_cast<void>(company.reset(mira, leo, planted));
    static_cast<void>(company.reset(mira, zoe, planted));
    EXPECT_EQ(sign_in("leo", planted), "ok");
    static_cast<void>(sign_in("zoe", planted));
    static_cast<void>(sign_in(planted, "x"));
    rig.stop();
    static_cast<void>(company.reset(mira, leo, planted));
    EXPECT_EQ(logged.text().find(planted), std::string::npos);
    for (const auto& record : company.journal()) {
        EXPECT_NE(record.actor.name, planted);
        for (const auto& [key, value] : record.details) {
            EXPECT_EQ(value.find(planted), std::string::npos) << key;
        }
    }
    for (const auto& file : std::filesystem::directory_iterator(company.folder())) {
        std::ostringstream text;
        text << std::ifstream(file.path(), std::ios::binary).rdbuf();
        EXPECT_EQ(text.str().find(planted), std::string::npos) << file.path();
    }
}

}  // namespace
}  // namespace bascule::selfservice
