#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/daemon_rig.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {

using Json = nlohmann::json;

inline constexpr const char* user_schema = "urn:ietf:params:scim:schemas:core:2.0:User";
inline constexpr const char* group_schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
inline constexpr const char* patch_schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A security event token whose signature was verified by another program.
struct Token {
    Json header;
    Json claims;

    [[nodiscard]] std::string id() const { return claims.at("jti"); }
    /// The only event's URI, without "urn:ietf:params:scim:event:".
    [[nodiscard]] std::string event() const;
    [[nodiscard]] const Json& payload() const { return claims.at("events").begin().value(); }
    /// The id of the resource.
    [[nodiscard]] std::string subject() const { return claims.at("sub_id").value("id", ""); }
};

struct FullAnswer {
    int status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
    Json json;
};

/// The daemon over a small directory, and a token that may do everything.
class EventTest : public ::testing::Test {
  protected:
    /// `lines` are more top-level lines of the configuration.
    explicit EventTest(const std::string& lines = {}) : daemon_(directory_, {}, lines) {}
    void SetUp() override;
    void TearDown() override;

    [[nodiscard]] FullAnswer send(
        const std::string& method, const std::string& target, const Json& body = nullptr,
        const std::vector<std::string>& headers = {}, const std::string& bearer = {}
    );
    [[nodiscard]] std::string make_token(const std::string& name, const std::string& scopes);
    /// `bascule stream …`; fails the test when the command fails.
    std::string stream(std::vector<std::string> arguments);
    [[nodiscard]] Json stream_status(const std::string& name);
    [[nodiscard]] Json poll(const std::string& stream, const Json& body);
    /// Polls without acknowledging until there are so many tokens; in the order of the journal.
    [[nodiscard]] std::vector<Token> tokens_of(const std::string& stream, std::size_t count);
    /// Checks signatures with the published key.
    [[nodiscard]] std::vector<Token> verify(const std::vector<std::string>& texts);

    [[nodiscard]] std::string add_user(const std::string& name, Json more = Json::object());
    [[nodiscard]] std::string add_group(
        const std::string& name, const std::vector<std::string>& members = {}
    );
    void patch(const std::string& path, const Json& operations);

    SlapdRig directory_;
    DaemonRig daemon_;
    std::string bearer_;
};

/// A receiver of pushed tokens in a folder of its own, which a test tells how to behave.
class PushReceiver {
  public:
    explicit PushReceiver(const std::string& folder, bool tls = false);
    ~PushReceiver();
    PushReceiver(const PushReceiver&) = delete;
    PushReceiver& operator=(const PushReceiver&) = delete;

    void start();
    void stop();
    void behave(const std::string& mode);
    /// What came so far: token, mode, type, authorization.
    [[nodiscard]] std::vector<Json> received() const;
    void wait_for(std::size_t count) const;
    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::string ca_file() const { return folder_ + "/ca.pem"; }

  private:
    std::string folder_;
    bool tls_;
    std::string port_;
    pid_t pid_ = 0;
};

/// All tokens with this event about this resource.
[[nodiscard]] std::vector<Token> about(
    const std::vector<Token>& tokens, const std::string& event, const std::string& subject
);

}  // namespace bascule::test
