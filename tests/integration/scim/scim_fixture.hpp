#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "directory/ports/store.hpp"
#include "http/api/message.hpp"
#include "tests/support/daemon_rig.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/slapd_rig.hpp"

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

/// The real program on a folder of its own, asked over HTTP as from behind a proxy that terminates
/// TLS for https://id.example.com. Requests may come from several threads.
class ScimServiceTest : public testing::Test {
  protected:
    /// `lines` are more top-level lines of the configuration; those of `server` replace the usual
    /// ones.
    explicit ScimServiceTest(const std::string& lines = {});
    ~ScimServiceTest() override;

    /// `target` is below /scim/v2.
    Answer send(
        http::Method method, const std::string& target, const std::string& body = {},
        Headers headers = {}
    );
    /// `target` is the whole path.
    Answer send_raw(
        http::Method method, const std::string& target, const std::string& body = {},
        Headers headers = {}
    );
    Answer get(const std::string& target, Headers headers = {});
    Answer post(const std::string& target, const Json& body, Headers headers = {});
    Answer put(const std::string& target, const Json& body, Headers headers = {});
    Answer patch(const std::string& target, const Json& operations, Headers headers = {});
    Answer remove(const std::string& target, Headers headers = {});

    /// Creates and returns the id.
    std::string add_user(const std::string& user_name, Json more = Json::object());
    std::string add_group(const std::string& name, const std::vector<std::string>& members = {});
    std::string add_unit(const std::string& name, const std::vector<std::string>& members = {});
    /// Adds an entry to a real directory (started with the first one) and waits for its resource.
    /// `more` may have displayName, emails and the enterprise department; the mapping fills these,
    /// userName, name, active and manager, and of groups displayName and members.
    std::string add_synced_user(const std::string& user_name, const Json& more = Json::object());
    std::string add_synced_group(
        const std::string& name, const std::vector<std::string>& members = {}
    );
    /// Stops the daemon, runs `fn` in one transaction on its database and starts it again.
    void write_offline(const std::function<Status(directory::Transaction&)>& fn);
    std::vector<std::string> members_of(const std::string& group);
    /// Whether somebody can sign in with the password.
    bool signs_in(const std::string& user_name, const std::string& password);
    /// What the daemon's database holds, read beside it; without the making of the test's tokens.
    std::vector<directory::JournalRecord> journal();
    directory::JournalRecord last_record();
    directory::Object stored(const std::string& id);

    test::DaemonRig daemon_;
    std::unique_ptr<test::SlapdRig> directory_;
    std::vector<std::string> scopes_{
        "users:write", "groups:write", "privileges:write", "admin:write"};
    /// More options of the client that asks, for "token create".
    std::vector<std::string> options_;
    std::string profile_;  ///< of the client; empty: the default one
    bool authenticated_ = true;

    /// Of the present scopes.
    std::string token();

  private:
    test::HttpAnswer exchange(const test::HttpRequest& request);
    directory::Store& store();
    void start_directory();
    std::string add_entry(const std::string& dn, const std::string& lines, const std::string& at);

    std::mutex mutex_;
    std::vector<test::HttpClient> idle_clients_;
    /// By scopes and profile.
    std::map<std::vector<std::string>, std::string> tokens_;  ///< by scopes and options
    std::map<std::string, std::string> dns_;                  ///< of synced objects, by id
    std::atomic<std::int64_t> last_write_ = 0;
    std::unique_ptr<directory::Store> store_;
};

/// {"schemas":[PatchOp],"Operations":operations}.
Json patch_message(const Json& operations);
/// One operation.
Json operation(const std::string& op, const std::string& path, const Json& value = nullptr);
/// [{"value":id}, …].
Json references(const std::vector<std::string>& ids);
std::string unknown_id();

}  // namespace bascule::scim::tests
