#include "http/server/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "http/server/dispatcher.hpp"
#include "http/server/request_parser.hpp"
#include "http/server/response_writer.hpp"
#include "http/server/sockets.hpp"

namespace bascule::http {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::steady_clock;
using TlsStream = asio::ssl::stream<Socket>;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t first_buffer = 4096;
constexpr std::size_t body_buffer = std::size_t{16} << 10;
constexpr std::size_t linger_limit = std::size_t{1} << 20;
constexpr std::chrono::seconds linger_time{2};

Error refusal(ErrorKind kind, std::string code, std::string detail) {
    return Error{kind, std::move(code), std::move(detail), {}, {}, {}};
}

Error overloaded() {
    return refusal(
               ErrorKind::unavailable, "overloaded",
               "The server has more requests than it can hold; try again in a moment."
    )
        .with_retry_after(std::chrono::seconds(1));
}

/// One request on its way through the connection.
struct Exchange {
    explicit Exchange(std::size_t header_limit) : parser(header_limit) {}

    RequestParser parser;
    RequestContext context;
    std::shared_ptr<const Router> router;
    const Route* route = nullptr;
    Response response;
    Clock::time_point started = Clock::now();
    bool keep_alive = false;
    bool unread_body = false;  ///< the peer may still be sending: linger before closing
    std::uint64_t received = 0;
};

enum class ReadOutcome { complete, malformed, header_too_large, body_too_large, timed_out, closed };

template <class Stream>
class Connection final : public OpenConnection,
                         public std::enable_shared_from_this<Connection<Stream>> {
  public:
    Connection(ServerState& server, ListenerState& listener, Stream stream)
        : server_(server),
          listener_(listener),
          stream_(std::move(stream)),
          timer_(stream_.get_executor()) {
        address_ = peer_address(socket().native_handle());
        local_peer_ = local_peer(socket().native_handle());
        server_.enter(listener_, this);
    }
    ~Connection() override { server_.leave(listener_, this); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Keeps what the stream refers to.
    void own(std::shared_ptr<asio::ssl::context> context) { context_ = std::move(context); }

    void start() {
        auto self = this->shared_from_this();
        auto body = [self]() { return self->run(self); };
        asio::co_spawn(stream_.get_executor(), std::move(body), asio::detached);
    }

    std::shared_ptr<OpenConnection> hold() override { return this->weak_from_this().lock(); }
    void drain() override {
        on_strand([](Connection& self) { self.close_if_idle(); });
    }
    void abort() override {
        on_strand([](Connection& self) { self.close(); });
    }

  private:
    static constexpr bool is_tls = std::is_same_v<Stream, TlsStream>;

    Socket& socket() {
        if constexpr (is_tls) {
            return stream_.next_layer();
        } else {
            return stream_;
        }
    }

    template <class Function>
    void on_strand(Function function) {
        auto self = this->shared_from_this();
        asio::post(stream_.get_executor(), [self, function] { function(*self); });
    }

    void close() {
        boost::system::error_code ignored;
        socket().close(ignored);
    }
    void close_if_idle() {
        if (idle_) {
            close();
        }
    }

    // One timer looks at the deadline now and then; moving the deadline costs nothing.
    void watch() {
        timer_.expires_after(server_.tick);
        timer_.async_wait([self = this->shared_from_this()](boost::system::error_code ec) {
            if (ec || !self->socket().is_open()) {
                return;
            }
            if (Clock::now() >= self->deadline_) {
                self->timed_out_ = true;
                self->deadline_ = Clock::time_point::max();
                boost::system::error_code ignored;
                self->socket().cancel(ignored);
            }
            self->watch();
        });
    }
    void limit(std::chrono::milliseconds time) { deadline_ = Clock::now() + time; }
    void no_limit() { deadline_ = Clock::time_point::max(); }

    asio::awaitable<void> run(std::shared_ptr<Connection> self) {
        watch();
        const bool ready = co_await handshake();
        if (ready) {
            bool again = true;
            while (again && socket().is_open()) {
                again = co_await serve_one();
            }
        }
        timer_.cancel();
        close();
        self.reset();
    }

    asio::awaitable<bool> handshake() {
        if constexpr (is_tls) {
            limit(server_.options.timeouts.header);
            auto [ec] = co_await stream_.async_handshake(asio::ssl::stream_base::server, as_result);
            if (ec) {
                server_.observer.connection_refused(
                    listener_.options.name, ConnectionRefusal::tls_handshake
                );
                co_return false;
            }
            certificate_names_ = certificate_names(stream_.native_handle());
        }
        co_return true;
    }

    /// Serves one request; false when the connection is to close.
    asio::awaitable<bool> serve_one() {
        Exchange exchange(server_.options.header_limit);
        idle_ = true;
        if (server_.draining.load(std::memory_order_relaxed) && buffered() == 0) {
            co_return false;
        }
        const ReadOutcome header = co_await read_header(exchange);
        idle_ = false;
        if (header == ReadOutcome::closed) {
            co_return false;
        }
        fill_context(exchange);
        bool answered = header != ReadOutcome::complete;
        if (answered) {
            refuse(exchange, header);
        } else {
            answered = co_await read_body(exchange);
        }
        if (!answered) {
            co_await answer(exchange);
        }
        const bool again = co_await write(exchange);
        co_return again;
    }

    [[nodiscard]] std::size_t buffered() const { return end_ - begin_; }

    /// Reads more into the buffer. False at the end, on a failure and on a timeout.
    asio::awaitable<bool> fill(std::size_t capacity) {
        if (begin_ == end_) {
            begin_ = end_ = 0;
        }
        if (end_ == buffer_.size()) {
            if (begin_ > 0) {
                std::memmove(buffer_.data(), buffer_.data() + begin_, buffered());
                end_ -= begin_;
                begin_ = 0;
            } else {
                buffer_.resize(std::min(capacity, std::max(buffer_.size() * 2, first_buffer)));
            }
        }
        const auto space = asio::buffer(buffer_.data() + end_, buffer_.size() - end_);
        auto [ec, size] = co_await stream_.async_read_some(space, as_result);
        end_ += size;
        co_return !ec;
    }

    asio::awaitable<ReadOutcome> read_header(Exchange& exchange) {
        const auto& timeouts = server_.options.timeouts;
        limit(timeouts.idle);
        bool started = false;
        for (;;) {
            if (buffered() > 0) {
                if (!started) {
                    started = true;
                    idle_ = false;
                    limit(timeouts.header);
                    exchange.started = Clock::now();
                }
                const ReadOutcome outcome = parse(exchange);
                if (outcome != ReadOutcome::complete || exchange.parser.is_header_done()) {
                    co_return outcome;
                }
            }
            // One byte more than the limit, so that the parser sees that it is passed.
            const bool more = co_await fill(server_.options.header_limit + 1);
            if (!more) {
                co_return timed_out_&& started ? ReadOutcome::timed_out : ReadOutcome::closed;
            }
        }
    }

    /// Feeds the buffer to the parser; complete means "no error", not "message complete".
    ReadOutcome parse(Exchange& exchange) {
        namespace http = boost::beast::http;
        boost::system::error_code ec;
        const std::size_t used =
            exchange.parser.put(asio::buffer(buffer_.data() + begin_, buffered()), ec);
        begin_ += used;
        exchange.received += used;
        if (!ec || ec == http::error::need_more) {
            return ReadOutcome::complete;
        }
        if (ec == http::error::header_limit) {
            return ReadOutcome::header_too_large;
        }
        return ec == http::error::body_limit ? ReadOutcome::body_too_large : ReadOutcome::malformed;
    }

    void fill_context(Exchange& exchange) {
        const Request& request = exchange.parser.request;
        RequestContext& context = exchange.context;
        const bool trusted = server_.proxies.contains(address_);
        const std::string_view given =
            trusted ? request.header("x-request-id") : std::string_view{};
        context.request_id = is_sane_request_id(given) ? std::string(given) : make_request_id();
        context.source_address =
            trusted ? server_.proxies.client_address(address_, joined(request, "x-forwarded-for"))
                    : address_;
        context.secure = is_tls || (trusted && request.header("x-forwarded-proto") == "https");
        context.client_certificate_names = certificate_names_;
        context.local_peer = local_peer_;
        context.deadline = exchange.started + server_.options.timeouts.handler;
    }

    // Repeated fields make one list (RFC 9110 section 5.3).
    static std::string joined(const Request& request, std::string_view name) {
        std::string text;
        for (const auto& [key, value] : request.headers) {
            if (key == name) {
                text.append(text.empty() ? "" : ",").append(value);
            }
        }
        return text;
    }

    void respond(Exchange& exchange, const Error& error) {
        exchange.response = render_error(
            listener_.options.render_error, exchange.parser.request.path, error,
            exchange.context.request_id
        );
    }

    void refuse(Exchange& exchange, ReadOutcome outcome) {
        exchange.keep_alive = false;
        exchange.unread_body = true;
        // The header may be unsound while its first line has named the path already.
        Request& request = exchange.parser.request;
        if (request.path.empty()) {
            request.path = percent_decode(exchange.parser.raw_path);
        }
        switch (outcome) {
            case ReadOutcome::header_too_large:
                return respond(
                    exchange, refusal(
                                  ErrorKind::too_large, "header_too_large",
                                  "The request header is longer than " +
                                      std::to_string(server_.options.header_limit) + " bytes."
                              )
                );
            case ReadOutcome::body_too_large:
                return respond(
                    exchange, refusal(
                                  ErrorKind::too_large, "body_too_large",
                                  "The request body is longer than " +
                                      std::to_string(exchange.route->body_limit) +
                                      " bytes, the most that is taken here."
                              )
                );
            case ReadOutcome::timed_out:
                return respond(
                    exchange,
                    refusal(
                        ErrorKind::timeout, "request_timeout", "The request did not arrive in time."
                    )
                );
            default:
                return respond(
                    exchange, refusal(
                                  ErrorKind::invalid_input, "malformed_request",
                                  "This is not a valid HTTP/1.1 request."
                              )
                );
        }
    }

    /// Finds the route and reads the body; true when the response stands already.
    asio::awaitable<bool> read_body(Exchange& exchange) {
        RequestParser& parser = exchange.parser;
        if (!parser.is_header_sound()) {
            refuse(exchange, ReadOutcome::malformed);
            co_return true;
        }
        exchange.keep_alive =
            parser.keep_alive() && !server_.draining.load(std::memory_order_relaxed);
        exchange.router = listener_.router();
        Dispatch dispatch = find_route(
            *exchange.router, listener_.options.render_error, parser.request, parser.raw_path,
            exchange.context.request_id
        );
        exchange.route = dispatch.route;
        exchange.unread_body = !parser.is_done();
        if (dispatch.route == nullptr) {
            exchange.response = std::move(dispatch.refusal);
            exchange.keep_alive = exchange.keep_alive && parser.is_done();
            co_return true;
        }
        if (parser.has_unknown_expectation()) {
            exchange.keep_alive = false;
            respond(
                exchange, refusal(
                              ErrorKind::invalid_input, "unknown_expectation",
                              "Only 'Expect: 100-continue' is understood."
                          )
            );
            co_return true;
        }
        if (parser.is_done()) {
            co_return false;
        }
        const ReadOutcome outcome = co_await read_body_bytes(exchange);
        if (outcome == ReadOutcome::complete) {
            exchange.unread_body = false;
            co_return false;
        }
        refuse(exchange, outcome);
        if (outcome == ReadOutcome::closed) {
            close();
        }
        co_return true;
    }

    asio::awaitable<ReadOutcome> read_body_bytes(Exchange& exchange) {
        RequestParser& parser = exchange.parser;
        parser.set_body_limit(exchange.route->body_limit);
        parser.eager(true);
        const auto length = parser.content_length();
        if (length && *length > exchange.route->body_limit) {
            co_return ReadOutcome::body_too_large;
        }
        limit(server_.options.timeouts.body);
        if (parser.expects_continue() && buffered() == 0) {
            static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            const auto text = asio::buffer(go_on.data(), go_on.size());
            auto [ec, size] = co_await asio::async_write(stream_, text, as_result);
            if (ec) {
                co_return ReadOutcome::closed;
            }
        }
        for (;;) {
            if (buffered() > 0) {
                const ReadOutcome outcome = parse(exchange);
                if (outcome != ReadOutcome::complete || parser.is_done()) {
                    co_return outcome;
                }
            }
            const bool more =
                co_await fill(std::max(body_buffer, server_.options.header_limit + 1));
            if (!more) {
                co_return timed_out_ ? ReadOutcome::timed_out : ReadOutcome::closed;
            }
        }
    }

    asio::awaitable<void> answer(Exchange& exchange) {
        const Pool which = exchange.route->pool_for(exchange.parser.request);
        WorkerPool* pool = server_.pool(which);
        no_limit();
        if (pool == nullptr) {
            exchange.response = run_handler(
                *exchange.route, listener_.options.render_error, exchange.parser.request,
                exchange.context
            );
            co_return;
        }
        auto initiate = [this, pool, &exchange](auto handler) {
            auto done = std::make_shared<decltype(handler)>(std::move(handler));
            auto finish = [this, done] {
                asio::post(stream_.get_executor(), [done] { std::move (*done)(); });
            };
            auto job = [this, &exchange, finish] {
                run_in_time(exchange);
                finish();
            };
            if (!pool->try_post(std::move(job))) {
                respond(exchange, overloaded());
                finish();
            }
        };
        auto operation = asio::async_initiate<const asio::use_awaitable_t<>, void()>(
            initiate, asio::use_awaitable
        );
        co_await std::move(operation);
    }

    // A request that waited past its deadline is not begun: its client has given up.
    void run_in_time(Exchange& exchange) {
        if (Clock::now() > exchange.context.deadline) {
            respond(exchange, overloaded());
            return;
        }
        exchange.response = run_handler(
            *exchange.route, listener_.options.render_error, exchange.parser.request,
            exchange.context
        );
    }

    /// Writes the response and tells the observer; true when the connection goes on.
    asio::awaitable<bool> write(Exchange& exchange) {
        const bool alive = socket().is_open();
        const bool keep_alive =
            exchange.keep_alive && !server_.draining.load(std::memory_order_relaxed);
        ResponseFrame frame;
        frame.keep_alive = keep_alive;
        frame.http_1_0 = exchange.parser.is_http_1_0();
        frame.head_only = exchange.parser.request.method == Method::head;
        frame.strict_transport_security =
            exchange.context.secure && server_.options.strict_transport_security;
        frame.request_id = exchange.context.request_id;
        write_response(out_, exchange.response, frame);
        bool sent = false;
        if (alive) {
            limit(server_.options.timeouts.write);
            const auto text = asio::buffer(out_);
            auto [ec, size] = co_await asio::async_write(stream_, text, as_result);
            sent = !ec;
        }
        report(exchange, sent);
        trim();
        if (sent && !keep_alive) {
            co_await finish(exchange.unread_body);
        }
        co_return sent&& keep_alive;
    }

    // Buffers that served something large are given back.
    void trim() {
        if (out_.capacity() > 4 * body_buffer) {
            std::string().swap(out_);
        }
    }

    void report(const Exchange& exchange, bool sent) {
        const Request& request = exchange.parser.request;
        RequestEvent event;
        event.listener = listener_.options.name;
        event.request_id = exchange.context.request_id;
        event.source_address = exchange.context.source_address;
        event.method = request.method;
        event.path = request.path;
        event.route = exchange.route == nullptr ? std::string_view{}
                                                : std::string_view(exchange.route->pattern);
        event.status = sent ? exchange.response.status : 0;
        event.request_bytes = exchange.received;
        event.response_bytes = sent ? out_.size() : 0;
        event.duration =
            std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - exchange.started);
        server_.observer.request_finished(event);
    }

    /// Ends the stream in order. Closing while the peer still sends would reset the connection and
    /// could destroy the answer on its way.
    asio::awaitable<void> finish(bool unread_body) {
        limit(linger_time);
        if constexpr (is_tls) {
            [[maybe_unused]] auto [ec] = co_await stream_.async_shutdown(as_result);
        }
        boost::system::error_code ignored;
        socket().shutdown(asio::socket_base::shutdown_send, ignored);
        std::size_t drained = buffered();
        while (unread_body && drained < linger_limit) {
            std::array<char, 4096> waste;
            const auto space = asio::buffer(waste);
            auto [ec, size] = co_await socket().async_read_some(space, as_result);
            if (ec) {
                break;
            }
            drained += size;
        }
    }

    ServerState& server_;
    ListenerState& listener_;
    std::shared_ptr<asio::ssl::context> context_;
    Stream stream_;
    asio::steady_timer timer_;
    Clock::time_point deadline_ = Clock::time_point::max();
    bool timed_out_ = false;
    bool idle_ = true;
    std::string address_;
    std::optional<LocalPeer> local_peer_;
    std::vector<std::string> certificate_names_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::string out_;
};

}  // namespace

void serve(ServerState& server, ListenerState& listener, Socket socket) {
    const int on = 1;
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!listener.options.tls) {
        std::make_shared<Connection<Socket>>(server, listener, std::move(socket))->start();
        return;
    }
    auto context = server.tls.get();
    auto connection = std::make_shared<Connection<TlsStream>>(
        server, listener, TlsStream(std::move(socket), *context)
    );
    connection->own(std::move(context));
    connection->start();
}

}  // namespace bascule::http
