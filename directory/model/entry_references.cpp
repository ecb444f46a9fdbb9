#include "directory/model/entry_references.hpp"

#include <iterator>

namespace bascule::directory {

void EntryReferences::add(EdgeKind kind, AttributeValues values, bool user_names) {
    size_ += values.size();
    const std::size_t first =
        parts_.empty() ? 0 : parts_.back().first + parts_.back().values.octet_count();
    parts_.push_back({kind, std::move(values), user_names, first});
}

EntryReference EntryReferences::at(Place place) const {
    auto part = parts_.begin();
    while (std::next(part) != parts_.end() && std::next(part)->first <= place)
        ++part;
    return *read_(part->kind, *part->values.find_at(place - part->first), part->user_names);
}

}  // namespace bascule::directory
