#include "directory/model/source_entry.hpp"

#include "directory/base/text.hpp"

namespace bascule::directory {

const std::vector<std::string>& SourceEntry::values(std::string_view name) const {
    static const std::vector<std::string> none;
    for (const RawAttribute& attribute : attributes) {
        if (equals_ignoring_ascii_case(attribute.name, name)) {
            return attribute.values;
        }
    }
    return none;
}

}  // namespace bascule::directory
