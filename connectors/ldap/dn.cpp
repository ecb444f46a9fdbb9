#include "connectors/ldap/dn.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "directory/base/name_folding.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

constexpr char rdn_end = '\x01';
constexpr char part_separator = '\x02';
constexpr char value_escape = '\x03';

struct Alias {
    std::string_view name;
    std::string_view short_name;
};

// RFC 4519 section 2, RFC 2798 and RFC 3280: the types that names are made of.
constexpr std::array aliases{
    Alias{"2.5.4.3", "cn"},
    Alias{"commonname", "cn"},
    Alias{"2.5.4.4", "sn"},
    Alias{"surname", "sn"},
    Alias{"2.5.4.5", "serialnumber"},
    Alias{"2.5.4.6", "c"},
    Alias{"countryname", "c"},
    Alias{"2.5.4.7", "l"},
    Alias{"localityname", "l"},
    Alias{"2.5.4.8", "st"},
    Alias{"stateorprovincename", "st"},
    Alias{"2.5.4.9", "street"},
    Alias{"streetaddress", "street"},
    Alias{"2.5.4.10", "o"},
    Alias{"organizationname", "o"},
    Alias{"2.5.4.11", "ou"},
    Alias{"organizationalunitname", "ou"},
    Alias{"2.5.4.12", "title"},
    Alias{"2.5.4.42", "givenname"},
    Alias{"gn", "givenname"},
    Alias{"0.9.2342.19200300.100.1.1", "uid"},
    Alias{"userid", "uid"},
    Alias{"0.9.2342.19200300.100.1.3", "mail"},
    Alias{"rfc822mailbox", "mail"},
    Alias{"0.9.2342.19200300.100.1.25", "dc"},
    Alias{"domaincomponent", "dc"},
    Alias{"1.2.840.113549.1.9.1", "email"},
    Alias{"emailaddress", "email"},
    Alias{"pkcs9email", "email"},
};

std::string_view short_name(std::string_view type) {
    for (const auto& alias : aliases) {
        if (alias.name == type) {
            return alias.short_name;
        }
    }
    return type;
}

void append_type(std::string& out, std::string_view type) {
    const auto lower_type = to_ascii_lower(type);
    out += short_name(lower_type);
    out += '=';
}

/// Appends the folded value with runs of spaces squeezed, ends trimmed and separator bytes escaped.
void append_value(std::string& out, std::string_view value) {
    const auto folded = fold_name(value);
    const auto begin = out.size();
    bool space = false;
    for (const char c : folded) {
        if (c == ' ') {
            space = out.size() > begin;
            continue;
        }
        if (std::exchange(space, false)) {
            out += ' ';
        }
        if (static_cast<unsigned char>(c) <= static_cast<unsigned char>(value_escape)) {
            out += value_escape;
            out += static_cast<char>(c + '0');
        } else {
            out += c;
        }
    }
}

/// The text inside a BER string (`#0403616263`), or nothing when it is of another type.
std::optional<std::string_view> string_inside_ber(std::string_view bytes) {
    constexpr std::array<unsigned char, 5> string_tags{0x04, 0x0c, 0x13, 0x14, 0x16};
    if (bytes.size() < 2 || bytes.size() - 2 != static_cast<unsigned char>(bytes[1]) ||
        std::ranges::find(string_tags, static_cast<unsigned char>(bytes[0])) == string_tags.end()) {
        return std::nullopt;
    }
    return bytes.substr(2);
}

std::string part_key(const LDAPAVA& part) {
    std::string key;
    append_type(key, {part.la_attr.bv_val, part.la_attr.bv_len});
    const std::string_view value(part.la_value.bv_val, part.la_value.bv_len);
    if ((part.la_flags & LDAP_AVA_BINARY) == 0) {
        append_value(key, value);
    } else if (const auto text = string_inside_ber(value)) {
        append_value(key, *text);
    } else {
        key += '#';
        for (const char c : value) {
            fmt::format_to(std::back_inserter(key), "{:02x}", static_cast<unsigned char>(c));
        }
    }
    return key;
}

std::string rdn_key(LDAPRDN rdn) {
    std::vector<std::string> parts;
    for (auto* part = rdn; *part != nullptr; ++part) {
        parts.push_back(part_key(**part));
    }
    std::ranges::sort(parts);
    std::string key;
    for (const auto& part : parts) {
        if (!key.empty()) {
            key += part_separator;
        }
        key += part;
    }
    key += rdn_end;
    return key;
}

