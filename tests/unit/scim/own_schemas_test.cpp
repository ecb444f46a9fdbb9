#include "scim/schema/own_schemas.hpp"

#include <fstream>
#include <iterator>

#include "tests/unit/scim/fixture.hpp"

namespace bascule::scim {
namespace {

std::string file(const std::string& name) {
    std::ifstream stream(std::string(BASCULE_CASES) + "/schemas/" + name + ".json");
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

constexpr const char* gauge = "urn:example:params:scim:schemas:core:2.0:Gauge";
constexpr const char* calibration = "urn:example:params:scim:schemas:extension:2.0:Calibration";
constexpr const char* badge = "urn:example:params:scim:schemas:extension:2.0:Badge";

OwnSchemas company() {
    OwnSchemas own;
    for (const char* name : {"gauge", "calibration", "badge"}) {
        own.files.push_back({name, file(name)});
    }
    ResourceTypeFile type;
    type.name = "Gauge";
    type.endpoint = "/Gauges";
    type.schema = gauge;
    type.extensions.push_back({calibration, true});
    own.types.push_back(type);
    own.extensions.push_back({"User", badge, false, "scim.extensions.User[0]"});
    return own;
}

/// "file place" of the first fault, or "ok".
std::string fault_of(const OwnSchemas& own) {
    std::vector<SchemaFault> faults;
    const auto registry = SchemaRegistry::load_with(own, faults);
    EXPECT_EQ(registry == nullptr, !faults.empty());
    if (faults.empty()) {
        return "ok";
    }
    EXPECT_FALSE(faults.front().detail.empty());
    return faults.front().file + " " + faults.front().place;
}

/// A company with one more schema that extends groups.
std::string fault_of_attribute(const std::string& attributes) {
    OwnSchemas own = company();
    own.files.push_back(
        {"own", R"({"id":"urn:example:own","name":"Own","attributes":[)" + attributes + "]}"}
    );
    own.extensions.push_back({"Group", "urn:example:own", false, "scim.extensions.Group[0]"});
    return fault_of(own);
}

TEST(OwnSchemas, AddTypesAndExtensions) {
    std::vector<SchemaFault> faults;
    const auto schemas = SchemaRegistry::load_with(company(), faults);
    ASSERT_NE(schemas, nullptr) << faults.front().detail;
    const ResourceType* type = schemas->find_by_endpoint("/Gauges");
    ASSERT_NE(type, nullptr);
    EXPECT_EQ(type->scope, "gauges");
    EXPECT_TRUE(type->extensions.front().required);
    EXPECT_TRUE(schemas->find_by_name("User")->extensions.back().schema->find("colour"));
}

TEST(OwnSchemas, ReferencesToResourceTypesAreEdges) {
    std::vector<SchemaFault> faults;
    const auto schemas = SchemaRegistry::load_with(company(), faults);
    const Schema& schema = *schemas->find_schema(gauge);
    for (const char* name : {"owner", "watchers", "parent", "maker"}) {
        EXPECT_TRUE(schema.find(name)->edge) << name;
    }
    for (const char* name : {"manual", "links", "place", "ports"}) {
        EXPECT_FALSE(schema.find(name)->edge) << name;
    }
    EXPECT_NE(schema.find("owner")->edge, schema.find("watchers")->edge);
    EXPECT_EQ(*schema.find("owner")->edge, directory::own_edge_kind(std::string(gauge) + ":owner"));
}

TEST(OwnSchemas, AttributesAreCheckedWithTheirPlace) {
    const struct {
        const char* attribute;
        const char* fault;
    } cases[] = {
        {R"({"name":"a"})", "ok"},
        {R"({"name":"a","kolor":1})", "own attributes[0].kolor"},
        {R"({"name":"a"},{"name":"b","type":"colour"})", "own attributes[1].type"},
        {R"({"name":"a","multiValued":"yes"})", "own attributes[0].multiValued"},
        {R"({"name":"a","required":1})", "own attributes[0].required"},
        {R"({"name":"a b"})", "own attributes[0].name"},
        {R"({"name":"meta"})", "own attributes[0].name"},
        {R"({"name":"a"},{"name":"A"})", "own attributes[1]"},
        {R"({"name":"a","type":"complex"})", "own attributes[0]"},
        {R"({"name":"a","type":"complex","uniqueness":"server","subAttributes":[{"name":"b"}]})",
         "own attributes[0]"},
        {R"({"name":"a","bascule":{"edge":"member"},"type":"complex","subAttributes":[{"name":"value"}]})",
         "own attributes[0].bascule"},
        {R"({"name":"a","mutability":"writeOnly","returned":"default"})",
         "own attributes[0].returned"},
        {R"({"name":"a","mutability":"writeOnly"})", "ok"},
        {R"({"name":"a","returned":"never","uniqueness":"server"})",
         "own attributes[0].uniqueness"},
        {R"({"name":"a","type":"reference","referenceTypes":["Gizmo"]})",
         "own attributes[0].referenceTypes"},
        {R"({"name":"a","type":"reference","referenceTypes":["uri","Gauge"]})", "ok"},
    };
    for (const auto& one : cases) {
        EXPECT_EQ(fault_of_attribute(one.attribute), one.fault) << one.attribute;
    }
}

TEST(OwnSchemas, ThreeLevelsAreRefused) {
    EXPECT_EQ(
        fault_of_attribute(
            R"({"name":"a","type":"complex","subAttributes":[{"name":"b","type":"complex","subAttributes":[{"name":"c"}]}]})"
        ),
        "own attributes[0].subAttributes[0]"
    );
}

TEST(OwnSchemas, ABinarySubAttributeIsLegal) {
    EXPECT_EQ(
        fault_of_attribute(
            R"({"name":"a","type":"complex","subAttributes":[{"name":"b","type":"binary"},{"name":"c","type":"reference","referenceTypes":["external"],"multiValued":true}]})"
        ),
        "ok"
    );
}

TEST(OwnSchemas, FilesAreWholeSchemas) {
    for (const char* text :
         {"", "{", "7", "null", R"({"name":"X"})",
          R"({"id":"X","name":"X","attributes":[{"name":"a"}]})",
          R"({"id":"urn:x","name":"X","attributes":[{"name":"a"}]})",
          R"({"id":"urn:x:\"y","name":"X","attributes":[{"name":"a"}]})",
          R"({"id":"urn:x:y","name":"X","attributes":[]})", R"({"id":"urn:x:y","name":"X"})",
          R"({"id":"urn:ietf:params:scim:api:messages:2.0:Mine","name":"X","attributes":[{"name":"a"}]})",
          R"({"Resources":7})"}) {
        OwnSchemas own;
        own.files.push_back({"own", text});
        EXPECT_TRUE(fault_of(own).starts_with("own")) << text;
    }
}

TEST(OwnSchemas, AnAnswerOfAnotherServerIsAFile) {
    OwnSchemas own = company();
    own.files.front().text =
        R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"Resources":[)" +
        own.files.front().text + "," + own.files.back().text + "]}";
    own.files.pop_back();
    EXPECT_EQ(fault_of(own), "ok");
}

TEST(OwnSchemas, ReadyMadeFilesLoad) {
    const auto ready = [](const std::string& name) { return file("../../../schemas/" + name); };
    const std::string core = "urn:ietf:params:scim:schemas:core:2.0:";
    OwnSchemas own;
    own.files.push_back({"device_ble", ready("device_ble")});
    for (const char* name : {"device", "role", "entitlement", "agent", "agentic_application"}) {
        own.files.push_back({name, ready(name)});
    }
    for (const char* name : {"Device", "Role", "Entitlement", "Agent", "AgenticApplication"}) {
        ResourceTypeFile type;
        type.name = name;
        type.endpoint = "/" + type.name + "s";
        type.schema = core + name;
        own.types.push_back(type);
    }
    own.extensions.push_back(
        {"Device", "urn:ietf:params:scim:schemas:extension:ble:2.0:Device", false, "x"}
    );
    EXPECT_EQ(fault_of(own), "ok");
}

TEST(OwnSchemas, AFaultInAFileIsTheOnlyOne) {
    OwnSchemas own = company();
    own.files.front().text = "{";
    std::vector<SchemaFault> faults;
    EXPECT_EQ(SchemaRegistry::load_with(own, faults), nullptr);
    EXPECT_EQ(faults.size(), 1U);
}

TEST(OwnSchemas, TheConfigurationIsCheckedWithItsPlace) {
    const auto with = [](const std::function<void(OwnSchemas&)>& change) {
        OwnSchemas own = company();
        change(own);
        return fault_of(own);
    };
    EXPECT_EQ(with([](auto& own) { own.types[0].name = "User"; }), " scim.resource_types[0].name");
    EXPECT_EQ(with([](auto& own) { own.types[0].name = "Token"; }), " scim.resource_types[0].name");
    EXPECT_EQ(
        with([](auto& own) { own.types[0].endpoint = "/users"; }),
        " scim.resource_types[0].endpoint"
    );
    EXPECT_EQ(
        with([](auto& own) { own.types[0].endpoint = "/Bulk"; }), " scim.resource_types[0].endpoint"
    );
    EXPECT_EQ(
        with([](auto& own) { own.types[0].endpoint = "Gauges/x"; }),
        " scim.resource_types[0].endpoint"
    );
    EXPECT_EQ(
        with([](auto& own) { own.types[0].schema = "urn:x:y"; }), " scim.resource_types[0].schema"
    );
    EXPECT_EQ(
        with([](auto& own) {
            own.types[0].extensions.push_back({gauge, false});
        }),
        " scim.resource_types[0].extensions[1]"
    );
    EXPECT_EQ(with([](auto& own) { own.extensions[0].type = "Usr"; }), " scim.extensions.User[0]");
    EXPECT_EQ(
        with([](auto& own) { own.extensions[0].schema = "urn:x:y"; }), " scim.extensions.User[0]"
    );
    EXPECT_EQ(
        with([](auto& own) { own.extensions.push_back(own.extensions[0]); }),
        " scim.extensions.User[0]"
    );
    EXPECT_EQ(with([](auto& own) { own.extensions.clear(); }), "badge id") << "nothing uses it";
    EXPECT_EQ(with([](auto& own) { own.files.push_back(own.files[0]); }), "gauge id");
}

}  // namespace
}  // namespace bascule::scim
