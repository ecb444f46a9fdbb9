#include "tests/integration/scim/own_types_fixture.hpp"

namespace bascule::test {

std::string company_schemas() {
    const std::string folder = std::string(BASCULE_CASES) + "/schemas/";
    return "scim:\n"
           "  schemas: [" +
           folder + "gauge.json, " + folder + "calibration.json, " + folder +
           "badge.json]\n"
           "  resource_types:\n"
           "    - name: Gauge\n"
           "      endpoint: /Gauges\n"
           "      schema: \"" +
           std::string(gauge_schema) +
           "\"\n"
           "      extensions: [{ schema: \"" +
           std::string(calibration_schema) +
           "\", required: true }]\n"
           "  extensions:\n"
           "    User: [\"" +
           std::string(badge_schema) + "\"]\n";
}

OwnTypes::OwnTypes(const std::string& lines) : daemon_(directory_, {}, lines) {}

void OwnTypes::SetUp() {
    directory_.load_ldif(directory_ldif(3, 1));
    directory_.start();
}

void OwnTypes::start(const std::string& scopes) {
    daemon_.start();
    daemon_.use_token("own types", scopes);
}

HttpAnswer OwnTypes::get(const std::string& target) {
    return daemon_.request("GET", "/scim/v2" + target);
}

HttpAnswer OwnTypes::post(const std::string& target, const Json& body) {
    return daemon_.request("POST", "/scim/v2" + target, body);
}

HttpAnswer OwnTypes::put(const std::string& target, const Json& body) {
    return daemon_.request("PUT", "/scim/v2" + target, body);
}

HttpAnswer OwnTypes::patch(const std::string& target, const Json& operations) {
    return daemon_.request(
        "PATCH", "/scim/v2" + target,
        {{"schemas", {"urn:ietf:params:scim:api:messages:2.0:PatchOp"}}, {"Operations", operations}}
    );
}

HttpAnswer OwnTypes::remove(const std::string& target) {
    return daemon_.request("DELETE", "/scim/v2" + target);
}

Json OwnTypes::gauge(const std::string& name, const Json& more) {
    Json body{
        {"schemas", {gauge_schema, calibration_schema}},
        {"displayName", name},
        {calibration_schema, {{"laboratory", "Seattle"}}}};
    body.update(more);
    return body;
}

std::string OwnTypes::add_gauge(const std::string& name, const Json& more) {
    const HttpAnswer answer = post("/Gauges", gauge(name, more));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.json.is_object() ? answer.json.value("id", "") : "";
}

std::string OwnTypes::add_user(const std::string& name, const Json& more) {
    Json body{{"schemas", {"urn:ietf:params:scim:schemas:core:2.0:User"}}, {"userName", name}};
    body.update(more);
    const HttpAnswer answer = post("/Users", body);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.json.is_object() ? answer.json.value("id", "") : "";
}

std::string OwnTypes::add_group(const std::string& name) {
    const HttpAnswer answer = post(
        "/Groups",
        {{"schemas", {"urn:ietf:params:scim:schemas:core:2.0:Group"}}, {"displayName", name}}
    );
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.json.is_object() ? answer.json.value("id", "") : "";
}

std::vector<std::string> OwnTypes::found(
    const std::string& filter, const Json& more, const std::string& endpoint
) {
    Json body{{"schemas", {"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}}};
    if (!filter.empty()) {
        body["filter"] = filter;
    }
    if (more.is_object()) {
        body.update(more);
    }
    const HttpAnswer answer = post(endpoint + "/.search", body);
    if (answer.status != 200) {
        return {answer.json.is_object() ? answer.json.value("scimType", answer.body) : answer.body};
    }
    std::vector<std::string> names;
    for (const Json& resource : answer.json.at("Resources")) {
        names.push_back(resource.value("displayName", resource.value("userName", "?")));
    }
    return names;
}

}  // namespace bascule::test
