#pragma once

#include <string>
#include <vector>

namespace bascule::access {

/// Attributes by name, as SCIM writes them: "emails", "name.familyName", an extension's URN,
/// "urn:…:User:department". An entry covers everything below it.
struct NameRule {
    std::vector<std::string> only;    ///< nothing but these; empty: all
    std::vector<std::string> except;  ///< not these, whatever `only` says
    [[nodiscard]] bool limits() const { return !only.empty() || !except.empty(); }
    bool operator==(const NameRule&) const = default;
};

/// What a client sees and changes of the resources that its scopes open. What it may not read does
/// not exist for it, so it cannot be written either. `id`, `externalId`, `schemas` and `meta` can
/// always be read.
struct AttributeRules {
    NameRule read;
    NameRule write;
    [[nodiscard]] bool limits() const { return read.limits() || write.limits(); }
    bool operator==(const AttributeRules&) const = default;
};

}  // namespace bascule::access
