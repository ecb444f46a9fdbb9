#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/mirror/removal_guard.hpp"
#include "directory/ports/entry_inspector.hpp"
#include "directory/ports/entry_mapper.hpp"
#include "directory/ports/store.hpp"

namespace bascule::mirror {

/// Where an entry stands with the mirror; a closed list, documented in docs/operations.md.
enum class Cause {
    mirrored,
    pending_reference,  ///< mirrored, and references of it wait for their targets
    disabled_by_rule,   ///< mirrored, and a rule makes `active` false
    local,              ///< made here, of no source
    unmatched,
    duplicate,
    invalid_value,
    quarantined,
    held,
    removed,
    out_of_base,
    not_readable,
    not_in_directory,
    not_arrived,  ///< the directory has it, it matches, and the change feed has not brought it
    unknown,
};

/// The stable code: "mirrored", "pending_reference", …
[[nodiscard]] std::string_view to_string(Cause cause);

/// What a person does about it, in one sentence; empty when there is nothing to do.
[[nodiscard]] std::string_view remedy_of(Cause cause);

/// One cause in words.
struct Finding {
    Cause cause = Cause::unknown;
    std::string sentence;  ///< what it is and why
};

struct Explanation {
    Cause cause = Cause::unknown;
    std::string sentence;  ///< for people: what it is and why
    std::string source;
    std::string dn;
    std::optional<Uuid> id;
    std::string csn;
    std::optional<Time> seen;
    std::vector<Finding> findings = {};  ///< further causes, of what is mirrored
};

/// What a source is, as far as it decides where its entries stand.
struct SourceFacts {
    directory::SourceId id{};
    std::string name = {};
    std::vector<std::string> base_keys = {};  ///< search bases as normal forms
    const directory::EntryMapper* mapper = nullptr;
    GuardLimits limits = {};
};

/// What is asked for. The caller, who knows LDAP, gives the DN's normal form when the text is a DN.
struct ExplainQuestion {
    std::string text;    ///< DN, UUID (object id or anchor), userName, or displayName of a group
    std::string dn_key;  ///< empty when the text is no DN
    std::vector<SourceFacts> sources = {};
    /// How long removed objects are kept.
    std::chrono::milliseconds retain_deleted{};
};

/// Why an entry is or is not mirrored, once for each source that knows it; a single "unknown" or
/// "out of base" when none does. From the store alone.
[[nodiscard]] Result<std::vector<Explanation>> explain(
    directory::Reader& reader, const directory::Registry& registry, const ExplainQuestion& question
);

/// The same of an entry that the store does not know, from what the directory says of it now.
[[nodiscard]] Explanation explain_inspected(
    const directory::Inspection& inspection, const SourceFacts& source
);

}  // namespace bascule::mirror
