#include "directory/mirror/freed_entries.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace bascule::mirror {

using directory::MirrorEntry;
using directory::Oid;
using directory::Reader;
using directory::Registry;

namespace {

constexpr std::size_t entries_looked_at = 10'000;

struct UniqueAttribute {
    directory::AttributeId id;
    std::string prefix;  ///< "userName="
};

std::vector<UniqueAttribute> unique_attributes(const Registry& registry) {
    std::vector<UniqueAttribute> out;
    for (const char* type : {"User", "Group"}) {
        for (const auto id : registry.attributes(registry.type(type))) {
            if (registry.spec(id).unique)
                out.push_back({id, registry.spec(id).path.to_string() + "="});
        }
    }
    return out;
}

Result<bool> is_free(
    Reader& reader, const MirrorEntry& entry, const std::vector<UniqueAttribute>& attributes
) {
    const auto found = std::ranges::find_if(attributes, [&](const UniqueAttribute& one) {
        return entry.blocked_by.starts_with(one.prefix);
    });
    if (found == attributes.end())
        return false;
    BASCULE_TRY(
        const auto holders,
        reader.find_by_term(found->id, entry.blocked_by.substr(found->prefix.size()), 2)
    );
    return std::ranges::all_of(holders, [&](const auto& one) { return one.row.oid == entry.oid; });
}

}  // namespace

Result<std::vector<Oid>> freed_entries(
    Reader& reader, const Registry& registry, directory::SourceId source
) {
    std::vector<Oid> out;
    BASCULE_TRY(
        const auto waiting,
        reader.entries_in_state(source, directory::EntryState::quarantined, entries_looked_at)
    );
    if (waiting.empty())
        return out;
    const auto attributes = unique_attributes(registry);
    for (const MirrorEntry& entry : waiting) {
        BASCULE_TRY(const bool free, is_free(reader, entry, attributes));
        if (free)
            out.push_back(entry.oid);
    }
    return out;
}

}  // namespace bascule::mirror
