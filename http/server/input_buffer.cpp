#include "http/server/input_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace bascule::http {
namespace {

constexpr std::size_t first_size = 4096;

}  // namespace

boost::asio::mutable_buffer InputBuffer::space(std::size_t capacity) {
    if (begin_ == end_) {
        begin_ = end_ = 0;
    }
    if (end_ == bytes_.size()) {
        if (begin_ > 0) {
            std::memmove(bytes_.data(), bytes_.data() + begin_, size());
            end_ -= begin_;
            begin_ = 0;
        } else {
            bytes_.resize(std::min(capacity, std::max(bytes_.size() * 2, first_size)));
        }
    }
    return {bytes_.data() + end_, bytes_.size() - end_};
}

}  // namespace bascule::http
