#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "scim/filter/loose_filter.hpp"
#include "scim/profile/client_profile.hpp"

namespace bascule::scim {
namespace {

TEST(ProfileSwitches, EachIsSetByItsWordsAndNothingElse) {
    std::set<std::string_view> names;
    for (const ProfileSwitch& one : profile_switches()) {
        EXPECT_TRUE(names.insert(one.name).second) << one.name;
        EXPECT_FALSE(one.help.empty());
        ClientProfile profile;
        const std::string before = one.get(profile);
        EXPECT_FALSE(one.set(profile, "perhaps"));
        EXPECT_FALSE(one.set(profile, ""));
        EXPECT_EQ(one.get(profile), before);
        for (const std::string_view word : one.words) {
            EXPECT_TRUE(one.set(profile, word));
            EXPECT_EQ(one.get(profile), word);
        }
        if (one.words.empty()) {
            EXPECT_TRUE(one.set(profile, "250"));
            EXPECT_EQ(one.get(profile), "250");
        }
    }
}

TEST(ProfileRegistry, KnowsTheNamedOnesAndTakesLenientByDefault) {
    const ProfileRegistry registry;
    for (const char* name :
         {"lenient", "strict", "entra", "okta", "authentik", "interop", "ipsie"}) {
        ASSERT_NE(registry.find(name), nullptr) << name;
        EXPECT_EQ(registry.find(name)->name, name);
    }
    EXPECT_EQ(registry.find("")->name, "lenient");
    EXPECT_EQ(registry.find("nobody"), nullptr);
    EXPECT_EQ(registry.find("strict")->unknown_attributes, Rule::refuse);
    EXPECT_EQ(registry.find("entra")->unmatched_replace, UnmatchedReplace::create);
    EXPECT_EQ(registry.find("interop")->complex_replace, ComplexReplace::whole);
}

TEST(ProfileRegistry, DefinesAndChangesProfiles) {
    ProfileRegistry registry;
    ASSERT_TRUE(registry.define("hr", "strict", {{"unknown_path", "accept"}}));
    EXPECT_EQ(registry.find("hr")->unknown_path, Rule::accept);
    EXPECT_EQ(registry.find("hr")->unknown_attributes, Rule::refuse);
    ASSERT_TRUE(registry.define("strict", "", {{"largest_page", "50"}}));
    EXPECT_EQ(registry.find("strict")->largest_page, 50U);
    EXPECT_EQ(registry.find("strict")->unknown_attributes, Rule::refuse);
    ASSERT_TRUE(registry.set_default("hr"));
    EXPECT_EQ(registry.find("")->name, "hr");
}

TEST(ProfileRegistry, NamesTheNearestOfWhatItDoesNotKnow) {
    ProfileRegistry registry;
    const auto base = registry.define("hr", "strickt", {});
    ASSERT_FALSE(base);
    EXPECT_EQ(base.error().code, "unknown_profile");
    EXPECT_NE(base.error().detail.find("did you mean 'strict'"), std::string::npos);
    const auto name = registry.define("hr", "", {{"unknown_pat", "accept"}});
    ASSERT_FALSE(name);
    EXPECT_NE(name.error().detail.find("did you mean \"unknown_path\""), std::string::npos);
    const auto word = registry.define("hr", "", {{"unknown_path", "yes"}});
    ASSERT_FALSE(word);
    EXPECT_EQ(word.error().detail, "expected accept or refuse, found \"yes\"");
    EXPECT_EQ(registry.find("hr"), nullptr);
    EXPECT_FALSE(registry.set_default("hr"));
}

/// The table of docs/scim.md: a row a switch, a column a profile; "·" where lenient's word holds.
std::string handbook_table() {
    const ProfileRegistry registry;
    std::string head = "| Switch |";
    std::string line = "|---|";
    for (const ClientProfile& profile : registry.all()) {
        head += " " + profile.name + " |";
        line += "---|";
    }
    std::string table = head + "\n" + line + "\n";
    for (const ProfileSwitch& one : profile_switches()) {
        table += "| `" + std::string(one.name) + "` |";
        for (const ClientProfile& profile : registry.all()) {
            const bool is_default =
                profile.name != "lenient" && one.get(profile) == one.get(lenient_profile());
            table += " " + (is_default ? "·" : one.get(profile)) + " |";
        }
        table += "\n";
    }
    return table;
}

TEST(ProfileTable, IsInTheHandbook) {
    std::ifstream file(BASCULE_HANDBOOK "/scim.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    EXPECT_NE(page.find(handbook_table()), std::string::npos) << handbook_table();
    for (const ProfileSwitch& one : profile_switches()) {
        const std::string row = "| `" + std::string(one.name) + "` | " + std::string(one.help);
        EXPECT_NE(page.find(row), std::string::npos) << row << " | " << values_of(one) << " |";
    }
}

TEST(QuoteBareWords, QuotesValuesOnly) {
    const std::pair<const char*, const char*> cases[] = {
        {"a eq b", "a eq \"b\""},
        {"a eq b and c co d", "a eq \"b\" and c co \"d\""},
        {"(a EQ b@x.com)", "(a EQ \"b@x.com\")"},
        {"e[type eq work].value eq x", "e[type eq \"work\"].value eq \"x\""},
        {"a eq \"b c eq d\" or e eq f", "a eq \"b c eq d\" or e eq \"f\""},
        {"a eq true and b gt 5 and c ne null", "a eq true and b gt 5 and c ne null"},
        {"a pr and not (b eq 2e3x)", "a pr and not (b eq \"2e3x\")"},
        {"a eq \"open", "a eq \"open"},
        {"", ""},
    };
    for (const auto& [given, wanted] : cases) {
        EXPECT_EQ(quote_bare_words(given), wanted);
    }
}

}  // namespace
}  // namespace bascule::scim
