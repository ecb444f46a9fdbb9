// Two servers for a load generator, until standard input ends: a bare Beast loop with a fixed
// answer, and our Server with routes of the same answer, inline and on the pool. Prints "bare PORT"
// and "server PORT".
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <iostream>
#include <string>
#include <thread>

#include "http/server/server.hpp"

namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using asio::ip::tcp;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

const std::string body(600, 'x');

asio::awaitable<void> bare_session(tcp::socket socket) {
    boost::beast::flat_buffer buffer;
    for (;;) {
        beast_http::request<beast_http::string_body> request;
        auto [read_error, read] =
            co_await beast_http::async_read(socket, buffer, request, as_result);
        if (read_error) {
            co_return;
        }
        beast_http::response<beast_http::string_body> response(beast_http::status::ok, 11);
        response.set(beast_http::field::content_type, "application/json");
        response.body() = body;
        response.prepare_payload();
        auto [write_error, written] = co_await beast_http::async_write(socket, response, as_result);
        if (write_error) {
            co_return;
        }
    }
}

asio::awaitable<void> bare_accept(asio::io_context* io, std::shared_ptr<tcp::acceptor> acceptor) {
    for (;;) {
        auto strand = asio::make_strand(*io);
        tcp::socket socket(strand);
        auto [error] = co_await acceptor->async_accept(socket, as_result);
        if (error) {
            co_return;
        }
        socket.set_option(tcp::no_delay(true));
        asio::co_spawn(strand, bare_session(std::move(socket)), asio::detached);
    }
}

class Silent final : public bascule::http::Observer {
  public:
    void request_finished(const bascule::http::RequestEvent&) override {}
};

bascule::http::ServerOptions options() {
    using namespace bascule::http;
    Router router;
    const auto add = [&router](const char* pattern, Pool pool) {
        Route route;
        route.pattern = pattern;
        route.pool = pool;
        route.handler = [](const Request&, const RequestContext&) {
            Response response;
            response.content_type = "application/json";
            response.body = body;
            return response;
        };
        return router.add(std::move(route));
    };
    if (!add("/inline/{}", Pool::inline_) || !add("/pool/{}", Pool::read)) {
        std::abort();
    }
    ServerOptions result;
    Listener listener;
    listener.name = "bench";
    listener.address = "127.0.0.1:0";
    listener.router = std::make_shared<const Router>(std::move(router));
    result.listeners.push_back(std::move(listener));
    return result;
}

}  // namespace

int main() {
    asio::io_context io(2);
    auto acceptor = std::make_shared<tcp::acceptor>(
        asio::make_strand(io), tcp::endpoint(asio::ip::address_v4::loopback(), 0)
    );
    asio::co_spawn(io, bare_accept(&io, acceptor), asio::detached);
    std::jthread first([&io] { io.run(); });
    std::jthread second([&io] { io.run(); });
    Silent observer;
    auto server = bascule::http::Server::open(options(), observer);
    if (!server) {
        std::cerr << server.error().detail << "\n";
        return 1;
    }
    (*server)->start();
    std::cout << "bare " << acceptor->local_endpoint().port() << "\nserver "
              << (*server)->port("bench") << std::endl;
    std::string line;
    while (std::getline(std::cin, line)) {
    }
    io.stop();
}
