#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "directory/base/result.hpp"
#include "directory/base/time.hpp"

namespace bascule {

/// A 128-bit identifier in network byte order (RFC 9562). The public id of every object.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const Uuid&) const = default;

    [[nodiscard]] bool is_nil() const { return *this == Uuid{}; }
    /// Lower-case text with dashes, 36 characters.
    [[nodiscard]] std::string to_string() const;
    /// The 16 bytes as counted text, as stores and hashes want them.
    [[nodiscard]] std::string_view raw() const {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
};

/// Accepts the 36-character form in either case; anything else is `invalid_uuid`.
[[nodiscard]] Result<Uuid> parse_uuid(std::string_view text);

/// Takes 16 raw bytes; any other length is `invalid_uuid`.
[[nodiscard]] Result<Uuid> uuid_from_bytes(std::string_view raw);

/// Name-based identifier, SHA-1 (RFC 9562 section 5.5). Ids of synced objects: (source, anchor).
[[nodiscard]] Uuid uuid_v5(const Uuid& name_space, std::string_view name);

/// Time-ordered identifier with 74 random bits (RFC 9562 section 5.7). Ids of local objects.
[[nodiscard]] Uuid uuid_v7(Time now);

}  // namespace bascule

template <>
struct std::hash<bascule::Uuid> {
    std::size_t operator()(const bascule::Uuid& id) const noexcept {
        return std::hash<std::string_view>{}(id.raw());
    }
};
