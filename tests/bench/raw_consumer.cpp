// The reference for the first mirror: reads a whole subtree with the sync control (RFC 4533,
// refreshOnly), walks every attribute and drops it. Prints entries and seconds.
//   raw_consumer URI BIND_DN PASSWORD BASE
#include <ldap.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

void require(int code, const char* what) {
    if (code != LDAP_SUCCESS) {
        std::fprintf(stderr, "raw_consumer: %s: %s\n", what, ldap_err2string(code));
        std::exit(2);
    }
}

unsigned long walk(LDAP* handle, LDAPMessage* entry) {
    unsigned long values = 0;
    BerElement* element = nullptr;
    berval dn{};
    require(ldap_get_dn_ber(handle, entry, &element, &dn), "dn");
    berval name{};
    BerVarray list = nullptr;
    while (ldap_get_attribute_ber(handle, entry, element, &name, &list) == LDAP_SUCCESS &&
           name.bv_val != nullptr) {
        for (BerVarray value = list; value != nullptr && value->bv_val != nullptr; ++value) {
            ++values;
        }
        ber_memfree(list);
    }
    ber_free(element, 0);
    return values;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: raw_consumer URI BIND_DN PASSWORD BASE\n");
        return 2;
    }
    LDAP* handle = nullptr;
    require(ldap_initialize(&handle, argv[1]), "initialize");
    int version = LDAP_VERSION3;
    ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version);
    berval password{static_cast<ber_len_t>(std::char_traits<char>::length(argv[3])), argv[3]};
    require(
        ldap_sasl_bind_s(handle, argv[2], LDAP_SASL_SIMPLE, &password, nullptr, nullptr, nullptr),
        "bind"
    );

    char refresh_only[] = {0x30, 0x03, 0x0a, 0x01, 0x01};
    LDAPControl sync{};
    char oid[] = LDAP_CONTROL_SYNC;
    sync.ldctl_oid = oid;
    sync.ldctl_value = {sizeof refresh_only, refresh_only};
    sync.ldctl_iscritical = 1;
    LDAPControl* controls[] = {&sync, nullptr};

    const auto begin = std::chrono::steady_clock::now();
    int message_id = 0;
    require(
        ldap_search_ext(
            handle, argv[4], LDAP_SCOPE_SUBTREE, "(objectClass=*)", nullptr, 0, controls, nullptr,
            nullptr, LDAP_NO_LIMIT, &message_id
        ),
        "search"
    );
    unsigned long entries = 0;
    unsigned long values = 0;
    for (bool done = false; !done;) {
        LDAPMessage* message = nullptr;
        const int type = ldap_result(handle, message_id, LDAP_MSG_ONE, nullptr, &message);
        if (type <= 0) {
            std::fprintf(stderr, "raw_consumer: connection lost\n");
            return 1;
        }
        if (type == LDAP_RES_SEARCH_ENTRY) {
            ++entries;
            values += walk(handle, message);
        }
        done = type == LDAP_RES_SEARCH_RESULT;
        ldap_msgfree(message);
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    std::printf(
        "{\"entries\":%lu,\"values\":%lu,\"seconds\":%.3f}\n", entries, values, spent.count()
    );
    ldap_unbind_ext_s(handle, nullptr, nullptr);
    return 0;
}
