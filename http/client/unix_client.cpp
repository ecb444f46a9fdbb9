#include "http/client/unix_client.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::http {
namespace {

class Socket {
  public:
    explicit Socket(std::chrono::milliseconds timeout)
        : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const timeval limit{timeout.count() / 1000, (timeout.count() % 1000) * 1000};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    ~Socket() { ::close(descriptor_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }

  private:
    int descriptor_;
};

tl::unexpected<Error> bad_answer() {
    return fail(
        ErrorKind::internal, "bad_answer",
        "The daemon's answer is not understood; do the versions match?"
    );
}

Status connect_to(int descriptor, const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return fail(
            ErrorKind::invalid_input, "invalid_address",
            "The socket path '" + path + "' is too long."
        );
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        return {};
    }
    if (errno == EACCES || errno == EPERM) {
        return fail(
            ErrorKind::forbidden, "socket_denied",
            "You may not use " + path +
                "; run this as root, as the service's user or as a member of its group."
        );
    }
    return fail(
        ErrorKind::unavailable, "not_running",
        "No daemon answers at " + path + " (" + std::strerror(errno) +
            "); start it, or name its socket with --socket."
    );
}

Status send_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto sent = ::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return fail(
                ErrorKind::unavailable, "connection_lost", "The daemon closed the connection."
            );
        }
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

// The request asks for the connection to be closed, so the answer ends where the stream ends.
Result<std::string> receive_all(int descriptor) {
    std::string text;
    std::array<char, 16384> chunk{};
    for (;;) {
        const auto size = ::recv(descriptor, chunk.data(), chunk.size(), 0);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            return fail(ErrorKind::timeout, "no_answer", "The daemon did not answer in time.");
        }
        if (size == 0) {
            return text;
        }
        text.append(chunk.data(), static_cast<std::size_t>(size));
    }
}

Result<Response> parse(std::string_view text) {
    const auto end = text.find("\r\n\r\n");
    Response response;
    if (end == std::string_view::npos || text.size() < 12 ||
        std::from_chars(text.data() + 9, text.data() + 12, response.status).ec != std::errc{}) {
        return bad_answer();
    }
    response.body = std::string(text.substr(end + 4));
    std::string_view lines = text.substr(0, end + 2);
    lines.remove_prefix(lines.find("\r\n") + 2);
    while (!lines.empty()) {
        const auto length = lines.find("\r\n");
        const std::string_view line = lines.substr(0, length);
        lines.remove_prefix(length + 2);
        const auto colon = line.find(": ");
        if (colon == std::string_view::npos) {
            continue;
        }
        std::string name = to_ascii_lower(line.substr(0, colon));
        std::string value(line.substr(colon + 2));
        if (name == "content-type") {
            response.content_type = value;
        }
        response.set(std::move(name), std::move(value));
    }
    return response;
}

}  // namespace

UnixClient::UnixClient(std::string path, std::chrono::milliseconds timeout)
    : path_(std::move(path)), timeout_(timeout) {}

Result<Response> UnixClient::send(
    Method method, std::string_view target, std::string_view body, std::string_view content_type
) const {
    const Socket socket(timeout_);
    BASCULE_CHECK(connect_to(socket.get(), path_));
    std::string text;
    text.append(to_string(method))
        .append(" ")
        .append(target)
        .append(" HTTP/1.1\r\nHost: bascule\r\n");
    text.append("Connection: close\r\n");
    if (!body.empty()) {
        text.append("Content-Type: ").append(content_type).append("\r\nContent-Length: ");
        text.append(std::to_string(body.size())).append("\r\n");
    } else if (method == Method::post || method == Method::put || method == Method::patch) {
        text.append("Content-Length: 0\r\n");
    }
    text.append("\r\n").append(body);
    BASCULE_CHECK(send_all(socket.get(), text));
    BASCULE_TRY(const std::string answer, receive_all(socket.get()));
    return parse(answer);
}

std::string percent_encode(std::string_view text) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                                c == '~';
        if (unreserved) {
            out.push_back(c);
        } else {
            out.push_back('%');
            out.push_back(digits[byte >> 4U]);
            out.push_back(digits[byte & 15U]);
        }
    }
    return out;
}

}  // namespace bascule::http
