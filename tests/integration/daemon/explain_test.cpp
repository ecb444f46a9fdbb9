#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/daemon_rig.hpp"

namespace bascule::test {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

constexpr const char* source_lines =
    "    users:\n"
    "      map:\n"
    "        active: { from: employeeType, is_not: [retired] }\n";

std::string people() {
    return "ou=people," + SlapdRig::suffix();
}

/// One directory and one daemon; each test has entries of its own.
class ExplainCommand : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        directory_ = new SlapdRig();
        directory_->load_ldif(directory_ldif(40, 2));
        directory_->start();
        daemon_ = new DaemonRig(*directory_, source_lines);
        daemon_->start();
    }
    static void TearDownTestSuite() {
        delete daemon_;
        delete directory_;
    }
    static Json ask(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"--json", "explain"});
        return Json::parse(daemon_->command(std::move(arguments)).output, nullptr, false);
    }
    static std::string code(const std::string& subject) {
        const Json answer = ask({subject});
        return answer.is_discarded() ? "" : answer["explanations"][0].value("code", "");
    }
    static void wait_for_code(const std::string& subject, const std::string& wanted) {
        wait_until(subject + " to be " + wanted, std::chrono::seconds(30), [&] {
            return code(subject) == wanted;
        });
    }
    /// The only attribute asked for, once it has this value.
    static Json attribute(const std::string& subject, const std::string& name, const Json& value) {
        Json found;
        wait_until(subject + " to have " + name, std::chrono::seconds(30), [&] {
            found = ask({subject, "--attribute", name})["attributes"][0];
            return found["value"] == value;
        });
        return found;
    }
    static void add_person(const std::string& name, const std::string& lines) {
        directory_->modify(
            "dn: cn=" + name + "," + people() + "\nobjectClass: inetOrgPerson\ncn: " + name +
            "\nsn: x\n" + lines
        );
    }

    static inline SlapdRig* directory_ = nullptr;
    static inline DaemonRig* daemon_ = nullptr;
};

TEST_F(ExplainCommand, EveryCauseHasItsCode) {
    EXPECT_EQ(code(user_uid(1)), "mirrored");
    EXPECT_EQ(code(people()), "unmatched");
    EXPECT_EQ(code("cn=x,dc=elsewhere"), "out_of_base");
    EXPECT_EQ(code("cn=nobody," + people()), "not_in_directory");
    EXPECT_EQ(code("00000000-1111-4222-8333-444444444444"), "not_in_directory");
    EXPECT_EQ(code("no such name"), "unknown");
    add_person("twice", "uid: " + user_uid(2) + "\n");
    wait_for_code("cn=twice," + people(), "duplicate");
    EXPECT_THAT(ask({"cn=twice," + people()}).dump(), HasSubstr(user_dn(2)));
    add_person("nameless", "title: x\n");
    wait_for_code("cn=nameless," + people(), "invalid_value");
    directory_->modify("dn: " + user_dn(3) + "\nchangetype: delete\n");
    wait_for_code(user_uid(3), "removed");
    EXPECT_EQ(code(user_dn(3)), "removed");
}

TEST_F(ExplainCommand, AnEntryThatMayNotBeReadIsToldAsSuch) {
    auto rules = SlapdRig::default_access();
    const std::string hidden = "ou=hidden," + SlapdRig::suffix();
    rules.insert(
        rules.begin(),
        "to dn.subtree=\"" + hidden + "\" by dn.exact=\"" + SlapdRig::service_dn() + "\" =d"
    );
    directory_->change_access(rules);
    directory_->modify("dn: " + hidden + "\nobjectClass: organizationalUnit\nou: hidden\n");
    EXPECT_EQ(code(hidden), "not_readable");
    directory_->change_access(SlapdRig::default_access());
}

TEST_F(ExplainCommand, PendingReferencesAndRulesThatDisableAreFindings) {
    directory_->modify(
        "dn: cn=waiting," + SlapdRig::suffix() + "\nobjectClass: groupOfNames\ncn: waiting\n" +
        "member: cn=late," + people() + "\n"
    );
    wait_for_code("waiting", "mirrored");
    const Json group = ask({"waiting"})["explanations"][0]["findings"];
    ASSERT_EQ(group.size(), 1U) << group;
    EXPECT_EQ(group[0]["code"], "pending_reference");
    EXPECT_THAT(group[0]["sentence"].get<std::string>(), HasSubstr("cn=late,ou=people"));
    EXPECT_FALSE(group[0]["remedy"].get<std::string>().empty());

    directory_->set(user_dn(4), "employeeType", "retired");
    wait_until("the account to be disabled", std::chrono::seconds(30), [&] {
        return !ask({user_uid(4)})["explanations"][0]["findings"].empty();
    });
    const Json person = ask({user_uid(4)})["explanations"][0]["findings"];
    EXPECT_EQ(person[0]["code"], "disabled_by_rule");
    EXPECT_THAT(
        person[0]["sentence"].get<std::string>(), HasSubstr("users.map.active (employeeType")
    );
    const ProcessResult text = daemon_->command({"explain", user_uid(4)});
    EXPECT_EQ(text.exit_code, 0);
    EXPECT_THAT(text.output, HasSubstr("what to do: "));
}

