#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/daemon_rig.hpp"
#include "tests/support/rig_ldif.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {

using Json = nlohmann::json;

inline constexpr const char* gauge_schema = "urn:example:params:scim:schemas:core:2.0:Gauge";
inline constexpr const char* calibration_schema =
    "urn:example:params:scim:schemas:extension:2.0:Calibration";
inline constexpr const char* badge_schema = "urn:example:params:scim:schemas:extension:2.0:Badge";

/// YAML that loads the schema files of tests/cases/schemas: the type Gauge with a required
/// extension, and badges of users.
std::string company_schemas();

/// The real program with a resource type that has attributes of every kind.
class OwnTypes : public ::testing::Test {
  protected:
    explicit OwnTypes(const std::string& lines = company_schemas());
    void SetUp() override;
    /// Starts the daemon and takes a token with the scopes.
    void start(const std::string& scopes = "users:write,groups:write,admin:write,gauges:write");

    HttpAnswer get(const std::string& target);
    HttpAnswer post(const std::string& target, const Json& body);
    HttpAnswer put(const std::string& target, const Json& body);
    HttpAnswer patch(const std::string& target, const Json& operations);
    HttpAnswer remove(const std::string& target);

    /// A complete gauge with more or other members.
    static Json gauge(const std::string& name, const Json& more = Json::object());
    /// Creates one and returns its id.
    std::string add_gauge(const std::string& name, const Json& more = Json::object());
    std::string add_user(const std::string& name, const Json& more = Json::object());
    std::string add_group(const std::string& name);
    /// The displayNames that a filter finds, in the order of the answer; or the scimType.
    std::vector<std::string> found(
        const std::string& filter, const Json& more = Json::object(),
        const std::string& endpoint = "/Gauges"
    );

    SlapdRig directory_;
    DaemonRig daemon_;
};

}  // namespace bascule::test
