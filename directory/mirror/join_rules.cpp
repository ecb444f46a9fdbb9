#include "directory/mirror/join_rules.hpp"

#include <algorithm>

namespace bascule::mirror {

using directory::SourceId;

const std::vector<directory::AttributeId>& JoinRules::match(SourceId source) const {
    static const std::vector<directory::AttributeId> none;
    const auto found = std::ranges::find(sources, source, [](const Source& one) { return one.id; });
    return found == sources.end() ? none : found->match;
}

std::size_t JoinRules::place(SourceId source) const {
    const auto found = std::ranges::find(sources, source, [](const Source& one) { return one.id; });
    return found == sources.end() ? 0 : 1 + static_cast<std::size_t>(found - sources.begin());
}

bool JoinRules::is_earlier(SourceId other, SourceId source) const {
    return other != SourceId::local && other != source && place(other) < place(source);
}

bool JoinRules::is_joined(SourceId source) const {
    return std::ranges::any_of(sources, [&](const Source& one) {
        return !one.match.empty() && is_earlier(source, one.id);
    });
}

}  // namespace bascule::mirror
