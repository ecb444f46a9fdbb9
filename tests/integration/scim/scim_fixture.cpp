#include "tests/integration/scim/scim_fixture.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "directory/model/internal_types.hpp"
#include "directory/ports/clock.hpp"
#include "scim/schema/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/support/rig_ldif.hpp"

namespace bascule::scim::tests {
namespace {

// The proxy in front: it names the client and says that the client came over TLS.
constexpr const char* proxied_server =
    "server: { listen: \"{ADDRESS}\", public_url: \"https://id.example.com\", "
    "trusted_proxies: [\"127.0.0.1/32\"] }\n";

// What the default mapping fills beyond the attributes that the tests count on.
constexpr const char* mapping_lines = R"(    users:
      map: { title: , preferredLanguage: , phoneNumbers: ,
             "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber": ,
             "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization": }
)";

class SystemClock final : public directory::Clock {
  public:
    [[nodiscard]] Time now() const override {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now()
        );
    }
};

const directory::Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

const directory::Registry& product_registry() {
    static const directory::Registry registry = [] {
        directory::Registry made;
        EXPECT_TRUE(SchemaRegistry::load_builtin().value()->register_types(made));
        directory::register_internal_types(made);
        return made;
    }();
    return registry;
}

std::int64_t milliseconds_now() {
    return system_clock().now().time_since_epoch().count();
}

std::string text_of(const Json& body) {
    return body.is_null() ? std::string{} : body.dump();
}

std::string people() {
    return "ou=people," + test::SlapdRig::suffix();
}

}  // namespace

std::string Answer::header(const std::string& name) const {
    test::HttpAnswer named;
    named.headers = headers;
    return named.header(name);
}

ScimServiceTest::ScimServiceTest(const std::string& lines)
    : daemon_(lines.find("server:") == std::string::npos ? proxied_server + lines : lines) {
    daemon_.start();
}

ScimServiceTest::~ScimServiceTest() = default;

test::HttpAnswer ScimServiceTest::exchange(const test::HttpRequest& request) {
    test::HttpClient client(daemon_.port());
    {
        const std::lock_guard lock(mutex_);
        if (!idle_clients_.empty()) {
            client = std::move(idle_clients_.back());
            idle_clients_.pop_back();
        }
    }
    test::HttpAnswer answer = client.send(request);
    const std::lock_guard lock(mutex_);
    idle_clients_.push_back(std::move(client));
    return answer;
}

std::string ScimServiceTest::token() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> key = scopes_;
    std::vector<std::string> options = options_;
    options.insert(options.end(), {"--profile", profile_});
    key.insert(key.end(), options.begin(), options.end());
    std::string& token = tokens_[key];
    if (token.empty()) {
        const std::string name =
            fmt::format("entra{}", tokens_.size() == 1 ? "" : "-" + std::to_string(tokens_.size()));
        std::vector<std::string> arguments{"--json",
                                           "token",
                                           "create",
                                           "--name",
                                           name,
                                           "--scope",
                                           fmt::format("{}", fmt::join(scopes_, ","))};
        arguments.insert(arguments.end(), options.begin(), options.end());
        token = Json::parse(daemon_.command(arguments).output).at("token");
    }
    return token;
}

Answer ScimServiceTest::send(
    http::Method method, const std::string& target, const std::string& body, Headers headers
) {
    return send_raw(method, "/scim/v2" + target, body, std::move(headers));
}

