#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace bascule::ldap {

/// How many entries the next page asks for (RFC 2696): pages of a slow server become smaller, so
/// that it is not occupied long at a time and no page runs into a time limit, and grow again when
/// it has recovered. Used by one thread.
class PageSize {
  public:
    /// `most` entries at first, and never more.
    explicit PageSize(std::uint32_t most) : most_(most), current_(most) {}

    [[nodiscard]] std::uint32_t current() const { return current_; }

    /// The last page, a full one, took this long.
    void took(std::chrono::steady_clock::duration time) {
        if (time > longest) {
            current_ = std::max(current_ / 2, std::min(fewest, most_));
        } else if (time < shortest) {
            current_ = std::min(current_ * 2, most_);
        }
    }

  private:
    static constexpr std::chrono::milliseconds shortest{500};
    static constexpr std::chrono::milliseconds longest{2'000};
    static constexpr std::uint32_t fewest = 50;

    std::uint32_t most_;
    std::uint32_t current_;
};

}  // namespace bascule::ldap
