#include "http/server/proxies.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

namespace bascule::http {
namespace {

using Bytes = std::array<std::uint8_t, 16>;
constexpr unsigned mapped_prefix = 96;

struct Address {
    Bytes bytes{};
    bool is_v4 = false;
};

// IPv4 becomes ::ffff:a.b.c.d, so that both families compare alike.
std::optional<Address> parse_address(std::string_view text) {
    const std::string copy(text);
    Address address;
    if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) {
        return address;
    }
    address.bytes = Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
    address.is_v4 = true;
    if (inet_pton(AF_INET, copy.c_str(), address.bytes.data() + 12) == 1) {
        return address;
    }
    return std::nullopt;
}

bool same_prefix(const Bytes& left, const Bytes& right, unsigned bits) {
    const std::size_t whole = bits / 8;
    if (std::memcmp(left.data(), right.data(), whole) != 0) {
        return false;
    }
    const unsigned rest = bits % 8;
    if (rest == 0) {
        return true;
    }
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
    return (left[whole] & mask) == (right[whole] & mask);
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// An element may carry brackets and a port: "[2001:db8::1]:443", "192.0.2.1:80".
std::string_view without_port(std::string_view element) {
    if (!element.empty() && element.front() == '[') {
        const auto end = element.find(']');
        return end == std::string_view::npos ? std::string_view{} : element.substr(1, end - 1);
    }
    const auto colon = element.find(':');
    if (colon != std::string_view::npos && element.find(':', colon + 1) == std::string_view::npos) {
        return element.substr(0, colon);
    }
    return element;
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& networks) {
    TrustedProxies result;
    for (const std::string& text : networks) {
        const auto slash = text.find('/');
        const auto address = parse_address(std::string_view(text).substr(0, slash));
        const unsigned longest = address && address->is_v4 ? 32 : 128;
        unsigned prefix = longest;
        bool valid = address.has_value();
        if (valid && slash != std::string::npos) {
            const char* begin = text.data() + slash + 1;
            const char* end = text.data() + text.size();
            const auto [rest, error] = std::from_chars(begin, end, prefix);
            valid = error == std::errc{} && rest == end && prefix <= longest;
        }
        if (!valid) {
            return fail(
                ErrorKind::invalid_input, "invalid_network",
                "'" + text +
                    "' is not a network; write an address like 192.0.2.7 or a network like "
                    "10.0.0.0/8."
            );
        }
        result.networks_.push_back(
            {address->bytes, address->is_v4 ? mapped_prefix + prefix : prefix}
        );
    }
    return result;
}

bool TrustedProxies::contains(std::string_view text) const {
    if (networks_.empty()) {
        return false;
    }
    const auto address = parse_address(text);
    if (!address) {
        return false;
    }
    for (const Network& network : networks_) {
        if (same_prefix(address->bytes, network.bytes, network.prefix)) {
            return true;
        }
    }
    return false;
}

std::string TrustedProxies::client_address(std::string_view peer, std::string_view forwarded_for)
    const {
    std::string client(peer);
    while (!forwarded_for.empty() && contains(client)) {
        const auto comma = forwarded_for.rfind(',');
        const auto start = comma == std::string_view::npos ? 0 : comma + 1;
        const auto element = without_port(trim(forwarded_for.substr(start)));
        if (!parse_address(element)) {
            break;
        }
        client = std::string(element);
        forwarded_for =
            comma == std::string_view::npos ? std::string_view{} : forwarded_for.substr(0, comma);
    }
    return client;
}

}  // namespace bascule::http
