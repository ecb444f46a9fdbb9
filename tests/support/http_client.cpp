#include "tests/support/http_client.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <limits>

namespace bascule::test {
namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

bool same_name(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) ==
               std::tolower(static_cast<unsigned char>(b));
    });
}

http::request<http::string_body> message_of(const HttpRequest& request) {
    http::request<http::string_body> message;
    message.method_string(request.method);
    message.target(request.target);
    message.version(11);
    message.set(http::field::host, "localhost");
    for (const auto& [name, value] : request.headers) {
        message.insert(name, value);
    }
    message.body() = request.body;
    const bool may_have_body = request.method != "GET" && request.method != "HEAD" &&
                               request.method != "DELETE" && request.method != "OPTIONS";
    if ((may_have_body || !request.body.empty()) &&
        message.find(http::field::content_length) == message.end()) {
        message.content_length(request.body.size());
    }
    return message;
}

HttpAnswer answer_of(const http::response<http::string_body>& message) {
    HttpAnswer answer;
    answer.status = static_cast<int>(message.result_int());
    answer.body = message.body();
    for (const auto& field : message) {
        answer.headers.emplace_back(field.name_string(), field.value());
    }
    answer.json = nlohmann::json::parse(answer.body, nullptr, false);
    if (answer.json.is_discarded()) {
        answer.json = nullptr;
    }
    return answer;
}

}  // namespace

std::string HttpAnswer::header(std::string_view name) const {
    const auto found = std::ranges::find_if(headers, [&](const auto& field) {
        return same_name(field.first, name);
    });
    return found == headers.end() ? std::string{} : found->second;
}

struct HttpClient::Connection {
    explicit Connection(std::uint16_t port) {
        socket.connect({boost::asio::ip::address_v4::loopback(), port}, failed);
        if (failed) {
            return;
        }
        const timeval patience{60, 0};
        ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        socket.set_option(tcp::no_delay(true), failed);
    }

    /// Whether the server has not closed the connection by now.
    [[nodiscard]] bool is_open() {
        char byte = 0;
        const auto seen = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        return !failed && seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }

    /// Status 0 when the connection ended before the answer.
    HttpAnswer exchange(const HttpRequest& request) {
        if (failed) {
            return {};
        }
        auto message = message_of(request);
        http::request_serializer<http::string_body> serializer(message);
        // A server that refuses a body answers before all of it is sent.
        error_code sent;
        http::write(socket, serializer, sent);
        http::response_parser<http::string_body> parser;
        parser.body_limit(std::numeric_limits<std::uint64_t>::max());
        parser.skip(request.method == "HEAD");
        http::read(socket, buffer, parser, failed);
        const bool complete = parser.is_done();
        if (sent || !parser.is_done() || !parser.get().keep_alive()) {
            failed = boost::asio::error::eof;
        }
        return complete ? answer_of(parser.get()) : HttpAnswer{};
    }

    boost::asio::io_context context;
    tcp::socket socket{context};
    boost::beast::flat_buffer buffer;
    error_code failed;
};

HttpClient::HttpClient(std::uint16_t port) : port_(port) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

HttpAnswer HttpClient::send(const HttpRequest& request) {
    if (!connection_ || !connection_->is_open()) {
        connection_ = std::make_unique<Connection>(port_);
    }
    return connection_->exchange(request);
}

}  // namespace bascule::test
