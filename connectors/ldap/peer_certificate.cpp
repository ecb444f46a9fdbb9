#include "connectors/ldap/peer_certificate.hpp"

#include <ldap.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

namespace bascule::ldap {

std::optional<Time> peer_certificate_end(LDAP* handle) {
    berval der{};
    if (ldap_get_option(handle, LDAP_OPT_X_TLS_PEERCERT, &der) != LDAP_OPT_SUCCESS ||
        der.bv_val == nullptr) {
        return std::nullopt;
    }
    const std::unique_ptr<char, void (*)(void*)> der_owner(der.bv_val, ber_memfree);
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.bv_val);
    const std::unique_ptr<X509, void (*)(X509*)> certificate(
        d2i_X509(nullptr, &bytes, static_cast<long>(der.bv_len)), X509_free
    );
    std::tm parts{};
    if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts) != 1) {
        return std::nullopt;
    }
    return Time(std::chrono::seconds(::timegm(&parts)));
}

}  // namespace bascule::ldap
