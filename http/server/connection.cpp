#include "http/server/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http/server/compression.hpp"
#include "http/server/dispatcher.hpp"
#include "http/server/exchange.hpp"
#include "http/server/refusals.hpp"
#include "http/server/request_reader.hpp"
#include "http/server/response_writer.hpp"
#include "http/server/sockets.hpp"

namespace bascule::http {
namespace asio = boost::asio;
namespace {

// A buffer for answers that has grown beyond this is given back.
constexpr std::size_t kept_capacity = std::size_t{64} << 10;

/// Serves requests one after the other: reads one, finds its route, has it answered on its pool,
/// writes the answer.
template <class Stream>
class Connection final : public OpenConnection,
                         public std::enable_shared_from_this<Connection<Stream>> {
  public:
    Connection(ServerState& server, ListenerState& listener, Stream stream)
        : server_(server),
          listener_(listener),
          stream_(std::move(stream), server.tick),
          reader_(stream_, server.options) {
        const int descriptor = stream_.socket().native_handle();
        peer_.address = peer_address(descriptor);
        peer_.local = local_peer(descriptor);
        peer_.tls = TimedStream<Stream>::is_tls;
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
        asio::co_spawn(stream_.executor(), std::move(body), asio::detached);
    }

    std::shared_ptr<OpenConnection> hold() override { return this->weak_from_this().lock(); }
    void drain() override {
        on_strand([](Connection& self) { self.close_if_idle(); });
    }
    void abort() override {
        on_strand([](Connection& self) { self.stream_.close(); });
    }

  private:
    template <class Function>
    void on_strand(Function function) {
        auto self = this->shared_from_this();
        asio::post(stream_.executor(), [self, function] { function(*self); });
    }

    void close_if_idle() {
        if (reader_.is_idle()) {
            stream_.close();
        }
    }

    asio::awaitable<void> run(std::shared_ptr<Connection> self) {
        stream_.watch(self);
        const bool ready = co_await stream_.handshake(server_.options.timeouts.header);
        if (ready) {
            peer_.certificate_names = stream_.client_names();
            bool again = true;
            while (again && stream_.is_open()) {
                again = co_await serve_one();
            }
        } else {
            server_.observer.connection_refused(
                listener_.options.name, ConnectionRefusal::tls_handshake
            );
        }
        stream_.stop_watching();
        stream_.close();
        self.reset();
    }

    /// Serves one request; false when the connection is to close.
    asio::awaitable<bool> serve_one() {
        Exchange exchange(server_.options.header_limit);
        if (is_draining() && reader_.buffered() == 0) {
            co_return false;
        }
        const ReadOutcome header = co_await reader_.read_header(exchange);
        if (header == ReadOutcome::closed) {
            co_return false;
        }
        exchange.context = make_context(exchange, peer_, server_);
        bool answered = header != ReadOutcome::complete;
        if (answered) {
            refuse(exchange, header);
        } else {
            answered = co_await prepare(exchange);
        }
        if (!answered) {
            co_await answer(exchange);
        }
        const bool again = co_await write(exchange);
        co_return again;
    }

    [[nodiscard]] bool is_draining() const {
        return server_.draining.load(std::memory_order_relaxed);
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
        respond(exchange, unreadable(outcome, exchange, server_.options));
    }

    /// Finds the route and reads the body; true when the response stands already.
    asio::awaitable<bool> prepare(Exchange& exchange) {
        RequestParser& parser = exchange.parser;
        if (!parser.is_header_sound()) {
            refuse(exchange, ReadOutcome::malformed);
            co_return true;
        }
        exchange.keep_alive = parser.keep_alive() && !is_draining();
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
            respond(exchange, unknown_expectation());
            co_return true;
        }
        if (parser.is_done()) {
            co_return false;
        }
        const ReadOutcome outcome = co_await reader_.read_body(exchange);
        if (outcome == ReadOutcome::complete) {
            exchange.unread_body = false;
            co_return false;
        }
        refuse(exchange, outcome);
        if (outcome == ReadOutcome::closed) {
            stream_.close();
        }
        co_return true;
    }

    asio::awaitable<void> answer(Exchange& exchange) {
        WorkerPool* pool = pool_of(exchange);
        stream_.no_limit();
        if (pool == nullptr) {
            handle(exchange);
            co_return;
        }
        const auto job = [this, &exchange] { run_in_time(exchange); };
        const bool taken = co_await run_on(*pool, job);
        if (!taken) {
            respond(exchange, overloaded());
        }
    }

