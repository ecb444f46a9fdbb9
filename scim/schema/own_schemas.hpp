#pragma once

#include <string>
#include <vector>

#include "scim/schema/schema.hpp"
#include "scim/schema/schema_file.hpp"

namespace bascule::scim {

/// What an operator adds to the built-in schemas: schemas as texts, resource types of their own,
/// and extensions of resource types there are.
struct OwnSchemas {
    struct File {
        std::string name;  ///< for faults
        std::string text;  ///< parse_own_schemas()
        bool operator==(const File&) const = default;
    };
    struct Extension {
        std::string type;  ///< "User"
        std::string schema;
        bool required = false;
        std::string place;  ///< for faults: "scim.extensions.User[0]"
        bool operator==(const Extension&) const = default;
    };
    std::vector<File> files;
    std::vector<ResourceTypeFile> types;  ///< faults name them "scim.resource_types[i]"
    std::vector<Extension> extensions;

    bool operator==(const OwnSchemas&) const = default;
};

/// Something wrong in what an operator adds.
struct SchemaFault {
    std::string file;    ///< the schema's; empty for what stands in the configuration
    std::string place;   ///< in the JSON, or the key of the configuration; may be empty
    std::string detail;  ///< what was expected
};

}  // namespace bascule::scim
