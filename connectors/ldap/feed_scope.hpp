#pragma once

#include <string>
#include <vector>

#include "connectors/ldap/connection_options.hpp"
#include "connectors/ldap/socket.hpp"

namespace bascule::ldap {

// What feeds of all dialects say of where they read.

/// Time enough to try every server and to do one operation.
[[nodiscard]] Deadline connecting_deadline(const ConnectionOptions& options);

/// The same text for the same set of attributes, whatever their order and case.
[[nodiscard]] std::string attribute_set_text(std::vector<std::string> attributes);

/// The same text for the same servers in any order, or found in the same way.
[[nodiscard]] std::string server_set_text(const ConnectionOptions& options);

}  // namespace bascule::ldap
