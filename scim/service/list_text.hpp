#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bascule::scim {

/// Builds a ListResponse (RFC 7644 section 3.4.2) in one string. Thread-compatible.
class ListText {
  public:
    explicit ListText(std::uint64_t start_index) : start_index_(start_index) {}

    void set_total(std::uint64_t total) { total_ = total; }
    /// Appends the JSON text of a resource.
    void add(std::string_view resource);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] std::string finish() &&;

  private:
    std::uint64_t start_index_;
    std::uint64_t total_ = 0;
    std::uint64_t size_ = 0;
    std::string resources_;
};

}  // namespace bascule::scim
