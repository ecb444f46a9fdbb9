#pragma once

#include <string>

#include "connectors/ldap/connection_options.hpp"

namespace bascule::ldap {

/// Stands for what a connection is proved with at this moment: the content of the files of
/// authorities, certificate, key and keytab, and the secret. Another text when one of them changed;
/// tells nothing of them.
[[nodiscard]] std::string material_of(const ConnectionOptions& options);

}  // namespace bascule::ldap
