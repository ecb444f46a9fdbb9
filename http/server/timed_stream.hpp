#pragma once

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "http/server/input_buffer.hpp"
#include "http/server/tls.hpp"

namespace bascule::http {

using Socket = boost::asio::generic::stream_protocol::socket;
using TlsStream = boost::asio::ssl::stream<Socket>;

/// Makes an operation awaitable with its error code as a value instead of an exception.
inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

/// A Socket or a TlsStream whose operations end at a deadline. The executor of the stream is a
/// strand; every call is made on it.
template <class Stream>
class TimedStream {
  public:
    static constexpr bool is_tls = std::is_same_v<Stream, TlsStream>;

    /// `tick` is how often the deadline is looked at, and so how late it may be noticed.
    TimedStream(Stream stream, std::chrono::milliseconds tick)
        : stream_(std::move(stream)), timer_(stream_.get_executor()), tick_(tick) {}
    TimedStream(const TimedStream&) = delete;
    TimedStream& operator=(const TimedStream&) = delete;

    /// The stream itself, for operations that compose others.
    [[nodiscard]] Stream& lower() { return stream_; }
    [[nodiscard]] auto executor() { return stream_.get_executor(); }
    [[nodiscard]] Socket& socket() {
        if constexpr (is_tls) {
            return stream_.next_layer();
        } else {
            return stream_;
        }
    }
    [[nodiscard]] bool is_open() { return socket().is_open(); }
    void close() {
        boost::system::error_code ignored;
        socket().close(ignored);
    }

    /// Begins to look at the deadline, until stop_watching() or until the socket is closed. `owner`
    /// holds this stream and is kept alive meanwhile. One timer looks now and then; moving the
    /// deadline costs nothing.
    void watch(std::shared_ptr<void> owner) {
        timer_.expires_after(tick_);
        timer_.async_wait([this, owner = std::move(owner)](boost::system::error_code ec) {
            if (ec || !is_open()) {
                return;
            }
            if (Clock::now() >= deadline_) {
                timed_out_ = true;
                no_limit();
                boost::system::error_code ignored;
                socket().cancel(ignored);
            }
            watch(owner);
        });
    }
    void stop_watching() { timer_.cancel(); }

    /// Sets the deadline of what is awaited from now on.
    void limit(std::chrono::milliseconds time) { deadline_ = Clock::now() + time; }
    void no_limit() { deadline_ = Clock::time_point::max(); }
    /// True once a deadline has passed.
    [[nodiscard]] bool timed_out() const { return timed_out_; }

    /// The server's side of the TLS handshake; true at once on a plain socket.
    [[nodiscard]] boost::asio::awaitable<bool> handshake(std::chrono::milliseconds time) {
        if constexpr (is_tls) {
            limit(time);
            constexpr auto side = boost::asio::ssl::stream_base::server;
            auto [ec] = co_await stream_.async_handshake(side, as_result);
            co_return !ec;
        }
        co_return true;
    }

    /// Names in the client's verified certificate, as certificate_names() gives them.
    [[nodiscard]] std::vector<std::string> client_names() {
        if constexpr (is_tls) {
            return certificate_names(stream_.native_handle());
        } else {
            return {};
        }
    }

    /// Reads more into the buffer, which holds at most `capacity` bytes. False at the end, on a
    /// failure and on a timeout.
    [[nodiscard]] boost::asio::awaitable<bool> read(InputBuffer& buffer, std::size_t capacity) {
        const auto space = buffer.space(capacity);
        auto [ec, size] = co_await stream_.async_read_some(space, as_result);
        buffer.commit(size);
        co_return !ec;
    }

    /// Ends the stream in order. Closing while the peer still sends would reset the connection and
    /// could destroy the answer on its way, so with `peer_sends` what comes is read and dropped, up
    /// to a limit in time and size; `dropped` bytes were dropped before.
    [[nodiscard]] boost::asio::awaitable<void> finish(bool peer_sends, std::size_t dropped) {
        limit(linger_time);
        if constexpr (is_tls) {
            [[maybe_unused]] auto [ec] = co_await stream_.async_shutdown(as_result);
        }
        boost::system::error_code ignored;
        socket().shutdown(boost::asio::socket_base::shutdown_send, ignored);
        while (peer_sends && dropped < linger_limit) {
            std::array<char, 4096> waste;
            const auto space = boost::asio::buffer(waste);
            auto [ec, size] = co_await socket().async_read_some(space, as_result);
            if (ec) {
                break;
            }
            dropped += size;
        }
    }

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t linger_limit = std::size_t{1} << 20;
    static constexpr std::chrono::seconds linger_time{2};

    Stream stream_;
    boost::asio::steady_timer timer_;
    std::chrono::milliseconds tick_;
    Clock::time_point deadline_ = Clock::time_point::max();
    bool timed_out_ = false;
};

}  // namespace bascule::http
