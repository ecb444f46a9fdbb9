#include "connectors/ldap/examination/tls_facts.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <memory>
#include <string_view>

namespace bascule::ldap {
namespace {

using std::chrono::steady_clock;

// ExtendedRequest 1.3.6.1.4.1.1466.20037 with message id 1 (RFC 4511 section 4.14.1).
constexpr std::string_view start_tls_request(
    "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
    "1.3.6.1.4.1.1466.20037",
    31
);
constexpr std::size_t largest_reply = 4096;

auto no_handshake(std::string reason) {
    return fail(
        ErrorKind::unavailable, "directory_tls",
        "The server does not speak TLS as configured: " + std::move(reason) + "."
    );
}

class Socket {
  public:
    Socket(int descriptor, Deadline deadline) : descriptor_(descriptor), deadline_(deadline) {}
    ~Socket() { ::close(descriptor_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    [[nodiscard]] int descriptor() const { return descriptor_; }

    /// False when the time is over.
    [[nodiscard]] bool wait(short events) const {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - steady_clock::now());
        pollfd one{descriptor_, events, 0};
        return left.count() > 0 && ::poll(&one, 1, static_cast<int>(left.count())) > 0;
    }

  private:
    int descriptor_;
    Deadline deadline_;
};

/// Sends StartTLS and reads the whole answer; a result code of zero stands in its body.
Status start_tls(const Socket& socket) {
    if (::send(
            socket.descriptor(), start_tls_request.data(), start_tls_request.size(), MSG_NOSIGNAL
        ) < 0) {
        return no_handshake("the connection ended");
    }
    std::string reply;
    std::array<char, 512> buffer{};
    while (reply.size() < 2 || reply.size() < 2U + static_cast<unsigned char>(reply[1])) {
        if (!socket.wait(POLLIN) || reply.size() > largest_reply) {
            return no_handshake("no answer to StartTLS");
        }
        const auto count = ::recv(socket.descriptor(), buffer.data(), buffer.size(), 0);
        if (count <= 0 && errno != EAGAIN) {
            return no_handshake("the connection ended");
        }
        reply.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
    constexpr std::string_view accepted("\x0a\x01\x00", 3);
    return reply.find(accepted) == std::string::npos ? no_handshake("it refuses StartTLS")
                                                     : Status();
}

std::string name_text(const X509_NAME* name) {
    std::array<char, 512> buffer{};
    X509_NAME_oneline(name, buffer.data(), static_cast<int>(buffer.size()));
    return buffer.data();
}

Time time_of(const ASN1_TIME* value) {
    std::tm parts{};
    ASN1_TIME_to_tm(value, &parts);
    return Time(std::chrono::seconds(::timegm(&parts)));
}

bool is_for(X509* certificate, const std::string& host) {
    return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1 ||
           X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
}

Status shake_hands(SSL* session, const Socket& socket) {
    while (true) {
        const int code = SSL_connect(session);
        if (code == 1) {
            return {};
        }
        const int problem = SSL_get_error(session, code);
        const bool waits = problem == SSL_ERROR_WANT_READ || problem == SSL_ERROR_WANT_WRITE;
        if (!waits) {
            const char* reason = ERR_reason_error_string(ERR_get_error());
            return no_handshake(reason == nullptr ? "the connection ended" : reason);
        }
        if (!socket.wait(problem == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) {
            return no_handshake("the handshake was not answered in time");
        }
    }
}

TlsFacts facts_of(SSL* session, X509* certificate, const std::string& host) {
    TlsFacts facts;
    facts.protocol = SSL_get_version(session);
    facts.subject = name_text(X509_get_subject_name(certificate));
    facts.issuer = name_text(X509_get_issuer_name(certificate));
    facts.expires = time_of(X509_get0_notAfter(certificate));
    facts.name_matches = is_for(certificate, host);
    const long verified = SSL_get_verify_result(session);
    if (verified != X509_V_OK) {
        facts.distrust = X509_verify_cert_error_string(verified);
    }
    return facts;
}

}  // namespace

Result<TlsFacts> read_tls_facts(
    const Endpoint& endpoint, const ConnectionOptions& options, Deadline deadline
) {
    BASCULE_TRY(const int descriptor, connect_socket(endpoint, options, deadline, {}));
    const Socket socket(descriptor, deadline);
    if (endpoint.scheme != "ldaps") {
        BASCULE_CHECK(start_tls(socket));
    }
    const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(
        SSL_CTX_new(TLS_client_method()), SSL_CTX_free
    );
    // The chain is judged all the same; the handshake goes on, so that it can be told.
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    if (options.ca_file.empty()) {
        SSL_CTX_set_default_verify_paths(context.get());
    } else {
        SSL_CTX_load_verify_locations(context.get(), options.ca_file.c_str(), nullptr);
    }
    const std::unique_ptr<SSL, void (*)(SSL*)> session(SSL_new(context.get()), SSL_free);
    SSL_set_fd(session.get(), descriptor);
    // The macro for it hides a cast.
    SSL_ctrl(
        session.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
        const_cast<char*>(endpoint.host.c_str())
    );
    BASCULE_CHECK(shake_hands(session.get(), socket));
    const std::unique_ptr<X509, void (*)(X509*)> certificate(
        SSL_get1_peer_certificate(session.get()), X509_free
    );
    if (!certificate) {
        return no_handshake("it shows no certificate");
    }
    return facts_of(session.get(), certificate.get(), endpoint.host);
}

}  // namespace bascule::ldap
