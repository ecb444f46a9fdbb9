#include "connectors/ldap/mapping/mapping.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mirror/entry_text.hpp"
#include "tests/unit/mirror/registry_fixture.hpp"

namespace bascule::ldap {
namespace {

using directory::EntryState;
using mirror::MappingRule;

MappingRule from(std::string target, std::vector<std::string> attributes) {
    MappingRule rule;
    rule.target = std::move(target);
    rule.from = std::move(attributes);
    return rule;
}

TEST(MappingCompile, UnknownTargetNamesTheNearest) {
    Mapping mapping;
    mapping.users.rules.push_back(from("dispayName", {"cn"}));
    mapping.users.rules.back().line = 12;
    mapping.users.rules.back().column = 9;
    const auto mapper = Mapper::compile(mapping, test::product_registry());
    ASSERT_FALSE(mapper);
    EXPECT_EQ(mapper.error().code, "unknown_attribute");
    EXPECT_EQ(mapper.error().field, "dispayName");
    EXPECT_EQ(mapper.error().context, "12:9");
    EXPECT_NE(mapper.error().detail.find("'displayName'"), std::string::npos)
        << mapper.error().detail;
}

TEST(MappingCompile, RefusesTestsOnWhatIsNoBoolean) {
    Mapping mapping;
    mapping.users.rules.push_back(from("title", {"employeeType"}));
    mapping.users.rules.back().is = {"boss"};
    const auto mapper = Mapper::compile(mapping, test::product_registry());
    ASSERT_FALSE(mapper);
    EXPECT_EQ(mapper.error().code, "invalid_mapping");
}

TEST(MappingCompile, RefusesBrokenTemplatesFiltersAndTransforms) {
    Mapping broken;
    MappingRule rule;
    rule.target = "nickName";
    rule.template_text = "{givenName";
    broken.users.rules = {rule};
    EXPECT_EQ(Mapper::compile(broken, test::product_registry()).error().code, "invalid_mapping");
    rule.template_text = "{givenName}";
    rule.when = "(uid=";
    broken.users.rules = {rule};
    EXPECT_EQ(Mapper::compile(broken, test::product_registry()).error().code, "invalid_filter");
    rule.when.clear();
    rule.transform = "uper";
    broken.users.rules = {rule};
    EXPECT_EQ(Mapper::compile(broken, test::product_registry()).error().code, "unknown_transform");
}

TEST(MappingFingerprint, FollowsRulesAndFilters) {
    Mapping mapping;
    const auto first = Mapper::compile(mapping, test::product_registry());
    mapping.users.rules.push_back(from("nickName", {"displayName"}));
    const auto second = Mapper::compile(mapping, test::product_registry());
    mapping.users.filter = "(objectClass=person)";
    const auto third = Mapper::compile(mapping, test::product_registry());
    ASSERT_TRUE(first && second && third);
    EXPECT_NE((*first)->fingerprint(), (*second)->fingerprint());
    EXPECT_NE((*second)->fingerprint(), (*third)->fingerprint());
    EXPECT_EQ(
        (*first)->fingerprint(), (*Mapper::compile({}, test::product_registry()))->fingerprint()
    );
}

TEST(MappingFills, KnowsWhatTheSourceMasters) {
    const auto mapper = Mapper::compile({}, test::product_registry());
    ASSERT_TRUE(mapper);
    const auto user = test::product_registry().type("User");
    EXPECT_TRUE((*mapper)->fills(user, {{}, "userName", {}}));
    EXPECT_TRUE((*mapper)->fills(user, {{}, "emails", "value"}));
    EXPECT_TRUE((*mapper)->fills(
        user, {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "manager", {}}
    ));
    EXPECT_FALSE((*mapper)->fills(user, {{}, "nickName", {}}));
    EXPECT_TRUE((*mapper)->fills(test::product_registry().type("Group"), {{}, "members", {}}));
}

TEST(MappingWanted, AsksForWhatRulesAndFiltersRead) {
    Mapping mapping;
    mapping.users.filter = "(&(objectClass=person)(!(employeeType=robot)))";
    MappingRule rule;
    rule.target = "nickName";
    rule.template_text = "{givenName} ({roomNumber})";
    mapping.users.rules = {rule};
    const auto mapper = Mapper::compile(mapping, test::product_registry());
    ASSERT_TRUE(mapper);
    EXPECT_THAT(
        (*mapper)->wanted_attributes(),
        testing::IsSupersetOf({"employeeType", "roomNumber", "memberUid", "uid", "entryUUID"})
    );
}

TEST(MappingReferences, ReadsDnsAndUserNames) {
    const auto mapper = Mapper::compile({}, test::product_registry());
    ASSERT_TRUE(mapper);
    const auto group = (*mapper)->map(
        test::parse_entry("dn: cn=x,dc=example,dc=com\nentryUUID: "
                          "8d0f1fa0-0000-4000-8000-000000000001\nobjectClass: groupOfNames\ncn: x\n"
                          "member: UID=Anna , dc=example,dc=com\nmember: \nmemberUid: "
                          "bob\nuniqueMember: uid=carl,dc=example,dc=com#'0101'B\n"
                          "member: broken,=dn=\n")
    );
    ASSERT_EQ(group.state, EntryState::mirrored) << group.reason;
    std::vector<std::string> named;
    const auto take = [&](const directory::EntryReference& reference, auto place) -> Status {
        named.push_back(reference.dn_key.empty() ? reference.user_name : reference.dn_key);
        EXPECT_EQ(group.references.at(place).dn_key, reference.dn_key);
        return {};
    };
    ASSERT_TRUE(group.references.each(take));
    EXPECT_THAT(
        named,
        testing::ElementsAre(
            *dn_key("uid=anna,dc=example,dc=com"), *dn_key("uid=carl,dc=example,dc=com"), "bob"
        )
    );
    EXPECT_THAT(group.warnings, testing::ElementsAre(testing::StartsWith("invalid_dn:")));
}

}  // namespace
}  // namespace bascule::ldap
