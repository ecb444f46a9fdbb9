#include "scim/filter/filter.hpp"
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
    std::string plan(const ResourceType& type, const std::string& filter) {
        directory::Query query;
        query.type = type.type;
        auto compiled = compile_filter(filter, *schemas_, type, *registry_);
        if (!compiled) {
            ADD_FAILURE() << filter << ": " << compiled.error().detail;
            return {};
        }
        query.filter = *std::move(compiled);
        std::string text;
        EXPECT_TRUE(store_->read([&](directory::Reader& reader) -> Status {
            BASCULE_TRY(text, reader.explain(query));
            return {};
        }));
        return text;
    }
    static bool uses_index(const std::string& text) {
        return text.find("no index can serve") == std::string::npos;
    }
};

TEST_F(ScimPlans, EverySearchableAttributeOfEveryTypeHasAnIndex) {
    std::size_t tested = 0;
    for (const auto& type : schemas_->types()) {
        for (const directory::AttributeId id : registry_->attributes(type->type)) {
            const auto& spec = registry_->spec(id);
            if (!spec.searchable) {
                continue;
            }
            const std::string filter = spec.path.to_string() + " eq " + literal_of(spec.type);
            EXPECT_TRUE(uses_index(plan(*type, filter))) << type->name << ": " << filter;
            ++tested;
        }
    }
    EXPECT_GT(tested, 50U);
}

TEST_F(ScimPlans, RowFieldsAndEdgesHaveIndexes) {
    const std::string id = add_user("ann");
    const std::string group = add_group("Sales", {id});
    const ResourceType& user = *schemas_->find_by_name("User");
    const ResourceType& groups = *schemas_->find_by_name("Group");
    for (const std::string filter :
         {"id eq \"" + id + "\"", std::string("meta.lastModified gt \"2026-01-01T00:00:00Z\""),
          std::string("meta.created le \"2026-01-01T00:00:00Z\""),
          "groups.value eq \"" + group + "\"",
          std::string(enterprise_schema) + ":manager.value eq \"" + id + "\"",
          std::string("emails[type eq \"work\" and value eq \"a@x\"]"),
          std::string("userName sw \"a\" or title eq \"b\""),
          std::string("userName pr and not (title eq \"b\")")}) {
        EXPECT_TRUE(uses_index(plan(user, filter))) << filter << "\n" << plan(user, filter);
    }
    EXPECT_TRUE(uses_index(plan(groups, "members.value eq \"" + id + "\"")));
}

TEST_F(ScimPlans, WhatNoIndexServesIsSaid) {
    const ResourceType& user = *schemas_->find_by_name("User");
    for (const char* filter :
         {"emails.primary eq true", "not (title eq \"x\")", "photos.value pr", "title ne \"x\""}) {
        EXPECT_FALSE(uses_index(plan(user, filter))) << filter;
    }
}

}  // namespace
}  // namespace bascule::scim::tests