    [[nodiscard]] WorkerPool* pool_of(const Exchange& exchange) {
        return server_.pool(exchange.route->pool_for(exchange.parser.request));
    }

    /// Runs `job` on the pool and comes back to the strand; false when the pool's queue is full.
    /// The caller keeps the job until then.
    template <class Job>
    asio::awaitable<bool> run_on(WorkerPool& pool, const Job& job) {
        bool taken = true;
        auto initiate = [this, &pool, &job, &taken](auto handler) {
            auto done = std::make_shared<decltype(handler)>(std::move(handler));
            auto finish = [this, done] {
                asio::post(stream_.executor(), [done] { std::move (*done)(); });
            };
            auto work = [&job, finish] {
                job();
                finish();
            };
            taken = pool.try_post(std::move(work));
            if (!taken) {
                finish();
            }
        };
        auto operation = asio::async_initiate<const asio::use_awaitable_t<>, void()>(
            initiate, asio::use_awaitable
        );
        co_await std::move(operation);
        co_return taken;
    }

    // A request that waited past its deadline is not begun: its client has given up.
    void run_in_time(Exchange& exchange) {
        if (std::chrono::steady_clock::now() > exchange.context.deadline) {
            respond(exchange, overloaded());
            return;
        }
        handle(exchange);
    }

    void handle(Exchange& exchange) {
        exchange.response = run_handler(
            *exchange.route, listener_.options.render_error, exchange.parser.request,
            exchange.context
        );
        if (server_.options.compression) {
            compress(*exchange.route, exchange.parser.request, exchange.response);
        }
    }

    /// Writes the response and tells the observer; true when the connection goes on.
    asio::awaitable<bool> write(Exchange& exchange) {
        const bool has_end = !exchange.response.rest || !exchange.parser.is_http_1_0();
        const bool keep_alive = exchange.keep_alive && !is_draining() && has_end;
        const ResponseFrame frame = frame_of(exchange, keep_alive, server_.options);
        write_response(out_, exchange.response, frame);
        written_ = 0;
        bool sent = co_await send_out();
        if (sent && has_rest(exchange.response, frame)) {
            sent = co_await write_rest(exchange, frame);
        }
        exchange.response.rest.reset();
        report(exchange, sent);
        trim();
        if (sent && !keep_alive) {
            co_await stream_.finish(exchange.unread_body, reader_.buffered());
        }
        const bool again = sent && keep_alive;
        co_return again;
    }

    /// Sends what stands in the buffer; false when the peer is gone or too slow.
    asio::awaitable<bool> send_out() {
        if (!stream_.is_open()) {
            co_return false;
        }
        stream_.limit(server_.options.timeouts.write);
        const auto text = asio::buffer(out_);
        auto [ec, size] = co_await asio::async_write(stream_.lower(), text, as_result);
        written_ += size;
        co_return !ec;
    }

    /// Makes and sends one piece after the other. False leaves the body without its end, and the
    /// connection is closed, so that nobody takes a part for the whole.
    asio::awaitable<bool> write_rest(Exchange& exchange, const ResponseFrame& frame) {
        const auto end = std::chrono::steady_clock::now() + server_.options.timeouts.whole_answer;
        WorkerPool* pool = pool_of(exchange);
        std::string piece;
        Result<bool> more = true;
        const auto make = [&exchange, &piece, &more] {
            more = make_piece(*exchange.response.rest, piece);
        };
        while (more && *more) {
            piece.clear();
            stream_.no_limit();
            bool made = false;
            if (pool != nullptr) {
                made = co_await run_on(*pool, make);
            }
            if (!made) {  // a piece is short work, and the answer has begun
                make();
            }
            if (!more) {
                report_broken(*exchange.route, exchange.context, more.error());
                co_return false;
            }
            write_piece(out_, piece, frame, !*more);
            const bool sent = co_await send_out();
            if (!sent || std::chrono::steady_clock::now() > end) {
                co_return sent && !*more;
            }
        }
        co_return true;
    }

    void trim() {
        if (out_.capacity() > kept_capacity) {
            std::string().swap(out_);
        }
    }

    void report(const Exchange& exchange, bool sent) {
        std::optional<std::size_t> written;
        if (sent) {
            written = written_;
        }
        server_.observer.request_finished(event_of(exchange, listener_.options.name, written));
    }

    ServerState& server_;
    ListenerState& listener_;
    std::shared_ptr<asio::ssl::context> context_;
    TimedStream<Stream> stream_;
    RequestReader<Stream> reader_;
    Peer peer_;
    std::string out_;
    std::size_t written_ = 0;  ///< bytes of the present answer that were sent
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
