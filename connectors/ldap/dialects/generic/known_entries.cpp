#include "connectors/ldap/dialects/generic/known_entries.hpp"

#include <functional>
#include <string_view>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

std::uint64_t hash_of(std::string_view text) {
    return std::hash<std::string_view>{}(text);
}

/// Spreads the bits, so that sums of hashes do not cancel out (splitmix64).
std::uint64_t mixed(std::uint64_t value) {
    value += 0x9e3779b97f4a7c15ULL;
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31U);
}

}  // namespace

EntryMark mark_of(const directory::SourceEntry& entry) {
    EntryMark mark;
    mark.dn = hash_of(entry.dn);
    mark.stamp = hash_of(entry.csn);
    for (const auto& attribute : entry.attributes) {
        const auto name = mixed(hash_of(to_ascii_lower(attribute.name)));
        for (const auto& value : attribute.values) {
            mark.content += mixed(name ^ hash_of(value));
        }
    }
    return mark;
}

KnownEntries::Change KnownEntries::take(const directory::SourceEntry& entry) {
    const auto mark = mark_of(entry);
    const auto [found, is_new] = marks_.try_emplace(entry.anchor, mark);
    if (is_new) {
        return Change::appeared;
    }
    const auto before = std::exchange(found->second, mark);
    if (before.dn != mark.dn) {
        return Change::moved;
    }
    return before.content == mark.content ? Change::none : Change::modified;
}

void KnownEntries::remember(const directory::MirrorEntry& held) {
    marks_[held.anchor] = EntryMark{hash_of(held.dn), hash_of(held.csn), 0};
}

bool KnownEntries::is_as_listed(const directory::SourceEntry& entry) const {
    const auto found = marks_.find(entry.anchor);
    return found != marks_.end() && found->second.dn == hash_of(entry.dn) &&
           found->second.stamp == hash_of(entry.csn);
}

}  // namespace bascule::ldap
