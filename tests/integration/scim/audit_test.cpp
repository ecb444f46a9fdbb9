#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

class ScimAudit : public ScimServiceTest {
  protected:
    static std::string detail_of(const directory::JournalRecord& record, const std::string& key) {
        for (const auto& [name, value] : record.details) {
            if (name == key) {
                return value;
            }
        }
        return {};
    }
    /// {attribute: [before, after]} of the last record, null for an absent value.
    Json changes() {
        Json all = Json::object();
        const std::string text = detail_of(last_record(), "changes");
        for (const Json& change : Json::parse(text.empty() ? "[]" : text)) {
            all[change.value("attribute", "more")] =
                Json::array({change.value("before", Json()), change.value("after", Json())});
        }
        return all;
    }
};

TEST_F(ScimAudit, Check166_ChangesCarryBeforeAndAfter) {
    const std::string path =
        "/Users/" +
        add_user(
            "ann", {{"title", "A"}, {"nickName", "N"}, {enterprise_schema, {{"department", "IT"}}}}
        );
    EXPECT_EQ(changes()["title"], Json({nullptr, "A"}));
    EXPECT_EQ(changes()[std::string(enterprise_schema) + ":department"], Json({nullptr, "IT"}));
    EXPECT_FALSE(changes().contains("id"));
    patch(
        path, {operation("replace", "title", "B"), operation("remove", "nickName"),
               operation("add", "emails", Json::array({{{"value", "a@x"}}}))}
    );
    const Json changed = changes();
    EXPECT_EQ(changed["title"], Json({"A", "B"}));
    EXPECT_EQ(changed["nickName"], Json({"N", nullptr}));
    EXPECT_EQ(changed["emails"][1], Json::array({{{"value", "a@x"}}}));
    EXPECT_EQ(changed.size(), 3U);
    const auto record = last_record();
    EXPECT_EQ(record.actor.name, "entra");
    EXPECT_FALSE(record.request_id.empty());
    remove(path);
    EXPECT_EQ(changes()["title"], Json({"B", nullptr}));
}

TEST_F(ScimAudit, Check166_PasswordsAreNeverWritten) {
    const std::string secret = "Correct-Horse-7-Battery";
    const std::string path = "/Users/" + add_user("ann", {{"password", secret}});
    patch(path, Json::array({operation("replace", "password", secret + "1")}));
    EXPECT_EQ(detail_of(last_record(), "attributes"), "password");
    for (const auto& record : journal()) {
        for (const auto& [key, value] : record.details) {
            EXPECT_EQ(value.find("Correct-Horse"), std::string::npos) << key;
            EXPECT_EQ(value.find("argon2"), std::string::npos) << key;
        }
    }
}

TEST_F(ScimAudit, Check166_LongValuesAreCutAndRecordsBounded) {
    std::string name;
    for (int i = 0; i < 2000; ++i) {
        name += "ü";
    }
    Json mails = Json::array();
    for (int i = 0; i < 500; ++i) {
        mails.push_back({{"value", "mail" + std::to_string(i) + "@example.com"}});
    }
    add_user("ann", {{"displayName", name}, {"emails", mails}});
    const Json made = changes();
    EXPECT_EQ(made["displayName"][1].get<std::string>().substr(0, 4), "üü");
    EXPECT_LT(made["displayName"][1].get<std::string>().size(), 300U);
    EXPECT_TRUE(made["emails"][1].is_string());
    EXPECT_LT(detail_of(last_record(), "changes").size(), 5000U);
}

TEST_F(ScimAudit, Check166_MembersAreNamedUpToABound) {
    std::vector<std::string> users;
    std::vector<Json> operations;
    for (int i = 0; i < 150; ++i) {
        operations.push_back(
            {{"method", "POST"},
             {"path", "/Users"},
             {"bulkId", std::to_string(i)},
             {"data", {{"schemas", {user_schema}}, {"userName", "user" + std::to_string(i)}}}}
        );
    }
    const Answer made = post(
        "/Bulk", {{"schemas", {"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}},
                  {"Operations", operations}}
    );
    for (const Json& result : made.body["Operations"]) {
        const std::string location = result["location"];
        users.push_back(location.substr(location.rfind('/') + 1));
    }
    const std::string group = add_group("Sales", {users[0]});
    auto record = last_record();
    EXPECT_EQ(record.activity, "Add member to group");
    EXPECT_EQ(detail_of(record, "added"), users[0]);
    patch("/Groups/" + group, Json::array({operation("add", "members", references(users))}));
    record = last_record();
    EXPECT_EQ(detail_of(record, "count"), "149");
    EXPECT_EQ(detail_of(record, "added").size(), 100 * 37 - 1U);
    patch(
        "/Groups/" + group,
        Json::array({operation("remove", "members[value eq \"" + users[5] + "\"]")})
    );
    EXPECT_EQ(detail_of(last_record(), "removed"), users[5]);
}

TEST_F(ScimAudit, Check166_TheCommandLineShowsThem) {
    const std::string path = "/Users/" + add_user("ann", {{"title", "A"}});
    patch(path, Json::array({operation("replace", "title", "B")}));
    const auto text = daemon_.command({"audit", "tail"});
    EXPECT_NE(text.output.find("title: \"A\" -> \"B\""), std::string::npos) << text.output;
    const auto json = daemon_.command({"--json", "audit", "tail"});
    EXPECT_NE(json.output.find("modifiedProperties"), std::string::npos);
}

}  // namespace
}  // namespace bascule::scim::tests
