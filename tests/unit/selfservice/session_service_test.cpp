#include "selfservice/signins/session_service.hpp"

#include <gtest/gtest.h>

#include "tests/unit/selfservice/company.hpp"

namespace bascule::selfservice {
namespace {

using directory::Outcome;
using std::chrono::minutes;
using std::chrono::seconds;
using test::code_of;
using test::secret;

struct SignIn : testing::Test {
    test::Company company;
    Uuid ann = company.add_local_user("ann", "correct horse battery");

    std::string find(const SignedIn& signed_in) {
        return code_of(company.sessions->find(signed_in.token.reveal()));
    }
    SignedIn enter() { return test::value_of(company.sign_in("Ann", "correct horse battery")); }
};

TEST_F(SignIn, StartsASessionThatIsFoundByItsTokenOnly) {
    const SignedIn signed_in = enter();
    EXPECT_EQ(signed_in.session.user, ann);
    EXPECT_FALSE(signed_in.session.must_change_password);
    EXPECT_EQ(find(signed_in), "ok");
    EXPECT_EQ(code_of(company.sessions->find("")), "no_session");
    EXPECT_EQ(code_of(company.sessions->find(signed_in.session.id.to_string())), "no_session");
    const auto records = company.journal("Sign in");
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].outcome, Outcome::success);
    EXPECT_EQ(records[0].actor.id, ann);
    EXPECT_EQ(records[0].source_address, "10.0.0.1");
}

TEST_F(SignIn, AnswersAlikeWhateverIsWrong) {
    company.add_local_user("bob", "correct horse battery", R"(,"active":false)");
    company.add_user("eve");
    const auto wrong = company.sign_in("ann", "wrong password");
    const auto unknown = company.sign_in("nobody", "correct horse battery");
    const auto disabled = company.sign_in("bob", "correct horse battery");
    const auto without = company.sign_in("eve", "correct horse battery");
    const auto empty = company.sign_in("ann", "");
    for (const auto* attempt : {&wrong, &unknown, &disabled, &without, &empty}) {
        ASSERT_FALSE(*attempt);
        EXPECT_EQ(attempt->error().code, "invalid_credentials");
        EXPECT_EQ(attempt->error().detail, wrong.error().detail);
        EXPECT_EQ(attempt->error().kind, ErrorKind::unauthenticated);
    }
}

TEST_F(SignIn, WritesDownTheReasonButNotWhatWasTypedAsAnUnknownName) {
    static_cast<void>(company.sign_in("ann", "wrong password"));
    static_cast<void>(company.sign_in("correct horse battery", "x"));
    const auto records = company.journal("Sign in");
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].outcome, Outcome::failed);
    EXPECT_EQ(records[0].reason, "wrong_password");
    EXPECT_EQ(records[0].target, ann);
    EXPECT_EQ(records[1].reason, "unknown_user");
    EXPECT_EQ(records[1].actor.name, "(unknown)");
}

TEST_F(SignIn, IsThrottledAlikeForKnownAndUnknownNames) {
    const auto attempts_of = [&](const std::string& name, const std::string& address) {
        int checked = 0;
        for (int i = 0; i < 12; ++i) {
            const auto attempt = company.sign_in(name, "wrong password", address);
            if (attempt.error().code == "too_many_attempts") {
                EXPECT_EQ(attempt.error().kind, ErrorKind::rate_limited);
                EXPECT_TRUE(attempt.error().retry_after);
            } else {
                ++checked;
            }
            company.clock.advance(seconds{20});
        }
        return checked;
    };
    EXPECT_EQ(attempts_of("ann", "192.0.2.1"), 5);
    EXPECT_EQ(attempts_of("nobody", "192.0.2.2"), 5);
    EXPECT_EQ(
        code_of(company.sign_in("ann", "correct horse battery", "192.0.2.3")), "too_many_attempts"
    );
    company.clock.advance(minutes{16});
    EXPECT_EQ(code_of(company.sign_in("ann", "correct horse battery", "192.0.2.3")), "ok");
}

TEST_F(SignIn, SessionsEndWithoutUse) {
    const SignedIn signed_in = enter();
    for (int i = 0; i < 5; ++i) {
        company.clock.advance(minutes{29});
        EXPECT_EQ(find(signed_in), "ok");
    }
    company.clock.advance(minutes{31});
    EXPECT_EQ(find(signed_in), "no_session");
}

TEST_F(SignIn, SessionsEndAfterTwelveHoursEvenInUse) {
    const SignedIn signed_in = enter();
    for (int i = 0; i < 28; ++i) {
        company.clock.advance(minutes{25});
        EXPECT_EQ(find(signed_in), "ok");
    }
    company.clock.advance(minutes{25});
    EXPECT_EQ(find(signed_in), "no_session");
}

TEST_F(SignIn, SessionsOfDisabledOrDeletedPeopleCountNoMore) {
    const SignedIn signed_in = enter();
    company.set_body(ann, R"("displayName":"ann")", R"("displayName":"ann","active":false)");
    EXPECT_EQ(find(signed_in), "no_session");
    company.set_body(ann, R"("active":false)", R"("active":true)");
    EXPECT_EQ(find(signed_in), "ok");
    company.remove(ann);
    EXPECT_EQ(find(signed_in), "no_session");
}

TEST_F(SignIn, PeopleListAndEndTheirOwnSessionsOnly) {
    const SignedIn first = enter();
    const SignedIn second = enter();
    const Uuid bob = company.add_local_user("bob", "correct horse battery");
    EXPECT_EQ(test::value_of(company.sessions->list(ann)).size(), 2U);
    EXPECT_EQ(code_of(company.sessions->end(bob, first.session.id)), "not_found");
    EXPECT_EQ(code_of(company.sessions->end(ann, first.session.id)), "ok");
    EXPECT_EQ(find(first), "no_session");
    EXPECT_EQ(find(second), "ok");
}

TEST_F(SignIn, AChangeOfPasswordEndsTheOtherSessions) {
    const SignedIn here = enter();
    const SignedIn elsewhere = enter();
    access::Caller caller = company.caller(ann, "ann");
    caller.session = here.session.id;
    const auto change = [&](std::string from, std::string to) {
        return code_of(company.passwords->change(
            caller, secret(std::move(from)), secret(std::move(to)), company.soon()
        ));
    };
    EXPECT_EQ(change("wrong", "a better password"), "wrong_password");
    EXPECT_EQ(change("correct horse battery", "short"), "password_too_short");
    EXPECT_EQ(change("correct horse battery", "a better password"), "ok");
    EXPECT_EQ(find(here), "ok");
    EXPECT_EQ(find(elsewhere), "no_session");
    EXPECT_EQ(code_of(company.sign_in("ann", "correct horse battery")), "invalid_credentials");
    EXPECT_EQ(code_of(company.sign_in("ann", "a better password")), "ok");
    const auto records = company.journal("Change password (self-service)");
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[0].outcome, Outcome::refused);
    EXPECT_EQ(records[2].outcome, Outcome::success);
}

}  // namespace
}  // namespace bascule::selfservice
