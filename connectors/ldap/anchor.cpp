#include "connectors/ldap/anchor.hpp"

#include <algorithm>
#include <string>

#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

constexpr std::size_t digits = 32;
constexpr std::size_t group = 8;
// Made once at random; anchors that are no UUIDs are names in it.
constexpr Uuid names{
    {0x6d, 0x1f, 0x0b, 0x52, 0x0c, 0x3e, 0x4c, 0x7a, 0x9b, 0x54, 0x2e, 0x8d, 0x31, 0x77, 0xa6,
     0x19}};

/// Whether dashes stand where one of the two text forms has them.
bool has_known_form(std::string_view value) {
    const auto dashes_at = [&](std::initializer_list<std::size_t> places) {
        return std::ranges::count(value, '-') == static_cast<std::ptrdiff_t>(places.size()) &&
               std::ranges::all_of(places, [&](std::size_t place) { return value[place] == '-'; });
    };
    return (value.size() == 36 && dashes_at({8, 13, 18, 23})) ||
           (value.size() == 35 && dashes_at({8, 17, 26}));
}

}  // namespace

bool is_usual_anchor(std::string_view attribute) {
    return std::ranges::any_of(usual_anchors, [&](const char* one) {
        return equals_ignoring_ascii_case(one, attribute);
    });
}

Uuid anchor_of(std::string_view value) {
    if (has_known_form(value)) {
        std::string text(value);
        std::erase(text, '-');
        for (const std::size_t place : {20, 16, 12, 8}) {
            text.insert(place, 1, '-');
        }
        if (const auto parsed = parse_uuid(text)) {
            return *parsed;
        }
    }
    if (const auto raw = uuid_from_bytes(value)) {
        return *raw;
    }
    return uuid_v5(names, value);
}

std::string ns_unique_id_text(const Uuid& anchor) {
    auto text = anchor.to_string();
    std::erase(text, '-');
    for (std::size_t place = digits - group; place > 0; place -= group) {
        text.insert(place, 1, '-');
    }
    return text;
}

}  // namespace bascule::ldap
