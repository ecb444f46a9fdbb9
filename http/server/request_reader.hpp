#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <string_view>

#include "http/server/exchange.hpp"
#include "http/server/input_buffer.hpp"
#include "http/server/options.hpp"
#include "http/server/timed_stream.hpp"

namespace bascule::http {

/// Reads the requests of one connection, one after the other, within the limits of size and time
/// that the options set. Every call is made on the strand of the stream.
template <class Stream>
class RequestReader {
  public:
    /// Both are referred to.
    RequestReader(TimedStream<Stream>& stream, const ServerOptions& options)
        : stream_(stream), options_(options) {}

    /// True while no byte of a request has come since the last one was answered.
    [[nodiscard]] bool is_idle() const { return idle_; }
    /// Number of bytes that were read and belong to no request yet.
    [[nodiscard]] std::size_t buffered() const { return buffer_.size(); }

    /// Waits for a request and reads its header. `closed` also when none came in time.
    [[nodiscard]] boost::asio::awaitable<ReadOutcome> read_header(Exchange& exchange) {
        idle_ = true;
        stream_.limit(options_.timeouts.idle);
        for (;;) {
            if (buffered() > 0) {
                if (idle_) {
                    idle_ = false;
                    stream_.limit(options_.timeouts.header);
                    exchange.started = std::chrono::steady_clock::now();
                }
                const ReadOutcome outcome = parse(exchange, buffer_);
                if (outcome != ReadOutcome::complete || exchange.parser.is_header_done()) {
                    co_return outcome;
                }
            }
            // One byte more than the limit, so that the parser sees that it is passed.
            const bool more = co_await stream_.read(buffer_, options_.header_limit + 1);
            if (!more) {
                const bool late = !idle_ && stream_.timed_out();
                idle_ = false;
                co_return late ? ReadOutcome::timed_out : ReadOutcome::closed;
            }
        }
    }

    /// Reads the body, up to the limit of the route; asks for it first when the client waits for
    /// that (RFC 9110 section 10.1.1).
    [[nodiscard]] boost::asio::awaitable<ReadOutcome> read_body(Exchange& exchange) {
        RequestParser& parser = exchange.parser;
        parser.set_body_limit(exchange.route->body_limit);
        parser.eager(true);
        if (announces_too_much(exchange)) {
            co_return ReadOutcome::body_too_large;
        }
        stream_.limit(options_.timeouts.body);
        if (parser.expects_continue() && buffered() == 0) {
            static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            const auto text = boost::asio::buffer(go_on.data(), go_on.size());
            auto [ec, size] = co_await boost::asio::async_write(stream_.lower(), text, as_result);
            if (ec) {
                co_return ReadOutcome::closed;
            }
        }
        const std::size_t capacity = std::max(body_capacity, options_.header_limit + 1);
        for (;;) {
            if (buffered() > 0) {
                const ReadOutcome outcome = parse(exchange, buffer_);
                if (outcome != ReadOutcome::complete || parser.is_done()) {
                    co_return outcome;
                }
            }
            const bool more = co_await stream_.read(buffer_, capacity);
            if (!more) {
                co_return stream_.timed_out() ? ReadOutcome::timed_out : ReadOutcome::closed;
            }
        }
    }

  private:
    static constexpr std::size_t body_capacity = std::size_t{16} << 10;

    TimedStream<Stream>& stream_;
    const ServerOptions& options_;
    InputBuffer buffer_;
    bool idle_ = true;
};

}  // namespace bascule::http
