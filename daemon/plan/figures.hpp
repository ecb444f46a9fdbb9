#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bascule::daemon {

/// What a change would do to the objects of one kind.
struct KindFigures {
    std::uint64_t added = 0;
    std::uint64_t healed = 0;  ///< of the added: they come out of quarantine
    std::uint64_t changed = 0;
    std::uint64_t converted = 0;    ///< to this kind from another one
    std::uint64_t deactivated = 0;  ///< of the changed: `active` becomes false
    std::uint64_t removed = 0;
    std::map<std::string, std::uint64_t> attributes;  ///< of the changed and converted, by path
};

/// Removals that the guard would hold.
struct HeldFigures {
    struct Group {
        std::string display;
        std::uint64_t leaving = 0;
        std::uint64_t members = 0;
    };
    std::uint64_t total = 0;
    std::uint64_t deletes = 0;
    std::uint64_t unmatched = 0;
    std::string limit;          ///< that holds deletes and unmatched ones: "guard.deletes"
    std::vector<Group> groups;  ///< the first hundred
    std::map<std::string, std::uint64_t> attributes;
};

/// What a change would do to one source.
struct SourceFigures {
    std::string name;
    bool read = false;  ///< false for sources that only see what others bring about
    bool first_load = false;
    std::uint64_t entries = 0;  ///< that the directory sent
    double seconds = 0;         ///< of reading
    std::map<std::string, KindFigures> kinds;
    std::uint64_t quarantined = 0;  ///< newly
    std::uint64_t joined = 0;       ///< members
    std::uint64_t left = 0;
    HeldFigures held;
};

}  // namespace bascule::daemon
