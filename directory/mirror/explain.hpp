#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/ports/store.hpp"

namespace bascule::mirror {

/// Where an entry stands with the mirror; a closed list.
enum class Cause { mirrored, unmatched, quarantined, held, out_of_base, unknown };

[[nodiscard]] std::string_view to_string(Cause cause);

struct Explanation {
    Cause cause = Cause::unknown;
    std::string sentence;  ///< for people: what it is and why
    std::string source;
    std::string dn;
    std::optional<Uuid> id;
    std::string csn;
    std::optional<Time> seen;
};

/// What is asked for. The caller, who knows LDAP, gives the DN's normal form when the text is a DN.
struct ExplainQuestion {
    std::string text;    ///< DN, UUID (object id or anchor), userName, or displayName of a group
    std::string dn_key;  ///< empty when the text is no DN
    /// Search bases of the sources, as normal forms, to tell "out of base" from "unknown".
    std::vector<std::pair<directory::SourceId, std::string>> bases;
};

/// Why an entry is or is not mirrored, once for each source that knows it; a single "unknown" or
/// "out of base" when none does.
[[nodiscard]] Result<std::vector<Explanation>> explain(
    directory::Reader& reader, const directory::Registry& registry, const ExplainQuestion& question
);

}  // namespace bascule::mirror
