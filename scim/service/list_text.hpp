#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bascule::scim {

/// What a ListResponse tells beside its resources.
struct ListHead {
    std::optional<std::uint64_t> start_index = std::nullopt;  ///< a page by cursor has none
    std::uint64_t total = 0;
    std::uint64_t size = 0;        ///< resources on the page
    std::string next_cursor = {};  ///< empty: there is no such page
    std::string previous_cursor = {};
};

/// The text of a ListResponse up to its first resource, and what follows the last one.
[[nodiscard]] std::string list_begin(const ListHead& head);
inline constexpr std::string_view list_end = "]}";

/// Builds a ListResponse (RFC 7644 section 3.4.2) in one string. Thread-compatible.
class ListText {
  public:
    explicit ListText(ListHead head) : head_(std::move(head)) { head_.size = 0; }

    /// Appends the JSON text of a resource.
    void add(std::string_view resource);
    [[nodiscard]] std::string finish() &&;

  private:
    ListHead head_;
    std::string resources_;
};

}  // namespace bascule::scim