/// Any valid name, by the library's parser. That one steps over whole characters without looking
/// for the end, so it must be given UTF-8 that ends with a zero byte.
Result<std::string> parsed_key(std::string_view dn) {
    std::string copy(dn);
    berval text{copy.size(), copy.data()};
    LDAPDN parsed = nullptr;
    if (dn.find('\0') != std::string_view::npos || !is_valid_utf8(dn) ||
        ldap_bv2dn(&text, &parsed, LDAP_DN_FORMAT_LDAP) != LDAP_SUCCESS) {
        return fail(
            ErrorKind::invalid_input, "invalid_dn",
            fmt::format("\"{}\" is not a distinguished name.", printable(dn))
        );
    }
    const std::unique_ptr<LDAPRDN, void (*)(LDAPDN)> owner(parsed, ldap_dnfree);
    std::string key;
    std::size_t count = 0;
    while (parsed != nullptr && parsed[count] != nullptr) {
        ++count;
    }
    key.reserve(dn.size() + count);
    while (count > 0) {
        key += rdn_key(parsed[--count]);
    }
    return key;
}

bool is_plain_type_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || (c >= '0' && c <= '9');
}

bool is_plain_value_character(char c) {
    constexpr std::string_view special = "\\\"+;<>=#,";
    return c >= ' ' && c <= '~' && special.find(c) == std::string_view::npos;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// Appends one RDN without anything special in it; false when it is not of that sort.
bool append_plain_rdn(std::string& out, std::string_view rdn) {
    const auto equals = rdn.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == rdn.size() ||
        (rdn.front() >= '0' && rdn.front() <= '9') || rdn[equals + 1] == ' ' || rdn.back() == ' ') {
        return false;
    }
    const auto begin = out.size();
    for (const char c : rdn.substr(0, equals)) {
        if (!is_plain_type_character(c)) {
            return false;
        }
        out += lower(c);
    }
    const std::string_view type(out.data() + begin, out.size() - begin);
    if (const auto shorter = short_name(type); shorter.data() != type.data()) {
        out.replace(begin, std::string::npos, shorter);
    }
    out += '=';
    bool space = false;
    for (const char c : rdn.substr(equals + 1)) {
        if (!is_plain_value_character(c)) {
            return false;
        }
        if (c != ' ' || !space) {
            out += lower(c);
        }
        space = c == ' ';
    }
    out += rdn_end;
    return true;
}

/// The usual name of plain ASCII in one pass from its end; nullopt sends it to the parser.
std::optional<std::string> plain_key(std::string_view dn) {
    std::string key;
    key.reserve(dn.size() + 1);
    while (true) {
        const auto comma = dn.rfind(',');
        const auto begin = comma == std::string_view::npos ? 0 : comma + 1;
        if (!append_plain_rdn(key, dn.substr(begin))) {
            return std::nullopt;
        }
        if (comma == std::string_view::npos) {
            return key;
        }
        dn = dn.substr(0, comma);
    }
}

}  // namespace

Result<std::string> dn_key(std::string_view dn) {
    if (auto key = plain_key(dn)) {
        return *std::move(key);
    }
    return parsed_key(dn);
}

std::string dn_key_or_raw(std::string_view dn) {
    auto key = dn_key(dn);
    if (key) {
        return *std::move(key);
    }
    std::string raw(1, value_escape);
    append_value(raw, dn);
    raw += rdn_end;
    return raw;
}

bool is_at_or_below(std::string_view key, std::string_view ancestor) {
    return key.starts_with(ancestor);
}

std::string escape_dn_value(std::string_view value) {
    constexpr std::string_view special = "\"+,;<>\\=";
    std::string out;
    out.reserve(value.size());
    const bool is_text = is_valid_utf8(value);
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        const auto byte = static_cast<unsigned char>(c);
        const bool at_end = i == 0 || i + 1 == value.size();
        if (byte < 0x20 || byte == 0x7f || (!is_text && byte > 0x7f)) {
            fmt::format_to(std::back_inserter(out), "\\{:02X}", byte);
            continue;
        }
        if (special.find(c) != std::string_view::npos || (c == ' ' && at_end) ||
            (c == '#' && i == 0)) {
            out += '\\';
        }
        out += c;
    }
    return out;
}

}  // namespace bascule::ldap
