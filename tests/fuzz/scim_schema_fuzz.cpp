#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scim/schema/own_schemas.hpp"

namespace {

using namespace bascule;

void require(bool held) {
    if (!held) {
        std::abort();
    }
}

/// Makes a type of the first schema and extensions of the others.
scim::OwnSchemas own_schemas(std::string_view input, const std::vector<scim::Schema>& schemas) {
    scim::OwnSchemas own;
    own.files.push_back({"own.json", std::string(input)});
    for (const scim::Schema& schema : schemas) {
        if (own.types.empty()) {
            scim::ResourceTypeFile type;
            type.name = "Own";
            type.endpoint = "/Owns";
            type.schema = schema.id;
            own.types.push_back(std::move(type));
        } else {
            own.extensions.push_back({"User", schema.id, false, "scim.extensions.User"});
        }
    }
    return own;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto parsed = scim::parse_own_schemas(input);
    if (!parsed) {
        require(!parsed.error().detail.empty());
        return 0;
    }
    std::vector<scim::SchemaFault> faults;
    const auto schemas = scim::SchemaRegistry::load_with(own_schemas(input, *parsed), faults);
    require((schemas == nullptr) == !faults.empty());
    if (schemas != nullptr) {
        // What the parser lets through must be fit for registering: no path occurs twice.
        directory::Registry registry;
        require(schemas->register_types(registry).has_value());
    }
    return 0;
}
