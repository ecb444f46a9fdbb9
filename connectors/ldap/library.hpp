#pragma once

namespace bascule::ldap {

/// Makes libldap's first call and keeps it from reading ldap.conf, .ldaprc and LDAP* variables.
/// Call it once from main before any thread starts: the library's own first use is not thread-safe.
/// Has SIGPIPE ignored, because the library writes to sockets that the peer or a watchdog has
/// closed. Further calls do nothing.
void initialise_library();

}  // namespace bascule::ldap
