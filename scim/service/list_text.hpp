#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bascule::scim {

/// Builds a ListResponse (RFC 7644 section 3.4.2) in one string. Thread-compatible.
class ListText {
  public:
    /// A page by cursor has no start index.
    explicit ListText(std::optional<std::uint64_t> start_index) : start_index_(start_index) {}

    void set_total(std::uint64_t total) { total_ = total; }
    /// Empty: there is no such page.
    void set_cursors(std::string next, std::string previous) {
        next_cursor_ = std::move(next);
        previous_cursor_ = std::move(previous);
    }
    /// Appends the JSON text of a resource.
    void add(std::string_view resource);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] std::string finish() &&;

  private:
    std::optional<std::uint64_t> start_index_;
    std::uint64_t total_ = 0;
    std::uint64_t size_ = 0;
    std::string next_cursor_;
    std::string previous_cursor_;
    std::string resources_;
};

}  // namespace bascule::scim
