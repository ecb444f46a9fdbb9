// Bytes that a directory server sends: names, cookies, controls. Nothing may crash, and normal
// forms must be stable.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/ldap/anchor.hpp"
#include "connectors/ldap/controls.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/filter_text.hpp"
#include "connectors/ldap/sync_cookie.hpp"
#include "directory/model/attribute_values.hpp"

namespace {

using bascule::directory::AttributeValues;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void try_name(std::string_view text) {
    const auto escaped = "cn=" + bascule::ldap::escape_dn_value(text);
    const auto key = bascule::ldap::dn_key(escaped);
    require(key.has_value() || text.empty());
    static_cast<void>(bascule::ldap::dn_key_or_raw(text));
}

void try_cookie(std::string_view text) {
    const auto cookie = bascule::ldap::SyncCookie::parse(text);
    if (cookie) {
        const auto again = bascule::ldap::SyncCookie::parse(cookie->to_string(1));
        require(again.has_value() && again->stamps() == cookie->stamps());
    }
    const auto numbered = bascule::ldap::SyncCookie::parse_numbered(text);
    if (numbered) {
        const auto again = bascule::ldap::SyncCookie::parse_numbered(numbered->to_stored_text(1));
        require(again.has_value() && again->stamps() == numbered->stamps());
        require(again->proven() == numbered->proven() && again->server() == numbered->server());
    }
}

void try_controls(std::string_view bytes) {
    static_cast<void>(bascule::ldap::decode_sync_state(bytes));
    static_cast<void>(bascule::ldap::decode_sync_done(bytes));
    static_cast<void>(bascule::ldap::decode_sync_info(bytes));
    static_cast<void>(bascule::ldap::decode_policy_response(bytes));
}

void try_values(std::string_view bytes) {
    const auto message = std::make_shared<const std::string>(bytes);
    const auto values = AttributeValues::within(message, *message);
    if (!values) {
        return;
    }
    AttributeValues copied;
    std::size_t size = 0;
    for (const std::string_view value : *values) {
        copied.push_back(value);
        size += value.size();
    }
    require(copied == *values && copied.size() == values->size() && size <= bytes.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try_name(text);
    try_cookie(text);
    try_controls(text);
    try_values(text);
    require(bascule::ldap::anchor_of(text) == bascule::ldap::anchor_of(text));
    static_cast<void>(bascule::ldap::escape_filter_value(text));
    return 0;
}
