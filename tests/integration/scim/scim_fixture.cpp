#include "tests/integration/scim/scim_fixture.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "directory/base/sealed_text.hpp"
#include "directory/model/internal_types.hpp"
#include "scim/codec/document.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace bascule::scim::tests {
namespace {

std::filesystem::path make_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "scim_service.XXXXXX").string();
    return mkdtemp(pattern.data());
}

/// What all tests share: it never changes, and hashing a password takes its time.
struct Shared {
    std::unique_ptr<SchemaRegistry> schemas = SchemaRegistry::load_builtin().value();
    directory::Registry registry = make_registry(*schemas);
    selfservice::Argon2Credentials credentials{registry};

    static directory::Registry make_registry(SchemaRegistry& schemas) {
        directory::Registry registry;
        EXPECT_TRUE(schemas.register_types(registry));
        directory::register_internal_types(registry);
        return registry;
    }
};

Shared& shared() {
    static Shared instance;
    return instance;
}

std::string text_of(const Json& body) {
    return body.is_null() ? std::string{} : body.dump();
}

}  // namespace

Time SteppingClock::now() const {
    return Time(std::chrono::milliseconds(++milliseconds_));
}

bool CompanyMapper::fills(directory::TypeId type, const directory::AttributePath& path) const {
    if (registry_.spec(type).name == "Group") {
        return path.name == "displayName" || path.name == "members";
    }
    constexpr std::array filled{"userName", "name", "displayName", "emails", "active"};
    const bool core = path.extension.empty() &&
                      std::find(filled.begin(), filled.end(), path.name) != filled.end();
    return core || (path.extension == enterprise_schema &&
                    (path.name == "department" || path.name == "manager"));
}

