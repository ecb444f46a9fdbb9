#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/replay/feed_message.hpp"
#include "directory/base/result.hpp"

namespace bascule::daemon {

/// Appends a number, least byte first.
template <class Number>
void put_number(std::string& out, Number number) {
    for (std::size_t at = 0; at < sizeof(Number); ++at) {
        out += static_cast<char>((number >> (8 * at)) & 0xff);
    }
}

/// Takes a block apart; what is too short gives zeros and marks it broken.
class Unpacker {
  public:
    explicit Unpacker(std::string_view rest) : rest_(rest) {}

    template <class Number>
    Number number() {
        if (rest_.size() < sizeof(Number)) {
            broken_ = true;
            rest_ = {};
            return 0;
        }
        Number value = 0;
        for (std::size_t at = 0; at < sizeof(Number); ++at) {
            value |= static_cast<Number>(
                static_cast<Number>(static_cast<unsigned char>(rest_[at])) << (8 * at)
            );
        }
        rest_.remove_prefix(sizeof(Number));
        return value;
    }
    std::string_view text() {
        const auto size = number<std::uint32_t>();
        if (size > rest_.size()) {
            broken_ = true;
            return {};
        }
        const auto out = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return out;
    }
    [[nodiscard]] bool broken() const { return broken_; }
    [[nodiscard]] std::size_t left() const { return rest_.size(); }

  private:
    std::string_view rest_;
    bool broken_ = false;
};

/// Attributes that hold passwords in some directory are left out whatever the mapping says.
void pack_message(std::string& out, const FeedMessage& message);

/// The next message of a block. `invalid_input`/"broken_message_log".
[[nodiscard]] Result<FeedMessage> unpack_message(Unpacker& in);

/// What is said of a file that cannot be read as messages.
[[nodiscard]] tl::unexpected<Error> broken_message_log();

}  // namespace bascule::daemon
