#include "connectors/ldap/dialects/active_directory/access_list.hpp"

#include <algorithm>
#include <optional>

namespace bascule::ldap {
namespace {

constexpr std::uint8_t allowed = 0;
constexpr std::uint8_t denied = 1;
constexpr std::uint8_t allowed_for_object = 5;
constexpr std::uint8_t denied_for_object = 6;
constexpr std::uint8_t inherit_only = 0x08;
constexpr std::uint32_t has_object = 1;
constexpr std::uint32_t has_inheriting_object = 2;
constexpr std::size_t guid_size = 16;

/// Little-endian numbers and pieces of a text; anything beyond its end is zero or empty.
class Bytes {
  public:
    explicit Bytes(std::string_view text) : text_(text) {}

    [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t size) const {
        std::uint32_t value = 0;
        for (std::size_t i = size; i > 0; --i) {
            const std::size_t place = at + i - 1;
            value =
                value << 8U | (place < text_.size() ? static_cast<std::uint8_t>(text_[place]) : 0U);
        }
        return value;
    }
    [[nodiscard]] std::string_view piece(std::size_t at, std::size_t size) const {
        return at >= text_.size() ? std::string_view() : text_.substr(at, size);
    }
    [[nodiscard]] std::size_t size() const { return text_.size(); }

  private:
    std::string_view text_;
};

/// What one entry says to the question; nothing when it does not speak of it.
std::optional<bool> judge(const Bytes& entry, const AccessQuestion& question) {
    const auto type = static_cast<std::uint8_t>(entry.number(0, 1));
    const bool of_object = type == allowed_for_object || type == denied_for_object;
    if ((type != allowed && type != denied && !of_object) ||
        (entry.number(1, 1) & inherit_only) != 0 || (entry.number(4, 4) & question.right) == 0) {
        return std::nullopt;
    }
    std::size_t at = 8;
    if (of_object) {
        const auto flags = entry.number(at, 4);
        at += 4;
        if ((flags & has_object) != 0) {
            if (entry.piece(at, guid_size) != question.object) {
                return std::nullopt;
            }
            at += guid_size;
        }
        at += (flags & has_inheriting_object) != 0 ? guid_size : 0;
    }
    const auto identity = entry.piece(at, entry.size());
    if (std::ranges::none_of(question.identities, [&](const std::string& one) {
            return identity.starts_with(one);
        })) {
        return std::nullopt;
    }
    return type == allowed || type == allowed_for_object;
}

}  // namespace

bool is_granted(std::string_view descriptor, const AccessQuestion& question) {
    const Bytes whole(descriptor);
    const std::size_t list = whole.number(16, 4);
    if (list == 0) {
        return false;
    }
    const std::uint32_t count = whole.number(list + 4, 2);
    std::size_t at = list + 8;
    for (std::uint32_t i = 0; i < count && at < descriptor.size(); ++i) {
        const std::size_t size = whole.number(at + 2, 2);
        if (size == 0) {
            return false;
        }
        if (const auto answer = judge(Bytes(whole.piece(at, size)), question)) {
            return *answer;
        }
        at += size;
    }
    return false;
}

}  // namespace bascule::ldap
