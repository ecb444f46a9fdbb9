#include "daemon/admin/figures_json.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;

json describe(const KindFigures& kind) {
    return {
        {"added", kind.added},
        {"healed", kind.healed},
        {"changed", kind.changed},
        {"converted", kind.converted},
        {"deactivated", kind.deactivated},
        {"removed", kind.removed},
        {"attributes", kind.attributes},
    };
}

json describe(const HeldFigures& held) {
    json groups = json::array();
    for (const HeldFigures::Group& group : held.groups) {
        groups.push_back(
            {{"display", group.display}, {"leaving", group.leaving}, {"members", group.members}}
        );
    }
    return {
        {"total", held.total}, {"deletes", held.deletes},     {"unmatched", held.unmatched},
        {"limit", held.limit}, {"groups", std::move(groups)}, {"attributes", held.attributes},
    };
}

}  // namespace

json figures_json(const SourceFigures& source) {
    json kinds = json::object();
    for (const auto& [type, figures] : source.kinds) {
        kinds[type] = describe(figures);
    }
    return {
        {"name", source.name},
        {"read", source.read},
        {"firstLoad", source.first_load},
        {"entries", source.entries},
        {"seconds", source.seconds},
        {"kinds", std::move(kinds)},
        {"quarantined", source.quarantined},
        {"membersJoined", source.joined},
        {"membersLeft", source.left},
        {"held", describe(source.held)},
    };
}

}  // namespace bascule::daemon
