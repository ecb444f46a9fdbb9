#include <cstdlib>
#include <random>

#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

/// How many cases; more in a nightly run.
int case_count() {
    const char* text = std::getenv("BASCULE_DRY_RUN_CASES");
    return text == nullptr ? 2000 : std::atoi(text);
}

struct Case {
    http::Method method = http::Method::post;
    std::string target;
    Json body;
    Headers headers;
};

/// Makes changes of all kinds, right and wrong ones, the same in every run.
class CaseMaker {
  public:
    std::vector<std::string> users;
    std::vector<std::string> groups;

    Case next() {
        switch (below(10)) {
            case 0:
            case 1:
                return {http::Method::post, "/Users", user(), {}};
            case 2:
                return {http::Method::post, "/Groups", group(), {}};
            case 3:
                return {http::Method::put, "/Users/" + any(users), user(), match()};
            case 4:
                return {http::Method::put, "/Groups/" + any(groups), group(), match()};
            case 5:
            case 6:
                return {
                    http::Method::patch, "/Users/" + any(users), patch_of(user_operation()),
                    match()};
            case 7:
                return {
                    http::Method::patch, "/Groups/" + any(groups), patch_of(group_operation()),
                    match()};
            case 8:
                return {http::Method::post, "/Bulk", bulk(), {}};
            default:
                return below(2) == 0
                           ? Case{http::Method::delete_, "/Users/" + any(users), nullptr, match()}
                           : Case{
                                 http::Method::delete_, "/Groups/" + any(groups), nullptr, match()};
        }
    }

  private:
    std::size_t below(std::size_t limit) { return random_() % limit; }
    std::string any(const std::vector<std::string>& ids) {
        return ids.empty() || below(8) == 0 ? unknown_id() : ids[below(ids.size())];
    }
    std::string name() { return "user" + std::to_string(below(25)); }
    std::string word() { return std::string("w") + static_cast<char>('a' + below(5)); }
    Headers match() {
        return below(5) == 0 ? Headers{{"if-match", "W/\"" + std::to_string(below(4)) + "\""}}
                             : Headers{};
    }
    Json any_members() {
        Json list = Json::array();
        for (std::size_t i = below(4); i > 0; --i) {
            list.push_back({{"value", below(3) == 0 ? any(groups) : any(users)}});
        }
        return list;
    }
    Json user() {
        Json json{{"schemas", {user_schema}}, {"userName", name()}};
        switch (below(9)) {
            case 0:
                json["title"] = word();
                break;
            case 1:
                json["active"] = "perhaps";
                break;
            case 2:
                json["emails"] = {
                    {{"value", "a@x"}, {"primary", true}}, {{"value", "b@x"}, {"primary", true}}};
                break;
            case 3:
                json.erase("userName");
                break;
            case 4:
                json["schemas"] = {user_schema, enterprise_schema};
                json[enterprise_schema] = {{"manager", {{"value", any(users)}}}};
                break;
            case 5:
                json["emails"] = {{{"value", word()}, {"type", "work"}}};
                break;
            case 6:
                json["password"] = "a";
                break;
            default:
                break;
        }
        return json;
    }
    Json group() {
        Json json{{"schemas", {group_schema}}, {"displayName", word()}, {"members", any_members()}};
        if (below(10) == 0) {
            json.erase("displayName");
        }
        return json;
    }
    Json user_operation() {
        switch (below(9)) {
            case 0:
                return operation("replace", "userName", name());
            case 1:
                return operation("add", "emails", {{{"value", word()}, {"type", "work"}}});
            case 2:
                return operation("replace", "emails[type eq \"work\"].value", word());
            case 3:
                return operation("remove", "userName");
            case 4:
                return operation("replace", "nothing", word());
            case 5:
                return operation("replace", "id", any(users));
            case 6:
                return operation("turn", "title", word());
            case 7:
                return operation(
                    "replace", "", {{"title", word()}, {"name", {{"givenName", word()}}}}
                );
            default:
                return operation("replace", "title", word());
        }
    }
    Json group_operation() {
        switch (below(5)) {
            case 0:
                return operation("add", "members", any_members());
            case 1:
                return operation("remove", "members[value eq \"" + any(users) + "\"]");
            case 2:
                return operation("replace", "members", any_members());
            case 3:
                return operation("replace", "members[value eq", word());
            default:
                return operation("replace", "displayName", word());
        }
    }
    Json patch_of(Json first) {
        Json all = Json::array({std::move(first)});
        if (below(3) == 0) {
            all.push_back(operation("replace", below(2) == 0 ? "displayName" : "x[", word()));
        }
        return patch_message(all);
    }
    Json bulk() {
        Json operations = Json::array();
        for (std::size_t i = 0; i < 1 + below(4); ++i) {
            const std::string number = std::to_string(i);
            operations.push_back(
                {{"method", "POST"}, {"path", "/Users"}, {"bulkId", "u" + number}, {"data", user()}}
            );
            Json linked = group();
            linked["members"].push_back({{"value", "bulkId:u" + std::to_string(below(4))}});
            operations.push_back(
                {{"method", "POST"},
                 {"path", "/Groups"},
                 {"bulkId", "g" + number},
                 {"data", linked}}
            );
        }
        Json json{
            {"schemas", {"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}},
            {"Operations", operations}};
        if (below(3) == 0) {
            json["failOnErrors"] = 1 + below(3);
        }
        return json;
    }

    std::mt19937 random_{20'261'122};  // NOLINT(cert-msc51-cpp): the same in every run
};

/// Takes out what cannot be known before: ids that are made, and times.
void forget_made(Json& json) {
    if (json.is_object()) {
        for (const char* name : {"id", "location", "created", "lastModified"}) {
            json.erase(name);
        }
    }
    if (json.is_structured()) {
        for (Json& item : json) {
            forget_made(item);
        }
    }
}

class ScimDryRun : public ScimServiceTest {
  protected:
    Answer run(const Case& test, bool dry) {
        Headers headers = test.headers;
        if (dry) {
            headers.emplace_back("prefer", "dry-run");
        }
        return send(test.method, test.target, test.body.is_null() ? "" : test.body.dump(), headers);
    }

    static void learn(CaseMaker& maker, const Case& test, const Answer& real) {
        if (real.status == 201 && maker.users.size() + maker.groups.size() < 60) {
            (test.target == "/Users" ? maker.users : maker.groups).push_back(real.body["id"]);
        }
    }
};

TEST_F(ScimDryRun, Check170_TheVerdictIsThatOfTheRealRun) {
    CaseMaker maker;
    std::map<int, int> seen;
    for (int i = 0; i < case_count(); ++i) {
        const Case test = maker.next();
        const bool has_target =
            test.method == http::Method::put || test.method == http::Method::patch;
        const std::string before = has_target ? get(test.target).text : get("/Users?count=0").text;
        Answer dry = run(test, true);
        ASSERT_EQ(has_target ? get(test.target).text : get("/Users?count=0").text, before);
        Answer real = run(test, false);
        ++seen[real.status];
        forget_made(dry.body);
        Json real_body = real.body;
        forget_made(real_body);
        ASSERT_EQ(dry.status, real.status) << i << " " << test.body.dump() << dry.text << real.text;
        ASSERT_EQ(dry.body, real_body) << i << " " << test.target << test.body.dump();
        ASSERT_EQ(dry.header("ETag"), real.header("ETag")) << i;
        learn(maker, test, real);
    }
    for (const int status : {200, 201, 204, 400, 404, 409, 412}) {
        EXPECT_GT(seen[status], 0) << status;
    }
}

}  // namespace
}  // namespace bascule::scim::tests
