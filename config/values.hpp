#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/settings.hpp"

namespace bascule::config {

/// Text forms of values. Each parser takes the whole text or nothing; leading zeros are refused,
/// because other readers of YAML take them for octal.

/// Decimal digits.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text);
/// Digits with an optional fraction, 0 to 100.
[[nodiscard]] std::optional<double> parse_percent(std::string_view text);
/// A count and one of ms, s, m, h, d, w, y (365 days); up to a hundred years.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
/// A count and one of B, KiB, MiB, GiB; without a unit bytes.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
/// host:port or [address]:port.
[[nodiscard]] std::optional<HostPort> parse_host_port(std::string_view text);
/// An IP address or a network in CIDR form.
[[nodiscard]] bool is_network(std::string_view text);
/// scheme://host[:port] with one of the space-separated schemes; no user, path, query or fragment.
/// ldapi URLs hold an escaped path in place of the host.
[[nodiscard]] bool is_url(std::string_view text, std::string_view schemes);
/// Parentheses balance outside escapes and enclose everything; full checking is the mapper's.
[[nodiscard]] bool looks_like_filter(std::string_view text);
/// An LDAP attribute description: name or OID, with options.
[[nodiscard]] bool is_attribute_name(std::string_view text);
/// True for addresses that only this machine reaches.
[[nodiscard]] bool is_loopback(std::string_view host);
/// The host part of a URL, without brackets.
[[nodiscard]] std::string url_host(std::string_view url);

[[nodiscard]] std::string format_duration(Duration value);
[[nodiscard]] std::string format_size(std::uint64_t value);
[[nodiscard]] std::string format_percent(double value);
[[nodiscard]] std::string format_host_port(const HostPort& value);

}  // namespace bascule::config
