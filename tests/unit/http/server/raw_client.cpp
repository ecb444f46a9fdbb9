#include "raw_client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::http::test {
namespace {

void set_timeouts(int descriptor) {
    const timeval limit{5, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

}  // namespace

RawClient RawClient::tcp(std::uint16_t port) {
    RawClient client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    set_timeouts(client.descriptor_);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(
        ::connect(client.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address),
        0
    );
    return client;
}

RawClient RawClient::unix_socket(const std::string& path) {
    RawClient client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    set_timeouts(client.descriptor_);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(
        ::connect(client.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address),
        0
    );
    return client;
}

RawClient RawClient::tls(
    std::uint16_t port, const std::string& certificate, const std::string& key
) {
    RawClient client = tcp(port);
    client.context_.reset(SSL_CTX_new(TLS_client_method()));
    if (!certificate.empty()) {
        EXPECT_EQ(
            SSL_CTX_use_certificate_file(
                client.context_.get(), certificate.c_str(), SSL_FILETYPE_PEM
            ),
            1
        );
        EXPECT_EQ(
            SSL_CTX_use_PrivateKey_file(client.context_.get(), key.c_str(), SSL_FILETYPE_PEM), 1
        );
    }
    client.session_.reset(SSL_new(client.context_.get()));
    SSL_set_fd(client.session_.get(), client.descriptor_);
    EXPECT_EQ(SSL_connect(client.session_.get()), 1);
    return client;
}

RawClient::RawClient(RawClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      buffer_(std::move(other.buffer_)),
      context_(std::move(other.context_)),
      session_(std::move(other.session_)) {}

RawClient& RawClient::operator=(RawClient&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(buffer_, other.buffer_);
    std::swap(context_, other.context_);
    std::swap(session_, other.session_);
    return *this;
}

RawClient::~RawClient() {
    session_.reset();
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

void RawClient::send(std::string_view text) {
    while (!text.empty()) {
        const auto sent =
            session_ ? SSL_write(session_.get(), text.data(), static_cast<int>(text.size()))
                     : ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool RawClient::fill() {
    std::array<char, 4096> chunk{};
    const auto size = session_
                          ? SSL_read(session_.get(), chunk.data(), static_cast<int>(chunk.size()))
                          : ::recv(descriptor_, chunk.data(), chunk.size(), 0);
    if (size <= 0) {
        return false;
    }
    buffer_.append(chunk.data(), static_cast<std::size_t>(size));
    return true;
}

Answer RawClient::read_head() {
    Answer answer;
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) {
            return answer;
        }
    }
    std::string_view lines = std::string_view(buffer_).substr(0, end + 2);
    answer.status = std::stoi(std::string(lines.substr(9, 3)));
    lines.remove_prefix(lines.find("\r\n") + 2);
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find("\r\n"));
        const auto colon = line.find(": ");
        answer.headers[to_ascii_lower(line.substr(0, colon))] = std::string(line.substr(colon + 2));
        lines.remove_prefix(line.size() + 2);
    }
    buffer_.erase(0, end + 4);
    return answer;
}

Answer RawClient::read(bool head) {
    Answer answer = read_head();
    if (answer.status == 0) {
        return answer;
    }
    if (!head && answer.headers.contains("transfer-encoding")) {
        answer.complete = read_chunks([&answer](std::string_view chunk) { answer.body += chunk; });
        return answer;
    }
    const auto length = answer.headers.find("content-length");
    const std::size_t size =
        head || length == answer.headers.end() ? 0 : std::stoul(length->second);
    while (buffer_.size() < size && fill()) {
    }
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, std::min(size, buffer_.size()));
    return answer;
}

bool RawClient::read_chunks(const std::function<void(std::string_view)>& visit) {
    for (std::size_t size = 1; size != 0;) {
        std::size_t end = 0;
        while ((end = buffer_.find("\r\n")) == std::string::npos && fill()) {
        }
        if (end == std::string::npos) {
            return false;
        }
        size = std::stoul(buffer_.substr(0, end), nullptr, 16);
        const std::size_t whole = end + 2 + size + 2;
        while (buffer_.size() < whole && fill()) {
        }
        visit(std::string_view(buffer_).substr(end + 2, size));
        if (buffer_.size() < whole) {
            return false;
        }
        buffer_.erase(0, whole);
    }
    return true;
}

bool RawClient::read_pieces(const std::function<void(std::string_view)>& visit) {
    const Answer answer = read_head();
    return answer.headers.contains("transfer-encoding") && read_chunks(visit);
}

Answer RawClient::get(const std::string& path) {
    send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n");
    return read();
}

void RawClient::wait_for_bytes() {
    while (buffer_.empty() && fill()) {
    }
}

std::string RawClient::read_to_end() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
}

bool RawClient::is_closed() {
    return buffer_.empty() && !fill() && buffer_.empty();
}

int RawClient::tls_version() const {
    return SSL_version(session_.get());
}

std::string RawClient::server_name() const {
    const std::unique_ptr<X509, decltype(&X509_free)> shown(
        SSL_get1_peer_certificate(session_.get()), &X509_free
    );
    std::array<char, 200> name{};
    X509_NAME_get_text_by_NID(
        X509_get_subject_name(shown.get()), NID_commonName, name.data(),
        static_cast<int>(name.size())
    );
    return name.data();
}

void make_certificate(
    const std::string& certificate, const std::string& key, const std::string& common_name,
    const std::string& alternative
) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair(
        EVP_EC_gen("P-256"), &EVP_PKEY_free
    );
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), static_cast<long>(common_name.size()));
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), pair.get());
    X509_NAME* name = X509_get_subject_name(made.get());
    const auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0);
    X509_set_issuer_name(made.get(), name);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative.c_str()),
        &X509_EXTENSION_free
    );
    X509_add_ext(made.get(), extension.get(), -1);
    X509_sign(made.get(), pair.get(), EVP_sha256());
    const std::unique_ptr<FILE, int (*)(FILE*)> certificate_file(
        std::fopen(certificate.c_str(), "w"), &std::fclose
    );
    PEM_write_X509(certificate_file.get(), made.get());
    const std::unique_ptr<FILE, int (*)(FILE*)> key_file(
        std::fopen(key.c_str(), "w"), &std::fclose
    );
    PEM_write_PrivateKey(key_file.get(), pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

}  // namespace bascule::http::test
