#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/settings.hpp"
#include "scim/schema/own_schemas.hpp"

namespace bascule::daemon {

/// The built-in schemas with those that a configuration adds.
struct OperatorSchemas {
    std::unique_ptr<scim::SchemaRegistry> registry;  ///< null when something is wrong
    std::vector<config::Diagnostic> faults;
};

/// Reads the schema files and puts everything together; `file` names the configuration in faults.
[[nodiscard]] OperatorSchemas load_schemas(
    const config::Settings& settings, const std::string& file
);

/// The same where faults are logged, line by line; `invalid_input`/"invalid_schema" then.
[[nodiscard]] Result<std::unique_ptr<scim::SchemaRegistry>> require_schemas(
    const config::Settings& settings, const std::string& file
);

}  // namespace bascule::daemon
