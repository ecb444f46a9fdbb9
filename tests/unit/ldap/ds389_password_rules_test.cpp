// Which rule of 389 Directory Server's syntax check a password breaks.
#include "connectors/ldap/dialects/ds389/password_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/ldap/anchor.hpp"

namespace bascule::ldap {
namespace {

using testing::ElementsAre;
using testing::Optional;

directory::SourceEntry policy_entry(std::vector<std::pair<std::string, std::string>> lines) {
    directory::SourceEntry entry;
    for (auto& [name, value] : lines) {
        entry.attributes.push_back({std::move(name), {std::move(value)}});
    }
    return entry;
}

TEST(Ds389PasswordRules, FirstBrokenRuleIsNamed) {
    const auto policy = ds389_policy(policy_entry(
        {{"passwordCheckSyntax", "on"},
         {"passwordMinDigits", "2"},
         {"passwordMinUppers", "1"},
         {"passwordMaxRepeats", "2"}}
    ));
    EXPECT_THAT(
        broken_rule(policy, "Abcdef1!"), Optional(std::string("contain at least 2 digits"))
    );
    EXPECT_THAT(
        broken_rule(policy, "bcdef12!"),
        Optional(std::string("contain at least 1 upper case letters"))
    );
    EXPECT_THAT(
        broken_rule(policy, "ABCDEF12"),
        Optional(std::string("contain at least 3 character categories"))
    );
    EXPECT_THAT(
        broken_rule(policy, "Abbbc12!"),
        Optional(std::string("not have a character more than 2 times in a row"))
    );
    EXPECT_EQ(broken_rule(policy, "Abcdef12!"), std::nullopt);
}

TEST(Ds389PasswordRules, LengthIsCountedInCharacters) {
    const auto policy = ds389_policy(policy_entry({{"passwordCheckSyntax", "on"}}));
    EXPECT_TRUE(is_too_short(policy, "äöüß€"));
    EXPECT_FALSE(is_too_short(policy, "12345678"));
    EXPECT_FALSE(is_too_short(Ds389Policy{}, "x"));
}

TEST(Ds389PasswordRules, SwitchesDecideWhatCounts) {
    const auto off = ds389_policy(policy_entry(
        {{"passwordCheckSyntax", "off"},
         {"passwordMinLength", "12"},
         {"passwordHistory", "off"},
         {"passwordInHistory", "5"},
         {"passwordLockout", "off"},
         {"passwordMaxFailure", "4"},
         {"passwordMinAge", "86400"}}
    ));
    EXPECT_EQ(off.general.minimum_length, std::nullopt);
    EXPECT_EQ(off.general.history, std::nullopt);
    EXPECT_EQ(off.general.lockout_threshold, std::nullopt);
    EXPECT_FALSE(off.general.must_change_after_reset);
    EXPECT_THAT(off.general.sentences, ElementsAre("A password can be changed again after 1 day."));
}

TEST(Anchor, ItsTextFormsGiveTheSameIdentity) {
    const auto anchor = anchor_of("4977960b-e642-11f1-927d-b98b7934e1f7");
    EXPECT_EQ(anchor.to_string(), "4977960b-e642-11f1-927d-b98b7934e1f7");
    EXPECT_EQ(anchor_of("4977960b-e64211f1-927db98b-7934e1f7"), anchor);
    EXPECT_EQ(anchor_of(anchor.raw()), anchor);
    EXPECT_EQ(ns_unique_id_text(anchor), "4977960b-e64211f1-927db98b-7934e1f7");
    EXPECT_EQ(anchor_of("4711"), anchor_of("4711"));
    EXPECT_NE(anchor_of("4711"), anchor_of("4712"));
    EXPECT_NE(anchor_of("4977960b-e642-11f1-927d-b98b7934e1fx"), anchor);
}

}  // namespace
}  // namespace bascule::ldap