TEST_F(ExplainCommand, AnAttributeTellsSourceRuleStampTimeAndTheValueBefore) {
    const std::string department =
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    directory_->set(user_dn(5), "departmentNumber", "Research");
    Json found = attribute(user_uid(5), department, "Research");
    directory_->set(user_dn(5), "departmentNumber", "Engineering");
    found = attribute(user_uid(5), department, "Engineering");
    const std::string stamp = directory_->values(user_dn(5), "entryCSN").at(0);
    EXPECT_EQ(found["source"], "corp");
    EXPECT_EQ(found["dn"], user_dn(5));
    EXPECT_EQ(found["ldapAttribute"], "departmentNumber");
    EXPECT_EQ(found["values"], 1);
    EXPECT_EQ(found["rule"], "users.map.department");
    EXPECT_EQ(found["csn"], stamp);
    EXPECT_EQ(found["origin"], "source_change");
    EXPECT_EQ(found["before"], "Research");
    EXPECT_EQ(found["live"]["same"], true);
    // printf %s Engineering | sha256sum
    EXPECT_EQ(
        found["rawSha256"][0], "729bb48d0f86a9e240a9839bf8c50f62f7ed973338514432666cf53c5d30c9ca"
    );
    // Another attribute changes: this one keeps its origin.
    directory_->set(user_dn(5), "title", "Boss");
    static_cast<void>(attribute(user_uid(5), "title", "Boss"));
    EXPECT_EQ(attribute(user_uid(5), department, "Engineering")["csn"], stamp);
    EXPECT_EQ(attribute(user_uid(5), "userName", user_uid(5))["origin"], "first_load");
    const ProcessResult text =
        daemon_->command({"explain", user_uid(5), "--attribute", department});
    EXPECT_THAT(text.output, HasSubstr("\"Engineering\"  from corp, " + user_dn(5)));
    EXPECT_THAT(text.output, HasSubstr("departmentNumber (1 value), rule users.map.department"));
    EXPECT_THAT(text.output, HasSubstr("before: \"Research\"")) << text.output;
}

TEST_F(ExplainCommand, WhatIsKeptHereTellsWhoSetIt) {
    static_cast<void>(daemon_->token());
    const std::string id = daemon_->find("/Users", "userName eq \"" + user_uid(6) + "\"")["id"];
    const HttpAnswer changed = daemon_->request(
        "PATCH", "/scim/v2/Users/" + id,
        {{"schemas", {"urn:ietf:params:scim:api:messages:2.0:PatchOp"}},
         {"Operations", {{{"op", "replace"}, {"path", "nickName"}, {"value", "Six"}}}}}
    );
    ASSERT_LT(changed.status, 300) << changed.body;
    const Json found = attribute(user_uid(6), "nickName", "Six");
    EXPECT_EQ(found["filledByMapping"], false);
    EXPECT_EQ(found["origin"], "local_change");
    EXPECT_EQ(found["channel"], "SCIM");
    EXPECT_FALSE(found["actor"].get<std::string>().empty());
}

TEST_F(ExplainCommand, AMemberIsToldSinceWhenAndFromWhichEntry) {
    const std::string group = "cn=crew,ou=groups," + SlapdRig::suffix();
    directory_->modify(
        "dn: " + group + "\nobjectClass: groupOfNames\ncn: crew\nmember: " + user_dn(7) + "\n"
    );
    wait_for_code("crew", "mirrored");
    directory_->modify(
        "dn: " + group + "\nchangetype: modify\nadd: member\nmember: " + user_dn(8) + "\n"
    );
    Json found;
    wait_until("the member", std::chrono::seconds(30), [&] {
        found = ask({"crew", "--member", user_uid(8)})["memberships"][0];
        return found.value("isMember", false);
    });
    EXPECT_EQ(found["dn"], group);
    EXPECT_EQ(found["csn"], directory_->values(group, "entryCSN").at(0));
    EXPECT_EQ(found["rule"], "groups.map.members");
    EXPECT_EQ(found["ldapAttribute"], "member");
    EXPECT_EQ(ask({"crew", "--member", user_uid(9)})["memberships"][0]["isMember"], false);
    EXPECT_EQ(attribute("crew", "members", "2 members")["ldapAttribute"], "member");
}

TEST_F(ExplainCommand, WithoutTheDirectoryItAnswersAtOnceAndSaysSo) {
    directory_->freeze();
    const auto began = std::chrono::steady_clock::now();
    const Json known = ask({user_uid(10), "--offline"});
    const auto took = std::chrono::steady_clock::now() - began;
    const Json attribute = ask({user_uid(10), "--attribute", "userName"})["attributes"][0];
    const Json unknown = ask({"cn=nobody," + people()});
    directory_->thaw();
    EXPECT_EQ(known["explanations"][0]["code"], "mirrored");
    EXPECT_LT(took, std::chrono::seconds(2));
    EXPECT_EQ(attribute["value"], user_uid(10));
    EXPECT_TRUE(attribute["live"].contains("error")) << attribute;
    EXPECT_EQ(unknown["explanations"][0]["code"], "unknown");
    EXPECT_THAT(
        unknown["explanations"][0]["sentence"].get<std::string>(), HasSubstr("did not answer")
    );
}

}  // namespace
}  // namespace bascule::test
