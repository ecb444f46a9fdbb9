#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace bascule::http::test {

/// What came back; header names in lower case.
struct Answer {
    int status = 0;  ///< 0: the connection ended first
    std::map<std::string, std::string> headers;
    std::string body;
    bool complete = true;  ///< false: a chunked body broke off
};

/// A blocking socket that sends exactly what a test says. Reads give up after five seconds.
class RawClient {
  public:
    static RawClient tcp(std::uint16_t port);
    static RawClient unix_socket(const std::string& path);
    /// TLS without verification; an optional client certificate.
    static RawClient tls(
        std::uint16_t port, const std::string& certificate = {}, const std::string& key = {}
    );
    RawClient(RawClient&& other) noexcept;
    RawClient& operator=(RawClient&& other) noexcept;
    ~RawClient();

    void send(std::string_view text);
    /// The next response; `head` when it answers HEAD and so has no body.
    Answer read(bool head = false);
    Answer get(const std::string& path);
    /// Status line and headers only.
    Answer read_head();
    /// Waits until the answer has begun.
    void wait_for_bytes();
    /// A chunked answer chunk by chunk; true when it came to its end.
    bool read_pieces(const std::function<void(std::string_view)>& visit);
    /// Everything until the peer closes.
    std::string read_to_end();
    /// True when the peer has closed and nothing is left to read.
    bool is_closed();
    [[nodiscard]] int tls_version() const;
    /// Subject common name of the certificate that the server showed.
    [[nodiscard]] std::string server_name() const;

  private:
    explicit RawClient(int descriptor) : descriptor_(descriptor) {}
    bool fill();
    /// False when it broke off.
    bool read_chunks(const std::function<void(std::string_view)>& visit);

    int descriptor_ = -1;
    std::string buffer_;
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_{nullptr, SSL_CTX_free};
    std::unique_ptr<SSL, void (*)(SSL*)> session_{nullptr, SSL_free};
};

/// Writes a self-signed certificate and its key as PEM files; `alternative` is a SAN like
/// "DNS:a.test".
void make_certificate(
    const std::string& certificate, const std::string& key, const std::string& common_name,
    const std::string& alternative
);

}  // namespace bascule::http::test
