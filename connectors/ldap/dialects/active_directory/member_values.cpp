#include "connectors/ldap/dialects/active_directory/member_values.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "connectors/ldap/dialects/active_directory/value_ranges.hpp"
#include "connectors/ldap/dn.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::MemberChange;
using directory::RawAttribute;

constexpr std::string_view guid_begin = "<GUID=";
// What comes with every message and is no change.
constexpr std::array<std::string_view, 4> always_told{
    "objectGUID", "instanceType", "parentGUID", "distinguishedName"};

bool is_always_told(const RawAttribute& attribute) {
    return std::ranges::any_of(always_told, [&](std::string_view name) {
        return equals_ignoring_ascii_case(attribute.name, name);
    });
}

/// False when a value is no DN: then nobody knows what the change means.
bool take_members(const RawAttribute& attribute, std::vector<MemberChange::Member>& out) {
    return std::ranges::all_of(attribute.values, [&](std::string_view value) {
        auto member = parse_extended_dn(value);
        if (member) {
            out.push_back(*std::move(member));
        }
        return member.has_value();
    });
}

}  // namespace

std::optional<MemberChange::Member> parse_extended_dn(std::string_view value) {
    MemberChange::Member member;
    while (value.starts_with('<')) {
        const auto end = value.find(">;");
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        if (value.starts_with(guid_begin)) {
            const auto guid = parse_uuid(value.substr(guid_begin.size(), end - guid_begin.size()));
            if (guid) {
                member.anchor = *guid;
            }
        }
        value.remove_prefix(end + 2);
    }
    auto key = dn_key(value);
    if (!key || key->empty()) {
        return std::nullopt;
    }
    member.dn = value;
    member.dn_key = *std::move(key);
    return member;
}

std::optional<MemberChange> member_change_in(
    const directory::SourceEntry& message, const Uuid& group
) {
    MemberChange change;
    change.anchor = group;
    change.attribute = "member";
    for (const auto& attribute : message.attributes) {
        if (is_always_told(attribute)) {
            continue;
        }
        const auto range = parse_value_range(attribute.name);
        const bool told = range && equals_ignoring_ascii_case(range->attribute, "member") &&
                          range->last == range->first && range->first <= 1;
        if (!told || !take_members(attribute, range->first == 1 ? change.added : change.removed)) {
            return std::nullopt;
        }
    }
    const bool any = !change.added.empty() || !change.removed.empty();
    return any ? std::optional(std::move(change)) : std::nullopt;
}

}  // namespace bascule::ldap
