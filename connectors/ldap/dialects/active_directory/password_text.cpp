#include "connectors/ldap/dialects/active_directory/password_text.hpp"

#include <string>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

/// Takes the next character off valid UTF-8.
char32_t next_character(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text.front());
    std::size_t length = 1;
    char32_t character = lead;
    if (lead >= 0xf0U) {
        length = 4;
        character = lead & 0x07U;
    } else if (lead >= 0xe0U) {
        length = 3;
        character = lead & 0x0fU;
    } else if (lead >= 0xc0U) {
        length = 2;
        character = lead & 0x1fU;
    }
    for (std::size_t i = 1; i < length; ++i) {
        character = character << 6U | (static_cast<unsigned char>(text[i]) & 0x3fU);
    }
    text.remove_prefix(length);
    return character;
}

void append_unit(std::string& out, char32_t unit) {
    out += static_cast<char>(unit & 0xffU);
    out += static_cast<char>(unit >> 8U & 0xffU);
}

constexpr char32_t first_beyond = 0x10000;

}  // namespace

Result<Secret> quoted_password(const Secret& password) {
    std::string_view text = password.reveal();
    if (!is_valid_utf8(text)) {
        return fail(
            ErrorKind::invalid_input, "password_quality",
            "The password is no valid text. (Nothing was changed.)"
        );
    }
    std::string out;
    out.reserve(text.size() * 2 + 4);  // never grows, so that no copy stays behind
    append_unit(out, U'"');
    while (!text.empty()) {
        const char32_t character = next_character(text);
        if (character < first_beyond) {
            append_unit(out, character);
        } else {
            append_unit(out, 0xd800U + ((character - first_beyond) >> 10U));
            append_unit(out, 0xdc00U + ((character - first_beyond) & 0x3ffU));
        }
    }
    append_unit(out, U'"');
    return Secret(std::move(out));
}

std::size_t password_units(std::string_view password) {
    if (!is_valid_utf8(password)) {
        return password.size();
    }
    std::size_t units = 0;
    while (!password.empty()) {
        units += next_character(password) < first_beyond ? 1U : 2U;
    }
    return units;
}

bool is_complex(std::string_view password) {
    constexpr int needed = 3;
    bool capital = false;
    bool small = false;
    bool digit = false;
    bool sign = false;
    bool other = false;
    for (const char one : password) {
        capital = capital || (one >= 'A' && one <= 'Z');
        small = small || (one >= 'a' && one <= 'z');
        digit = digit || (one >= '0' && one <= '9');
        const auto byte = static_cast<unsigned char>(one);
        other = other || byte >= 0x80U;
        sign = sign || (byte < 0x80U && !(one >= 'A' && one <= 'Z') &&
                        !(one >= 'a' && one <= 'z') && !(one >= '0' && one <= '9'));
    }
    return int{capital} + int{small} + int{digit} + int{sign} + int{other} >= needed;
}

}  // namespace bascule::ldap
