#include "directory/mirror/join_attributes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bascule::mirror {

namespace {

bool means(const directory::AttributePath& path, const std::string& name) {
    const std::string own = path.sub.empty() ? path.name : path.name + "." + path.sub;
    const bool values = path.sub == "value" && name == path.name;
    return path.to_string() == name || own == name || values;
}

auto refuse(const std::string& name, std::string_view why) {
    return fail(
        ErrorKind::invalid_input, "invalid_join",
        fmt::format("Users cannot be joined by '{}': {}.", name, why)
    );
}

}  // namespace

Result<std::vector<directory::AttributeId>> join_attributes(
    const directory::Registry& registry, const std::vector<std::string>& names
) {
    std::vector<directory::AttributeId> out;
    for (const std::string& name : names) {
        std::vector<directory::AttributeId> found;
        for (const auto id : registry.attributes(registry.type("User"))) {
            if (means(registry.spec(id).path, name))
                found.push_back(id);
        }
        std::erase_if(found, [&](directory::AttributeId id) {
            return registry.spec(id).type == directory::ValueType::complex;
        });
        if (found.empty())
            return refuse(name, "User has no such attribute");
        if (found.size() > 1)
            return refuse(name, "several schemas have it; write its full path");
        const auto& spec = registry.spec(found.front());
        if (!spec.searchable || spec.edge || spec.type != directory::ValueType::text)
            return refuse(name, "it is no text that can be looked up");
        out.push_back(found.front());
    }
    return out;
}

}  // namespace bascule::mirror
