#include "daemon/plan/rule_names.hpp"

#include <gtest/gtest.h>

namespace bascule::daemon {
namespace {

ConfiguredRules rules(const std::vector<std::string>& user_targets) {
    ConfiguredRules out;
    for (const std::string& target : user_targets) {
        mirror::MappingRule rule;
        rule.target = target;
        out.users.rules.push_back(rule);
    }
    return out;
}

constexpr const char* enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

TEST(RuleNames, TheLineOfTheNewFileCounts) {
    const RuleNames names(
        {{"corp", rules({"title", "nickName"})}},
        {{"corp", rules(
                      {"title", "name.givenName", "phoneNumbers[mobile]",
                       std::string(enterprise) + ":department"}
                  )}}
    );
    EXPECT_EQ(names.name("corp", "User", {"", "title", ""}), "users.map.title");
    EXPECT_EQ(names.name("corp", "User", {"", "name", ""}), "users.map.name.givenName");
    EXPECT_EQ(
        names.name("corp", "User", {"", "phoneNumbers", ""}), "users.map.phoneNumbers[mobile]"
    );
    EXPECT_EQ(
        names.name("corp", "User", {enterprise, "department", ""}),
        "users.map." + std::string(enterprise) + ":department"
    );
    EXPECT_EQ(names.name("corp", "User", {"", "nickName", ""}), "users.map.nickName (removed)");
    EXPECT_EQ(names.name("corp", "User", {"", "emails", ""}), "users.map (default)");
    EXPECT_EQ(names.name("corp", "Group", {"", "title", ""}), "groups.map (default)");
    EXPECT_EQ(names.name("other", "User", {"", "title", ""}), "users.map (default)");
}

}  // namespace
}  // namespace bascule::daemon
