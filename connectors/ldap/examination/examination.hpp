#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/ldap/dialects/dialect.hpp"
#include "connectors/ldap/dialects/parts.hpp"
#include "directory/model/check.hpp"
#include "directory/model/registry.hpp"

namespace bascule::ldap {

/// What a source is told to do, and so which rights its account needs.
struct ExaminationOptions {
    std::string name;
    SourceOptions source;
    std::optional<Dialect> dialect;  ///< nothing: the server is asked
    bool writes_passwords = false;
    bool unlocks = false;
    std::vector<std::string> written_attributes;  ///< LDAP attributes that are written back
};

/// Connects to every server of a source as configured and tells what its account lacks: rights,
/// controls, indexes, limits, TLS, the clock. Changes nothing: where a directory has no way to ask
/// for a right, a modify is sent that must fail for another reason when the right is there.
/// Blocks for as long as the servers take, at most the source's time-outs for each question.
[[nodiscard]] std::vector<directory::Check> examine_source(
    const ExaminationOptions& options, const directory::Registry& registry
);

}  // namespace bascule::ldap
