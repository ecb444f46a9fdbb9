#include "scim/schema/schema.hpp"
#include "tests/integration/scim/scim_fixture.hpp"

namespace bascule::scim::tests {
namespace {

using directory::ValueType;

/// A literal of the attribute's type.
std::string literal_of(ValueType type) {
    switch (type) {
        case ValueType::boolean:
            return "true";
        case ValueType::integer:
        case ValueType::decimal:
            return "7";
        case ValueType::date_time:
            return "\"2026-01-01T00:00:00Z\"";
        default:
            return "\"x\"";
    }
}

class ScimPlans : public ScimServiceTest {
  protected:
    ScimPlans() { EXPECT_TRUE(schemas_->register_types(registry_)); }
    /// What `bascule explain-filter` says.
    Json plan(const std::string& type, const std::string& filter) {
        const auto result = daemon_.command({"--json", "explain-filter", "--type", type, filter});
        const Json value = Json::parse(result.output, nullptr, false);
        EXPECT_TRUE(value.is_object()) << result.output;
        return value;
    }
    bool uses_index(const std::string& type, const std::string& filter) {
        return plan(type, filter).value("usesIndex", false);
    }

    std::unique_ptr<SchemaRegistry> schemas_ = SchemaRegistry::load_builtin().value();
    directory::Registry registry_;
};

TEST_F(ScimPlans, EverySearchableAttributeOfEveryTypeHasAnIndex) {
    std::size_t tested = 0;
    for (const auto& type : schemas_->types()) {
        for (const directory::AttributeId id : registry_.attributes(type->type)) {
            const auto& spec = registry_.spec(id);
            if (!spec.searchable) {
                continue;
            }
            const std::string filter = spec.path.to_string() + " eq " + literal_of(spec.type);
            EXPECT_TRUE(uses_index(type->name, filter)) << type->name << ": " << filter;
            ++tested;
        }
    }
    EXPECT_GT(tested, 50U);
}

TEST_F(ScimPlans, RowFieldsAndEdgesHaveIndexes) {
    const std::string id = add_user("ann");
    const std::string group = add_group("Sales", {id});
    for (const std::string& filter : std::vector<std::string>{
             "id eq \"" + id + "\"", "meta.lastModified gt \"2026-01-01T00:00:00Z\"",
             "meta.created le \"2026-01-01T00:00:00Z\"", "groups.value eq \"" + group + "\"",
             std::string(enterprise_schema) + ":manager.value eq \"" + id + "\"",
             "emails[type eq \"work\" and value eq \"a@x\"]", "userName sw \"a\" or title eq \"b\"",
             "userName pr and not (title eq \"b\")"}) {
        EXPECT_TRUE(uses_index("User", filter)) << plan("User", filter).dump();
    }
    EXPECT_TRUE(uses_index("Group", "members.value eq \"" + id + "\""));
}

TEST_F(ScimPlans, WhatNoIndexServesIsSaid) {
    add_user("ann");
    for (const char* filter :
         {"emails.primary eq true", "not (title eq \"x\")", "photos.value pr", "title ne \"x\""}) {
        const Json value = plan("User", filter);
        EXPECT_FALSE(value.value("usesIndex", true)) << filter;
        EXPECT_NE(value.dump().find("all 1 objects of the type are looked at"), std::string::npos)
            << value.dump();
    }
}

}  // namespace
}  // namespace bascule::scim::tests
