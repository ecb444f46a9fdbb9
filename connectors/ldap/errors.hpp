#pragma once

#include <string_view>

#include "directory/base/error.hpp"

typedef struct ldap LDAP;

namespace bascule::ldap {

/// The one translation of an LDAP result into an Error. `doing` says what was tried ("binding as
/// cn=…") and goes, with the code and the server's own words, into the context.
///
/// Codes: directory_unavailable, directory_timeout, directory_credentials, directory_denied,
/// directory_insecure, not_in_directory, directory_limit, directory_constraint, directory_conflict,
/// directory_refused, directory_error.
[[nodiscard]] Error error_from_result(
    int code, std::string_view diagnostic, std::string_view doing
);

/// The same for a call that failed on this side; the diagnostic is the handle's.
[[nodiscard]] Error error_from_handle(LDAP* handle, int code, std::string_view doing);

/// The diagnostic message that the handle holds.
[[nodiscard]] std::string handle_diagnostic(LDAP* handle);

}  // namespace bascule::ldap
