#include "http/server/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <string_view>
#include <utility>

namespace bascule::http {
namespace ssl = boost::asio::ssl;
namespace {

constexpr const char* tls12_suites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

tl::unexpected<Error> unusable(const std::string& file, const std::string& why) {
    return fail(
        ErrorKind::invalid_input, "certificate_unusable",
        "The TLS file '" + file + "' cannot be used: " + why + "."
    );
}

// RFC 7301: only HTTP/1.1 is spoken; a client that offers none of it goes on without ALPN.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* length, const unsigned char* offered, unsigned int offered_length, void*) {
    static constexpr std::array<unsigned char, 9> supported{8,   'h', 't', 't', 'p',
                                                            '/', '1', '.', '1'};
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(
            &chosen, length, supported.data(), supported.size(), offered, offered_length
        ) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

void set_policy(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, tls12_suites);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets only
    static constexpr std::string_view session_context = "bascule";
    SSL_CTX_set_session_id_context(
        context, reinterpret_cast<const unsigned char*>(session_context.data()),
        static_cast<unsigned>(session_context.size())
    );
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_tls_context(const TlsFiles& files) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    set_policy(context->native_handle());
    boost::system::error_code ec;
    context->use_certificate_chain_file(files.certificate, ec);
    if (ec) {
        return unusable(files.certificate, ec.message());
    }
    const std::string key_name = files.key_text ? "key" : files.key;
    if (files.key_text) {
        const std::string_view text = files.key_text->reveal();
        context->use_private_key(
            boost::asio::buffer(text.data(), text.size()), ssl::context::pem, ec
        );
    } else {
        context->use_private_key_file(files.key, ssl::context::pem, ec);
    }
    if (ec) {
        return unusable(key_name, ec.message());
    }
    if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
        ERR_clear_error();
        return unusable(key_name, "it does not belong to the certificate");
    }
    if (!files.client_ca.empty()) {
        context->load_verify_file(files.client_ca, ec);
        if (ec) {
            return unusable(files.client_ca, ec.message());
        }
        SSL_CTX_set_client_CA_list(
            context->native_handle(), SSL_load_client_CA_file(files.client_ca.c_str())
        );
        context->set_verify_mode(ssl::verify_peer, ec);
    }
    return context;
}

Time certificate_expiry(ssl::context& context) {
    const X509* certificate = SSL_CTX_get0_certificate(context.native_handle());
    std::tm parts{};
    if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) {
        return {};
    }
    return Time(std::chrono::seconds(timegm(&parts)));
}

std::vector<std::string> certificate_names(SSL* session) {
    std::vector<std::string> names;
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        SSL_get1_peer_certificate(session), &X509_free
    );
    if (!certificate || SSL_get_verify_result(session) != X509_V_OK) {
        return names;
    }
    auto* list = static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)
    );
    const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> owner(
        list, &GENERAL_NAMES_free
    );
    const int count = list == nullptr ? 0 : sk_GENERAL_NAME_num(list);
    for (int i = 0; i < count; ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(list, i);
        const char* prefix = nullptr;
        const ASN1_IA5STRING* text = nullptr;
        if (name->type == GEN_DNS) {
            prefix = "DNS:";
            text = name->d.dNSName;
        } else if (name->type == GEN_EMAIL) {
            prefix = "email:";
            text = name->d.rfc822Name;
        } else if (name->type == GEN_URI) {
            prefix = "URI:";
            text = name->d.uniformResourceIdentifier;
        }
        if (text != nullptr) {
            names.push_back(
                prefix + std::string(
                             reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                             static_cast<std::size_t>(ASN1_STRING_length(text))
                         )
            );
        }
    }
    return names;
}

}  // namespace bascule::http
