#pragma once

#include <optional>

#include "directory/base/time.hpp"

typedef struct ldap LDAP;

namespace bascule::ldap {

/// When the certificate that the server showed ends; nothing without TLS.
[[nodiscard]] std::optional<Time> peer_certificate_end(LDAP* handle);

}  // namespace bascule::ldap
