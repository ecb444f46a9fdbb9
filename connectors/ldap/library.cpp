#include "connectors/ldap/library.hpp"

#include <ldap.h>

#include <csignal>
#include <cstdlib>
#include <mutex>

namespace bascule::ldap {

void initialise_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        std::signal(SIGPIPE, SIG_IGN);
        ::setenv("LDAPNOINIT", "1", 1);
        LDAP* handle = nullptr;
        if (ldap_initialize(&handle, "ldap://127.0.0.1") == LDAP_SUCCESS) {
            ldap_unbind_ext(handle, nullptr, nullptr);
        }
    });
}

}  // namespace bascule::ldap
