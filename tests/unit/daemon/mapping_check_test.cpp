#include "daemon/ctl/mapping_check.hpp"

#include <gtest/gtest.h>

namespace bascule::daemon::ctl {
namespace {

config::LoadOutcome checked(const std::string& kinds) {
    auto outcome = config::load_text(
        "server: { public_url: https://a }\n"
        "sources:\n"
        "  - name: corp\n"
        "    servers: [ldaps://a]\n"
        "    base: dc=a\n" +
            kinds,
        "f", config::Secrets::checked
    );
    EXPECT_EQ(outcome.errors(), 0U);
    check_mappings(outcome, "f");
    return outcome;
}

TEST(MappingCheck, TellsEveryErrorAtItsRuleWithTheNearestName) {
    const auto outcome = checked(
        "    users:\n"
        "      map:\n"
        "        nickNam: x\n"
        "        title: { from: title, transform: uper }\n"
        "    groups: { map: { displayNam: cn } }\n"
    );
    ASSERT_EQ(outcome.diagnostics.size(), 3U);
    EXPECT_EQ(
        outcome.diagnostics[0].to_string(),
        "f:8:18  sources[0].users.map.nickNam   'nickNam' is no attribute of User; did you mean "
        "'nickName'?"
    );
    EXPECT_EQ(
        outcome.diagnostics[1].to_string(),
        "f:9:16  sources[0].users.map.title   There is no transform 'uper'; did you mean 'upper'?"
    );
    EXPECT_EQ(outcome.diagnostics[2].position.line, 10);
    EXPECT_EQ(outcome.diagnostics[2].path, "sources[0].groups.map.displayNam");
    EXPECT_FALSE(outcome.settings);
    EXPECT_EQ(outcome.exit_code(), 1);
}

TEST(MappingCheck, TellsABrokenFilterAtItsKey) {
    const auto outcome = checked("    users: { filter: '(uid=\\zz)' }\n");
    ASSERT_EQ(outcome.diagnostics.size(), 1U);
    EXPECT_EQ(outcome.diagnostics[0].path, "sources[0].users.filter");
    EXPECT_EQ(outcome.diagnostics[0].position.line, 6);
    EXPECT_EQ(outcome.exit_code(), 1);
}

TEST(MappingCheck, TellsAPhoneAttributeThatCannotBeWrittenBack) {
    const auto outcome = checked("    write_back: { phone: [mobile, cn] }\n");
    ASSERT_EQ(outcome.diagnostics.size(), 1U);
    EXPECT_EQ(outcome.diagnostics[0].path, "sources[0].write_back.phone");
    EXPECT_EQ(outcome.diagnostics[0].position.line, 6);
    EXPECT_NE(outcome.diagnostics[0].message.find("'cn'"), std::string::npos);
    EXPECT_EQ(checked("    write_back: { phone: [mobile] }\n").exit_code(), 0);
}

TEST(MappingCheck, HasNothingToSayAboutAGoodMapping) {
    const auto outcome =
        checked("    users: { map: { title: { from: title, transform: upper } } }\n");
    EXPECT_TRUE(outcome.settings);
    EXPECT_EQ(outcome.exit_code(), 0);
}

}  // namespace
}  // namespace bascule::daemon::ctl
