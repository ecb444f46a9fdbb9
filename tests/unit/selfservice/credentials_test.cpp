#include <gtest/gtest.h>

#include <set>

#include "directory/base/text.hpp"
#include "selfservice/credentials/local_password_rules.hpp"
#include "selfservice/credentials/password_generator.hpp"
#include "selfservice/secret_token.hpp"
#include "tests/unit/selfservice/company.hpp"

namespace bascule::selfservice {
namespace {

using directory::SignInVerdict;
using test::code_of;
using test::secret;

TEST(TemporaryPassword, HasFourReadableGroups) {
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        const Secret password = generate_temporary_password();
        const std::string text(password.reveal());
        ASSERT_EQ(text.size(), 19U);
        EXPECT_EQ(text[4], '-');
        EXPECT_EQ(text[9], '-');
        EXPECT_EQ(text[14], '-');
        EXPECT_EQ(text.find_first_of("0o1ilOIL"), std::string::npos);
        EXPECT_TRUE(seen.insert(text).second);
    }
}

TEST(SecretToken, Has256BitsAndAPrefix) {
    const Secret token = new_secret_token("bsc_");
    EXPECT_EQ(token.reveal().size(), 47U);
    EXPECT_TRUE(token.reveal().starts_with("bsc_"));
    EXPECT_NE(token.reveal(), new_secret_token("bsc_").reveal());
}

TEST(SecretToken, IsHashedWithSha256) {
    EXPECT_EQ(
        token_hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

TEST(LocalPasswordRules, AskForLengthAndNothingElse) {
    const auto check = [](std::string text) {
        return code_of(check_local_password(secret(std::move(text)), "mira"));
    };
    EXPECT_EQ(check("correct horse battery"), "ok");
    EXPECT_EQ(check("elevenchars"), "password_too_short");
    EXPECT_EQ(check("twelve chars"), "ok");
    EXPECT_EQ(check("ööööööööööö"), "password_too_short");
    EXPECT_EQ(check(std::string(1025, 'x')), "password_too_long");
    EXPECT_EQ(check("i am MIRA, hello"), "password_quality");
    EXPECT_EQ(check("bytes \xff\xfe no text"), "password_quality");
}

TEST(LocalCredentials, AreArgon2idAndNeverTheClearText) {
    test::Company company;
    const std::string hash =
        test::value_of(company.credentials->hash(secret("correct horse battery"), "mira"));
    EXPECT_TRUE(hash.starts_with("$argon2id$"));
    EXPECT_EQ(hash.find("correct"), std::string::npos);
    EXPECT_EQ(code_of(company.credentials->hash(secret(""), "mira")), "password_too_short");
    EXPECT_EQ(
        code_of(company.credentials->hash(secret("i am mira, hi"), "mira")), "password_quality"
    );
}

TEST(LocalCredentials, CanBeReplacedErasedAndSetAgain) {
    test::Company company;
    const Uuid ann = company.add_local_user("ann", "first password");
    const auto verify = [&](std::string password) {
        SignInVerdict verdict = SignInVerdict::locked;
        test::require(company.store().read([&](directory::Reader& reader) -> Status {
            BASCULE_TRY(verdict, company.credentials->verify(reader, ann, secret(password)));
            return {};
        }));
        return verdict;
    };
    const auto put = [&](std::string password, directory::MustChange must_change) {
        const std::string hash =
            test::value_of(company.credentials->hash(secret(std::move(password)), "ann"));
        company.write([&](directory::Transaction& transaction) {
            return company.credentials->put(transaction, ann, hash, must_change);
        });
    };
    EXPECT_EQ(verify("first password"), SignInVerdict::accepted);
    EXPECT_EQ(verify("First password"), SignInVerdict::rejected);
    EXPECT_EQ(verify(""), SignInVerdict::rejected);
    put("second password", directory::MustChange::yes);
    EXPECT_EQ(verify("first password"), SignInVerdict::rejected);
    EXPECT_EQ(verify("second password"), SignInVerdict::must_change);
    company.write([&](directory::Transaction& transaction) {
        return company.credentials->erase(transaction, ann);
    });
    EXPECT_EQ(verify("second password"), SignInVerdict::rejected);
    put("third password", directory::MustChange::no);
    EXPECT_EQ(verify("third password"), SignInVerdict::accepted);
}

}  // namespace
}  // namespace bascule::selfservice
