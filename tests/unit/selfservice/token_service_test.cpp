#include "selfservice/tokens/token_service.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <sstream>

#include "tests/unit/selfservice/company.hpp"

namespace bascule::selfservice {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using test::code_of;

struct Tokens : testing::Test {
    test::Company company;
    access::Caller root = company.caller(Uuid{}, "root");
    TokenService::Created make(
        const std::string& name, std::optional<Time> expires = std::nullopt
    ) {
        return test::value_of(company.tokens->create(name, {"users:write"}, expires, root));
    }
};

TEST_F(Tokens, AreVerifiedByTheirSecret) {
    const auto created = make("entra");
    EXPECT_TRUE(created.secret.reveal().starts_with("bsc_"));
    for (int i = 0; i < 2; ++i) {
        const auto verified = company.tokens->verify(created.secret.reveal());
        ASSERT_TRUE(verified);
        EXPECT_EQ(verified->name, "entra");
        EXPECT_EQ(verified->scopes, std::vector<std::string>{"users:write"});
    }
    std::string other(created.secret.reveal());
    other.back() = other.back() == 'A' ? 'B' : 'A';
    EXPECT_EQ(code_of(company.tokens->verify(other)), "invalid_token");
    EXPECT_EQ(code_of(company.tokens->verify("")), "invalid_token");
    EXPECT_EQ(code_of(company.tokens->verify("bsc_")), "invalid_token");
}

TEST_F(Tokens, AreStoredAsHashesOnly) {
    const auto created = make("entra");
    const std::string secret(created.secret.reveal().substr(4));
    for (const auto& file : std::filesystem::directory_iterator(company.folder())) {
        std::ostringstream text;
        text << std::ifstream(file.path(), std::ios::binary).rdbuf();
        EXPECT_EQ(text.str().find(secret), std::string::npos) << file.path();
    }
}

TEST_F(Tokens, AreRefusedFromTheMomentOfRevocation) {
    const auto created = make("entra");
    EXPECT_EQ(code_of(company.tokens->verify(created.secret.reveal())), "ok");
    EXPECT_EQ(code_of(company.tokens->revoke("entra", root)), "ok");
    EXPECT_EQ(code_of(company.tokens->verify(created.secret.reveal())), "invalid_token");
    EXPECT_EQ(code_of(company.tokens->revoke("entra", root)), "not_found");
}

TEST_F(Tokens, RevokedByAnotherProcessAreRefusedWithinSeconds) {
    const auto created = make("entra");
    EXPECT_EQ(code_of(company.tokens->verify(created.secret.reveal())), "ok");
    company.remove(created.token.id);
    company.clock.advance(seconds{11});
    EXPECT_EQ(code_of(company.tokens->verify(created.secret.reveal())), "invalid_token");
}

TEST_F(Tokens, Expire) {
    EXPECT_EQ(
        code_of(company.tokens->create("old", {"users:read"}, company.clock.now(), root)),
        "already_expired"
    );
    const auto created = make("entra", company.clock.now() + seconds{5});
    EXPECT_EQ(code_of(company.tokens->verify(created.secret.reveal())), "ok");
    company.clock.advance(seconds{5});
    EXPECT_EQ(code_of(company.tokens->verify(created.secret.reveal())), "invalid_token");
}

TEST_F(Tokens, HaveUniqueNamesAndKnownScopes) {
    make("entra");
    EXPECT_EQ(code_of(company.tokens->create("Entra", {"users:read"}, {}, root)), "name_in_use");
    EXPECT_EQ(code_of(company.tokens->create("other", {"users:all"}, {}, root)), "unknown_scope");
    EXPECT_EQ(code_of(company.tokens->create("other", {}, {}, root)), "unknown_scope");
    EXPECT_EQ(code_of(company.tokens->create("", {"users:read"}, {}, root)), "invalid_name");
    EXPECT_EQ(code_of(company.tokens->create("a\nb", {"users:read"}, {}, root)), "invalid_name");
}

TEST_F(Tokens, RememberTheirLastUseCoarsely) {
    const auto created = make("entra");
    const Time first_use = company.clock.now();
    EXPECT_EQ(code_of(company.tokens->verify(created.secret.reveal())), "ok");
    EXPECT_EQ(test::value_of(company.tokens->list()).at(0).last_used, first_use);
    company.clock.advance(seconds{60});
    EXPECT_EQ(code_of(company.tokens->verify(created.secret.reveal())), "ok");
    EXPECT_EQ(test::value_of(company.tokens->list()).at(0).last_used, first_use);
    company.clock.advance(hours{1});
    EXPECT_EQ(code_of(company.tokens->verify(created.secret.reveal())), "ok");
    EXPECT_EQ(test::value_of(company.tokens->list()).at(0).last_used, company.clock.now());
}

TEST_F(Tokens, AreCheckedWhileAnotherHoldsTheWriter) {
    const auto created = make("entra");
    std::promise<void> held;
    std::promise<void> release;
    auto holder = std::async(std::launch::async, [&] {
        return company.store().write(
            directory::Durability::full,
            [&](directory::Transaction&) -> Status {
                held.set_value();
                release.get_future().wait();
                return {};
            }
        );
    });
    held.get_future().wait();
    auto check = std::async(std::launch::async, [&] {
        return code_of(company.tokens->verify(created.secret.reveal()));
    });
    const bool answered = check.wait_for(seconds{20}) == std::future_status::ready;
    release.set_value();
    EXPECT_TRUE(answered) << "the check waited for the writer";
    EXPECT_EQ(check.get(), "ok");
    EXPECT_TRUE(holder.get());
    EXPECT_EQ(test::value_of(company.tokens->list()).at(0).last_used, company.clock.now());
}

TEST_F(Tokens, TwoSecretsLiveWhileOneReplacesTheOther) {
    const auto first = make("entra");
    const auto second = test::value_of(company.tokens->rotate("entra", hours{1}, root));
    EXPECT_EQ(code_of(company.tokens->verify(first.secret.reveal())), "ok");
    EXPECT_EQ(code_of(company.tokens->verify(second.secret.reveal())), "ok");
    EXPECT_EQ(
        test::value_of(company.tokens->list()).at(0).old_secret_ends, company.clock.now() + hours{1}
    );
    company.clock.advance(hours{1});
    EXPECT_EQ(code_of(company.tokens->verify(first.secret.reveal())), "invalid_token");
    EXPECT_EQ(code_of(company.tokens->verify(second.secret.reveal())), "ok");
}

TEST_F(Tokens, RotationWithoutOverlapEndsTheOldSecretAtOnce) {
    const auto first = make("entra");
    const auto second =
        test::value_of(company.tokens->rotate("entra", std::chrono::seconds{0}, root));
    EXPECT_EQ(code_of(company.tokens->verify(first.secret.reveal())), "invalid_token");
    EXPECT_EQ(code_of(company.tokens->verify(second.secret.reveal())), "ok");
}

TEST_F(Tokens, TheSecondRotationEndsTheFirstSecret) {
    const auto first = make("entra");
    const auto second = test::value_of(company.tokens->rotate("entra", hours{24}, root));
    const auto third = test::value_of(company.tokens->rotate("entra", hours{24}, root));
    EXPECT_EQ(code_of(company.tokens->verify(first.secret.reveal())), "invalid_token");
    EXPECT_EQ(code_of(company.tokens->verify(second.secret.reveal())), "ok");
    EXPECT_EQ(code_of(company.tokens->verify(third.secret.reveal())), "ok");
}

TEST_F(Tokens, TheOldSecretCanBeEndedBeforeItsTime) {
    const auto first = make("entra");
    EXPECT_EQ(code_of(company.tokens->end_old_secret("entra", root)), "no_old_secret");
    const auto second = test::value_of(company.tokens->rotate("entra", hours{24}, root));
    EXPECT_EQ(code_of(company.tokens->verify(first.secret.reveal())), "ok");
    EXPECT_EQ(code_of(company.tokens->end_old_secret("entra", root)), "ok");
    EXPECT_EQ(code_of(company.tokens->verify(first.secret.reveal())), "invalid_token");
    EXPECT_EQ(code_of(company.tokens->verify(second.secret.reveal())), "ok");
}

TEST_F(Tokens, KeepTheirSettings) {
    TokenSettings settings;
    settings.name = "hr";
    settings.scopes = {"users:read"};
    settings.attributes.read.only = {"userName"};
    settings.rate_class = "slow";
    settings.certificates = {"DNS:hr.example.com"};
    settings.subjects = {"entra:abc"};
    const auto made =
        test::value_of(company.tokens->create(settings, root, TokenService::WithSecret::no));
    EXPECT_TRUE(made.secret.empty());
    const Token found = test::value_of(company.tokens->find_by_certificate({"DNS:hr.example.com"}));
    EXPECT_EQ(found.id, made.token.id);
    EXPECT_EQ(found.attributes, settings.attributes);
    EXPECT_EQ(found.rate_class, "slow");
    EXPECT_EQ(test::value_of(company.tokens->find_by_subject("entra:abc")).id, made.token.id);
    EXPECT_EQ(code_of(company.tokens->find_by_subject("entra:ABC")), "invalid_token");
    settings.name = "other";
    EXPECT_EQ(code_of(company.tokens->create(settings, root)), "identity_in_use");
    const auto drop = [](TokenSettings& present) { present.subjects.clear(); };
    EXPECT_EQ(code_of(company.tokens->set("hr", drop, root)), "ok");
    EXPECT_EQ(code_of(company.tokens->find_by_subject("entra:abc")), "invalid_token");
}

TEST_F(Tokens, AreOfNoUseWithAnotherKeyOfTheInstallation) {
    TokenService other(company.store(), company.clock, Secret(std::string(32, 'k')));
    const auto made = test::value_of(other.create("entra", {"users:read"}, std::nullopt, root));
    EXPECT_EQ(code_of(other.verify(made.secret.reveal())), "ok");
    EXPECT_EQ(code_of(company.tokens->verify(made.secret.reveal())), "invalid_token");
}

TEST_F(Tokens, AreJournalledWithoutTheirSecret) {
    const auto created = make("entra");
    test::require(company.tokens->revoke(created.token.id.to_string(), root));
    EXPECT_EQ(company.journal("Add token").size(), 1U);
    EXPECT_EQ(company.journal("Remove token").size(), 1U);
}

}  // namespace
}  // namespace bascule::selfservice
