#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "directory/authority/authority.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/entry_mapper.hpp"
#include "directory/ports/store.hpp"
#include "http/api/router.hpp"
#include "scim/service/service.hpp"
#include "selfservice/credentials/argon2_credentials.hpp"

namespace bascule::scim::tests {

using Json = nlohmann::json;
using Headers = std::vector<std::pair<std::string, std::string>>;

inline constexpr const char* user_schema = "urn:ietf:params:scim:schemas:core:2.0:User";
inline constexpr const char* enterprise_schema =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
inline constexpr const char* group_schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
inline constexpr const char* bascule_group_schema =
    "urn:bascule:params:scim:schemas:extension:2.0:Group";
inline constexpr const char* unit_schema =
    "urn:bascule:params:scim:schemas:core:2.0:AdministrativeUnit";
inline constexpr const char* role_schema =
    "urn:bascule:params:scim:schemas:core:2.0:RoleAssignment";
inline constexpr const char* patch_schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
inline constexpr const char* search_schema = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
inline constexpr const char* list_schema = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
inline constexpr const char* error_schema = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Moves on by a millisecond with each look, so that times of changes differ.
class SteppingClock final : public directory::Clock {
  public:
    [[nodiscard]] Time now() const override;
    void move_on(std::chrono::milliseconds time) { milliseconds_ += time.count(); }

  private:
    mutable std::atomic<std::int64_t> milliseconds_{1'780'000'000'000};
};

/// A mapping that fills names, mail addresses, department and manager of users and everything of
/// groups.
class CompanyMapper final : public directory::EntryMapper {
  public:
    explicit CompanyMapper(const directory::Registry& registry) : registry_(registry) {}
    [[nodiscard]] directory::MappedEntry map(const directory::SourceEntry&) const override {
        return {};
    }
    [[nodiscard]] bool fills(directory::TypeId type, const directory::AttributePath& path)
        const override;
    [[nodiscard]] std::string fingerprint() const override { return "company"; }

  private:
    const directory::Registry& registry_;
};

struct Answer {
    int status = 0;
    std::string content_type;
    std::string text;
    Headers headers;
    /// Null when the text is no JSON. Mutable so that looking for an absent member gives null.
    mutable Json body;

    [[nodiscard]] std::string header(const std::string& name) const;
    [[nodiscard]] std::string scim_type() const { return body.value("scimType", ""); }
    [[nodiscard]] std::string detail() const { return body.value("detail", ""); }
};

/// The SCIM service over a store in a folder of its own, asked through its router as a server
/// would.
class ScimServiceTest : public testing::Test {
  protected:
    ScimServiceTest();
    ~ScimServiceTest() override;

    Answer send(
        http::Method method, const std::string& target, const std::string& body = {},
        Headers headers = {}
    );
    Answer get(const std::string& target, Headers headers = {});
    Answer post(const std::string& target, const Json& body, Headers headers = {});
    Answer put(const std::string& target, const Json& body, Headers headers = {});
    Answer patch(const std::string& target, const Json& operations, Headers headers = {});
    Answer remove(const std::string& target, Headers headers = {});
    /// A new service over the same store and secret, as after a restart.
    void restart_service();
    /// Puts users named "many0", "many1", … into the store, all in one transaction.
    void add_many_users(int count);
    /// Where the server would run the request.
    http::Pool pool_of(http::Method method, const std::string& target);

    /// Creates and returns the id.
    std::string add_user(const std::string& user_name, Json more = Json::object());
    std::string add_group(const std::string& name, const std::vector<std::string>& members = {});
    std::string add_unit(const std::string& name, const std::vector<std::string>& members = {});
    /// Puts an object into the store as the mirror of source 'corp' would.
    std::string add_synced_user(const std::string& user_name, const Json& more = Json::object());
    std::string add_synced_group(
        const std::string& name, const std::vector<std::string>& members = {}
    );
    std::vector<std::string> members_of(const std::string& group);
    std::vector<directory::JournalRecord> journal();
    directory::JournalRecord last_record();
    directory::Object stored(const std::string& id);

    std::filesystem::path folder_;
    SteppingClock clock_;
    const SchemaRegistry* schemas_;
    const directory::Registry* registry_;
    std::unique_ptr<directory::Store> store_;
    selfservice::Argon2Credentials* credentials_;
    std::unique_ptr<CompanyMapper> mapper_;
    directory::SourceId corp_{};
    std::unique_ptr<Service> service_;
    http::Router router_;
    std::vector<std::string> scopes_{"users:write", "groups:write", "admin:write"};
    bool authenticated_ = true;
    std::string actor_ = "entra";
    std::uint64_t search_limit_ = 250'000;  ///< taken up by restart_service()

  private:
    std::string add_synced(const std::string& type, Json body, const std::string& dn);
};

/// {"schemas":[PatchOp],"Operations":operations}.
Json patch_message(const Json& operations);
/// One operation.
Json operation(const std::string& op, const std::string& path, const Json& value = nullptr);
/// [{"value":id}, …].
Json references(const std::vector<std::string>& ids);
std::string unknown_id();

}  // namespace bascule::scim::tests
