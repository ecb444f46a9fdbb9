#include "directory/mirror/identity.hpp"

#include "directory/base/text.hpp"

namespace bascule::mirror {

namespace {

/// Fixed for all time: another value would rename every synced object of every installation.
constexpr Uuid bascule_name_space{
    {0xba, 0x5c, 0x01, 0xe0, 0x6d, 0x1f, 0x5a, 0x3e, 0x9b, 0x6e, 0x2d, 0x1a, 0x70, 0xc4, 0x88,
     0x11}};

}  // namespace

Uuid object_id(std::string_view source, const Uuid& anchor) {
    return ObjectIds(source).of(anchor);
}

ObjectIds::ObjectIds(std::string_view source) : name_space_(uuid_v5(bascule_name_space, source)) {}

Uuid ObjectIds::of(const Uuid& anchor) const {
    return uuid_v5(name_space_, anchor.raw());
}

std::string user_name_key(std::string_view user_name) {
    return "\x03" + fold_case(user_name);
}

std::string anchor_key(const Uuid& anchor) {
    return "\x02" + anchor.to_string();
}

std::optional<Uuid> anchor_in_key(std::string_view key) {
    if (!key.starts_with('\x02'))
        return std::nullopt;
    const auto anchor = parse_uuid(key.substr(1));
    return anchor ? std::optional(*anchor) : std::nullopt;
}

std::optional<std::string_view> user_name_in_key(std::string_view key) {
    if (!key.starts_with('\x03'))
        return std::nullopt;
    return key.substr(1);
}

std::string recheck_key() {
    return "\x05";
}

std::string vacated_key(const Uuid& anchor) {
    return "\x04" + anchor.to_string() + "\x01";
}

}  // namespace bascule::mirror
