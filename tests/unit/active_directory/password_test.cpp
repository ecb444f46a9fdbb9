#include <gtest/gtest.h>
#include <ldap.h>

#include "connectors/ldap/dialects/active_directory/password_refusal.hpp"
#include "connectors/ldap/dialects/active_directory/password_text.hpp"

namespace bascule::ldap {
namespace {

using namespace std::string_view_literals;

std::string quoted(std::string text) {
    return std::string(quoted_password(Secret(std::move(text)))->reveal());
}

std::string refused(
    int code, std::string text, PasswordAction action = PasswordAction::change,
    std::string_view password = "Long-enough-1", const DomainAccount& account = {}
) {
    Outcome outcome;
    outcome.code = code;
    outcome.diagnostic = std::move(text);
    return domain_refusal(outcome, action, account, password).code;
}

TEST(DomainPasswordText, IsQuotedAndHasTheLowByteFirst) {
    EXPECT_EQ(quoted("aB"), "\"\0a\0B\0\"\0"sv);
    EXPECT_EQ(quoted("\"\xc3\xa4"), "\"\0\"\0\xe4\0\"\0"sv);
    EXPECT_EQ(quoted("\xf0\x9f\x98\x80"), "\"\0\x3d\xd8\x00\xde\"\0"sv);
    EXPECT_FALSE(quoted_password(Secret(std::string("\xff"))));
    EXPECT_EQ(password_units("a\xc3\xa4\xf0\x9f\x98\x80"), 4U);
}

TEST(DomainPasswordText, IsComplexWithThreeKindsOfCharacters) {
    EXPECT_TRUE(is_complex("aB1"));
    EXPECT_TRUE(is_complex("ab1 "));
    EXPECT_TRUE(is_complex("a1\xc3\xa4"));
    EXPECT_FALSE(is_complex("abc123"));
    EXPECT_FALSE(is_complex(""));
}

TEST(DomainRefusal, SambaNamesTheRule) {
    const std::string head = "0000052D: Constraint violation - check_password_restrictions: ";
    EXPECT_EQ(
        refused(LDAP_CONSTRAINT_VIOLATION, head + "the password is too short. It should be …"),
        "password_too_short"
    );
    EXPECT_EQ(
        refused(
            LDAP_CONSTRAINT_VIOLATION, head + "the password does not meet the complexity criteria!"
        ),
        "password_quality"
    );
    EXPECT_EQ(
        refused(LDAP_CONSTRAINT_VIOLATION, head + "the password was already used (in history)!"),
        "password_in_history"
    );
    EXPECT_EQ(
        refused(LDAP_CONSTRAINT_VIOLATION, head + "password is too young to change!"),
        "password_too_young"
    );
}

TEST(DomainRefusal, ActiveDirectoryLeavesTheRuleToWhatIsKnown) {
    constexpr const char* text =
        "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0";
    DomainAccount account;
    account.policy.minimum_length = 12;
    account.policy.quality_checked = true;
    account.policy.minimum_age = std::chrono::hours(24);
    const auto reset = [&](std::string_view password) {
        return refused(LDAP_UNWILLING_TO_PERFORM, text, PasswordAction::reset, password, account);
    };
    EXPECT_EQ(reset("Short-1"), "password_too_short");
    EXPECT_EQ(reset("onlysmallletters"), "password_quality");
    EXPECT_EQ(reset("Long-enough-123"), "password_quality");
    account.state.too_young_until = Time{};
    EXPECT_EQ(
        refused(LDAP_CONSTRAINT_VIOLATION, text, PasswordAction::change, "Long-enough-1", account),
        "password_too_young"
    );
}

TEST(DomainRefusal, OtherCodesHaveTheirMeaning) {
    EXPECT_EQ(refused(LDAP_CONSTRAINT_VIOLATION, "00000056: AtrErr"), "wrong_password");
    EXPECT_EQ(refused(LDAP_CONSTRAINT_VIOLATION, "00000775: locked"), "account_locked");
    EXPECT_EQ(
        refused(LDAP_CONSTRAINT_VIOLATION, "00000005: denied"), "password_change_not_allowed"
    );
    EXPECT_EQ(
        refused(LDAP_INSUFFICIENT_ACCESS, "00000005: SecErr", PasswordAction::reset),
        "directory_denied"
    );
    EXPECT_EQ(refused(LDAP_UNWILLING_TO_PERFORM, "0000001F: SvcErr"), "directory_insecure");
    EXPECT_EQ(refused(LDAP_UNWILLING_TO_PERFORM, "00002077: SvcErr"), "directory_insecure");
    EXPECT_EQ(refused(LDAP_NO_SUCH_OBJECT, ""), "not_in_directory");
    EXPECT_EQ(refused(LDAP_REFERRAL, ""), "writeback_unavailable");
    EXPECT_EQ(refused(LDAP_OTHER, ""), "directory_error");
}

TEST(DomainRefusal, TheReasonOfARefusedBindIsItsData) {
    EXPECT_EQ(
        bind_data("80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data "
                  "52e, v2580"),
        "52e"
    );
    EXPECT_EQ(bind_data("80090308: comment: AcceptSecurityContext error, data 773"), "773");
    EXPECT_EQ(bind_data("Invalid credentials"), "");
}

}  // namespace
}  // namespace bascule::ldap
