#include "directory/model/source_entry.hpp"

#include "directory/base/text.hpp"

namespace bascule::directory {

const AttributeValues& SourceEntry::values(std::string_view name) const {
    static const AttributeValues none;
    for (const RawAttribute& attribute : attributes) {
        if (equals_ignoring_ascii_case(attribute.name, name)) {
            return attribute.values;
        }
    }
    return none;
}

std::string SourceEntry::first_value(std::string_view name) const {
    const AttributeValues& found = values(name);
    return found.empty() ? std::string() : std::string(found.front());
}

}  // namespace bascule::directory
