#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <vector>

namespace bascule::http {

/// What has been read from a connection and not been parsed yet. Bytes that came behind one request
/// stay for the next. Used by one thread at a time.
class InputBuffer {
  public:
    /// Number of bytes that wait to be parsed.
    [[nodiscard]] std::size_t size() const { return end_ - begin_; }
    [[nodiscard]] boost::asio::const_buffer data() const {
        return {bytes_.data() + begin_, size()};
    }
    /// Drops the first `count` of them; at most size().
    void consume(std::size_t count) { begin_ += count; }

    /// Room to read into. A full buffer is moved to the front or else doubled, up to `capacity`
    /// bytes in all. Valid until the next call.
    [[nodiscard]] boost::asio::mutable_buffer space(std::size_t capacity);
    /// Tells how many bytes were read into the space.
    void commit(std::size_t count) { end_ += count; }

  private:
    std::vector<char> bytes_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace bascule::http
