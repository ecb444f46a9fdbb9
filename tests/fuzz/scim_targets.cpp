#include "tests/fuzz/scim_targets.hpp"

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "directory/query/evaluator.hpp"
#include "scim/codec/document.hpp"
#include "scim/codec/projection.hpp"
#include "scim/filter/filter.hpp"
#include "scim/patch/patch.hpp"

namespace bascule::scim::fuzz {
namespace {

constexpr const char* user =
    R"({"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","userName":"mira",)"
    R"("name":{"familyName":"Ng"},"emails":[{"value":"a@x","type":"work","primary":true},{"value":"b@x"}]})";

struct World {
    std::unique_ptr<SchemaRegistry> schemas;
    directory::Registry registry;
    World() {
        auto loaded = SchemaRegistry::load_builtin();
        require(loaded.has_value());
        schemas = *std::move(loaded);
        require(schemas->register_types(registry).has_value());
    }
    static void require(bool held) {
        if (!held) {
            std::abort();
        }
    }
};

const World& world() {
    static const World instance;
    return instance;
}

const ResourceType& type(const char* name) {
    return *world().schemas->find_by_name(name);
}

/// A canonical document reads back as itself, and so does what is rendered from it.
void check_document(const std::string& body, const ResourceType& resource_type) {
    const auto json = parse_json(body);
    World::require(json.has_value());
    const auto again = canonical_body(*json, *world().schemas, resource_type);
    World::require(again.has_value() && *again == body);
    directory::Object object;
    object.body = body;
    World::require(parse_json(render(resource_type, object, Projection(), {})).has_value());
    (void)directory::terms_of(world().registry, resource_type.type, body);
}

}  // namespace

void json(std::string_view input) {
    const auto parsed = parse_json(input);
    if (!parsed) {
        return;
    }
    for (const char* name : {"User", "Group", "RoleAssignment", "Application"}) {
        const auto draft =
            decode_resource(*parsed, *world().schemas, type(name), DraftPurpose::create);
        if (draft) {
            check_document(draft->body, type(name));
        }
    }
}

void filter(std::string_view input) {
    for (const char* name : {"User", "Group"}) {
        for (const bool lenient : {false, true}) {
            const auto compiled =
                compile_filter(input, *world().schemas, type(name), world().registry, lenient);
            if (compiled) {
                (void)directory::matches(*compiled, {}, user, [](const auto&) { return false; });
            }
        }
    }
}

void path(std::string_view input) {
    for (const char* name : {"User", "Group"}) {
        const auto compiled = compile_path(input, *world().schemas, type(name), world().registry);
        World::require(
            !compiled || compiled->name.attribute != nullptr || compiled->name.extension != nullptr
        );
    }
}

void patch(std::string_view input) {
    const auto message = parse_json(input);
    if (!message) {
        return;
    }
    const auto outcome =
        apply_patch(*message, user, *world().schemas, type("User"), world().registry);
    if (outcome) {
        check_document(outcome->body, type("User"));
    }
}

}  // namespace bascule::scim::fuzz