std::string Answer::header(const std::string& name) const {
    for (const auto& [key, value] : headers) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

ScimServiceTest::ScimServiceTest()
    : folder_(make_folder()),
      schemas_(shared().schemas.get()),
      registry_(&shared().registry),
      credentials_(&shared().credentials) {
    store_ = store::open_sqlite_store({(folder_ / "test.db").string()}, *registry_, clock_).value();
    corp_ = store_->register_source("corp").value();
    mapper_ = std::make_unique<CompanyMapper>(*registry_);
    restart_service();
}

void ScimServiceTest::restart_service() {
    router_ = http::Router();
    const auto authority = std::make_shared<const authority::Authority>(
        std::unordered_map<directory::SourceId, authority::Master>{{corp_, {"corp", mapper_.get()}}}
    );
    ServiceOptions options;
    options.base_url = "https://id.example.com/scim/v2";
    options.search_limit = search_limit_;
    options.secret = std::make_shared<const Secret>(std::string(Sealer::secret_size, 's'));
    service_ = std::make_unique<Service>(ServiceDependencies{
        *store_, *schemas_, [authority] { return authority; }, clock_, credentials_, options});
    const auto authenticate = [this](
                                  const http::Request&, const http::RequestContext& context
                              ) -> Result<access::Caller> {
        if (!authenticated_) {
            return fail(ErrorKind::unauthenticated, "invalid_token", "The token is not known.");
        }
        access::Caller caller;
        caller.actor = {directory::ActorKind::token, std::nullopt, actor_};
        caller.scopes = scopes_;
        caller.request_id = context.request_id;
        return caller;
    };
    EXPECT_TRUE(service_->add_routes(router_, authenticate));
}

ScimServiceTest::~ScimServiceTest() {
    store_.reset();
    std::filesystem::remove_all(folder_);
}

Answer ScimServiceTest::send(
    http::Method method, const std::string& target, const std::string& body, Headers headers
) {
    http::Request request;
    request.method = method;
    const auto question = target.find('?');
    const std::string raw_path = "/scim/v2" + target.substr(0, question);
    request.path = http::percent_decode(raw_path);
    request.query = question == std::string::npos ? "" : target.substr(question + 1);
    request.headers = std::move(headers);
    request.body = body;
    const auto match = router_.match(method, raw_path);
    if (match.route == nullptr) {
        ADD_FAILURE() << "no route for " << target;
        return {};
    }
    request.path_parameters = match.parameters;
    http::RequestContext context;
    context.request_id = "request-1";
    context.source_address = "192.0.2.7";
    http::Response response = match.route->handler(request, context);
    for (bool more = response.rest != nullptr; more;) {
        const auto appended = response.rest->append_piece(response.body);
        EXPECT_TRUE(appended) << "the rest of the body cannot be made";
        more = appended.value_or(false);
    }
    Answer answer{response.status, response.content_type, response.body, response.headers, nullptr};
    answer.body = Json::parse(response.body, nullptr, false);
    if (answer.body.is_discarded()) {
        answer.body = nullptr;
    }
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

http::Pool ScimServiceTest::pool_of(http::Method method, const std::string& target) {
    http::Request request;
    request.method = method;
    const auto question = target.find('?');
    request.path = "/scim/v2" + target.substr(0, question);
    request.query = question == std::string::npos ? "" : target.substr(question + 1);
    const auto match = router_.match(method, request.path);
    request.path_parameters = match.parameters;
    return match.route->pool_for(request);
}

std::string ScimServiceTest::add_user(const std::string& user_name, Json more) {
    more["schemas"] =
        more.contains(enterprise_schema) ? Json{user_schema, enterprise_schema} : Json{user_schema};
    more["userName"] = user_name;
    const Answer answer = post("/Users", more);
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.body.value("id", "");
}

void ScimServiceTest::add_many_users(int count) {
    const auto create = [&](directory::Transaction& transaction) -> Status {
        for (int number = 0; number < count; ++number) {
            directory::NewObject object;
            object.id = uuid_v7(transaction.now());
            object.type = schemas_->find_by_name("User")->type;
            object.display = "many" + std::to_string(number);
            const Json body{{"schemas", {user_schema}}, {"userName", object.display}};
            object.body = with_id(body.dump(), object.id);
            BASCULE_CHECK(transaction.create(std::move(object)).map([](directory::Oid) {}));
        }
        return {};
    };
    EXPECT_TRUE(store_->write(directory::Durability::full, create));
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

std::string ScimServiceTest::add_synced(const std::string& type, Json body, const std::string& dn) {
    const ResourceType& resource_type = *schemas_->find_by_name(type);
    const auto json = parse_json(body.dump()).value();
    const auto draft =
        decode_resource(json, *schemas_, resource_type, DraftPurpose::create).value();
    const Uuid id = uuid_v5(parse_uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8").value(), dn);
    const auto create = [&](directory::Transaction& transaction) -> Status {
        directory::NewObject object;
        object.id = id;
        object.type = resource_type.type;
        object.source = corp_;
        object.display = display_of(draft.body);
        object.body = with_id(draft.body, id);
        BASCULE_TRY(const directory::Oid oid, transaction.create(std::move(object)));
        directory::MirrorEntry entry;
        entry.oid = oid;
        entry.source = corp_;
        entry.anchor = id;
        entry.dn = dn;
        entry.dn_key = dn;
        return transaction.put_entry(entry);
    };
    EXPECT_TRUE(store_->write(directory::Durability::full, create));
    return id.to_string();
}

std::string ScimServiceTest::add_synced_user(const std::string& user_name, const Json& more) {
    Json body = more;
    body["schemas"] =
        body.contains(enterprise_schema) ? Json{user_schema, enterprise_schema} : Json{user_schema};
    body["userName"] = user_name;
    return add_synced("User", body, "uid=" + user_name + ",ou=People,dc=example,dc=com");
}

std::string ScimServiceTest::add_synced_group(
    const std::string& name, const std::vector<std::string>& members
) {
    const std::string id = add_synced(
        "Group", {{"schemas", {group_schema}}, {"displayName", name}},
        "cn=" + name + ",ou=Groups,dc=example,dc=com"
    );
    const auto link = [&](directory::Transaction& transaction) -> Status {
        BASCULE_TRY(const auto group, transaction.find_row(parse_uuid(id).value()));
        for (const std::string& member : members) {
            BASCULE_TRY(const auto row, transaction.find_row(parse_uuid(member).value()));
            BASCULE_TRY(
                [[maybe_unused]] const bool added,
                transaction.add_edge(directory::EdgeKind::member, group->oid, row->oid)
            );
        }
        return {};
    };
    EXPECT_TRUE(store_->write(directory::Durability::full, link));
    return id;
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

std::vector<directory::JournalRecord> ScimServiceTest::journal() {
    std::vector<directory::JournalRecord> records;
    const auto load = [&](directory::Reader& reader) -> Status {
        directory::JournalQuery query;
        query.limit = 1000;
        BASCULE_TRY(records, reader.journal(query));
        return {};
    };
    EXPECT_TRUE(store_->read(load));
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
    EXPECT_TRUE(store_->read(load));
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