Answer ScimServiceTest::send_raw(
    http::Method method, const std::string& target, const std::string& body, Headers headers
) {
    // Two changes never share a millisecond, so that their times can be told apart.
    while (method != http::Method::get && milliseconds_now() <= last_write_) {
        std::this_thread::yield();
    }
    const auto has = [&](std::string_view name) {
        return std::ranges::any_of(headers, [&](const auto& header) {
            return header.first == name;
        });
    };
    if (!has("authorization")) {
        headers.emplace_back(
            "authorization", "Bearer " + (authenticated_ ? token() : std::string("bsc_unknown"))
        );
    }
    headers.emplace_back("x-forwarded-for", "192.0.2.7");
    headers.emplace_back("x-forwarded-proto", "https");
    headers.emplace_back("x-request-id", "request-1");
    auto got = exchange({std::string(to_string(method)), target, std::move(headers), body});
    last_write_ = milliseconds_now();
    EXPECT_NE(got.status, 0) << "no answer to " << target;
    Answer answer;
    answer.status = got.status;
    answer.content_type = got.header("content-type");
    answer.text = std::move(got.body);
    answer.headers = std::move(got.headers);
    answer.body = std::move(got.json);
    return answer;
}

Answer ScimServiceTest::get(const std::string& target, Headers headers) {
    return send(http::Method::get, target, {}, std::move(headers));
}

Answer ScimServiceTest::post(const std::string& target, const Json& body, Headers headers) {
    return send(http::Method::post, target, text_of(body), std::move(headers));
}

Answer ScimServiceTest::put(const std::string& target, const Json& body, Headers headers) {
    return send(http::Method::put, target, text_of(body), std::move(headers));
}

Answer ScimServiceTest::patch(const std::string& target, const Json& operations, Headers headers) {
    return send(http::Method::patch, target, patch_message(operations).dump(), std::move(headers));
}

Answer ScimServiceTest::remove(const std::string& target, Headers headers) {
    return send(http::Method::delete_, target, {}, std::move(headers));
}

std::string ScimServiceTest::add_user(const std::string& user_name, Json more) {
    more["schemas"] =
        more.contains(enterprise_schema) ? Json{user_schema, enterprise_schema} : Json{user_schema};
    more["userName"] = user_name;
    const Answer answer = post("/Users", more);
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.body.value("id", "");
}

std::string ScimServiceTest::add_group(
    const std::string& name, const std::vector<std::string>& members
) {
    const Answer answer = post(
        "/Groups",
        {{"schemas", {group_schema}}, {"displayName", name}, {"members", references(members)}}
    );
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.body.value("id", "");
}

std::string ScimServiceTest::add_unit(
    const std::string& name, const std::vector<std::string>& members
) {
    const Answer answer = post(
        "/AdministrativeUnits",
        {{"schemas", {unit_schema}}, {"displayName", name}, {"members", references(members)}}
    );
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.body.value("id", "");
}

void ScimServiceTest::start_directory() {
    if (directory_) {
        return;
    }
    directory_ = std::make_unique<test::SlapdRig>();
    directory_->load_ldif(test::base_ldif());
    directory_->start();
    daemon_.add_directory(*directory_, mapping_lines);
}

std::string ScimServiceTest::add_entry(
    const std::string& dn, const std::string& lines, const std::string& at
) {
    directory_->modify("dn: " + dn + "\n" + lines);
    const auto scopes = std::exchange(scopes_, {"users:write", "groups:write", "admin:write"});
    const auto options = std::exchange(options_, {});
    std::string id;
    test::wait_until("the resource of " + dn, std::chrono::seconds(30), [&] {
        const Json found = get(at).body;
        if (found.value("totalResults", 0) == 1) {
            id = found["Resources"][0]["id"];
        }
        return !id.empty();
    });
    scopes_ = scopes;
    options_ = options;
    dns_[id] = dn;
    return id;
}

std::string ScimServiceTest::add_synced_user(const std::string& user_name, const Json& more) {
    start_directory();
    std::string lines =
        fmt::format("objectClass: inetOrgPerson\nuid: {0}\ncn: {0}\nsn: {0}\n", user_name);
    if (more.contains("displayName")) {
        lines += "displayName: " + more["displayName"].get<std::string>() + "\n";
    }
    for (const Json& email : more.value("emails", Json::array())) {
        lines += "mail: " + email["value"].get<std::string>() + "\n";
    }
    if (more.contains(enterprise_schema)) {
        lines +=
            "departmentNumber: " + more[enterprise_schema]["department"].get<std::string>() + "\n";
    }
    return add_entry(
        "uid=" + user_name + "," + people(), lines,
        "/Users?attributes=id&filter=userName%20eq%20%22" + user_name + "%22"
    );
}

