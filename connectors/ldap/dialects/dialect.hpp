#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectors/ldap/connection.hpp"
#include "directory/base/result.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

/// The kinds of directory server that are told apart. What differs between them is in this folder
/// only.
enum class Dialect { openldap, ds389, active_directory, generic };

/// As the configuration writes it: "openldap", "389ds", "active_directory", "generic".
[[nodiscard]] std::string_view name_of(Dialect dialect);

/// The root entry (RFC 4512 section 5.1) with what tells the dialect and what the server offers:
/// supportedControl, supportedExtension, supportedCapabilities, vendorName, vendorVersion,
/// namingContexts, defaultNamingContext, dsServiceName and others of the kind.
[[nodiscard]] Result<directory::SourceEntry> read_root_entry(
    Connection& connection, Deadline deadline
);

/// What kind of server has this root entry; nothing when it says too little, because the service
/// account may not read it.
[[nodiscard]] std::optional<Dialect> detect_dialect(const directory::SourceEntry& root);

}  // namespace bascule::ldap