std::string ScimServiceTest::add_synced_group(
    const std::string& name, const std::vector<std::string>& members
) {
    start_directory();
    std::string lines = "objectClass: groupOfNames\ncn: " + name + "\n";
    for (const std::string& member : members) {
        lines += "member: " + dns_.at(member) + "\n";
    }
    if (members.empty()) {
        lines += "member: cn=nobody\n";
    }
    std::string encoded;
    for (const char character : name) {
        encoded += character == ' ' ? "%20" : std::string(1, character);
    }
    return add_entry(
        test::group_dn(name), lines,
        "/Groups?attributes=id&filter=displayName%20eq%20%22" + encoded + "%22"
    );
}

std::vector<std::string> ScimServiceTest::members_of(const std::string& group) {
    std::vector<std::string> ids;
    const Answer answer = get("/Groups/" + group + "?attributes=members");
    for (const Json& member : answer.body.value("members", Json::array())) {
        ids.push_back(member["value"]);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

bool ScimServiceTest::signs_in(const std::string& user_name, const std::string& password) {
    const Json body{{"userName", user_name}, {"password", password}};
    const Answer answer = send_raw(
        http::Method::post, "/api/v1/session", body.dump(),
        {{"content-type", "application/json"}, {"x-bascule-request", "1"}}
    );
    return answer.status == 200;
}

directory::Store& ScimServiceTest::store() {
    if (!store_) {
        store_ = store::open_sqlite_store({daemon_.database()}, product_registry(), system_clock())
                     .value();
    }
    return *store_;
}

void ScimServiceTest::write_offline(const std::function<Status(directory::Transaction&)>& fn) {
    store_.reset();
    daemon_.stop();
    EXPECT_TRUE(store().write(directory::Durability::full, fn));
    store_.reset();
    daemon_.start();
}

std::vector<directory::JournalRecord> ScimServiceTest::journal() {
    std::vector<directory::JournalRecord> records;
    const auto load = [&](directory::Reader& reader) -> Status {
        directory::JournalQuery query;
        query.limit = 1000;
        BASCULE_TRY(records, reader.journal(query));
        return {};
    };
    EXPECT_TRUE(store().read(load));
    std::erase_if(records, [](const auto& record) { return record.target_type == "Token"; });
    return records;
}

directory::JournalRecord ScimServiceTest::last_record() {
    const auto records = journal();
    EXPECT_FALSE(records.empty());
    return records.empty() ? directory::JournalRecord{} : records.back();
}

directory::Object ScimServiceTest::stored(const std::string& id) {
    directory::Object object;
    const auto load = [&](directory::Reader& reader) -> Status {
        BASCULE_TRY(const auto found, reader.find(parse_uuid(id).value()));
        object = found.value();
        return {};
    };
    EXPECT_TRUE(store().read(load));
    return object;
}

Json patch_message(const Json& operations) {
    return {{"schemas", {patch_schema}}, {"Operations", operations}};
}

Json operation(const std::string& op, const std::string& path, const Json& value) {
    Json json{{"op", op}};
    if (!path.empty()) {
        json["path"] = path;
    }
    if (!value.is_null()) {
        json["value"] = value;
    }
    return json;
}

Json references(const std::vector<std::string>& ids) {
    Json list = Json::array();
    for (const std::string& id : ids) {
        list.push_back({{"value", id}});
    }
    return list;
}

std::string unknown_id() {
    return "01890000-0000-7000-8000-00000000dead";
}

}  // namespace bascule::scim::tests
