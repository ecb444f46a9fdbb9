#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/model/entry_references.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::directory {

/// What an entry becomes under a source's mapping.
struct MappedEntry {
    EntryState state = EntryState::unmatched;
    std::string
        reason;  ///< for unmatched: which filter term is false; for quarantined: which rule failed
    TypeId type{};
    std::string display;
    /// Document members that the mapping fills, without "schemas" and "id": {"userName":"…",…}.
    std::string attributes;
    /// Extension URNs used, in document order.
    std::vector<std::string> extensions;
    EntryReferences references;
    std::vector<std::string> warnings;  ///< values left out, with the reason
};

/// A rule of the mapping that fills an attribute.
struct RuleTrace {
    std::string rule;               ///< where the configuration has it: "users.map.title"
    bool builtin = false;           ///< it is the dialect's own and not in the file
    std::vector<std::string> from;  ///< attributes of the entry, the first with a value counts
    std::string how;                ///< what it does but copying, in words; empty when it copies
    /// With an entry: the attribute whose values it took, and these as they are in the directory.
    /// Empty when the rule gives nothing for it.
    std::string attribute;
    std::vector<std::string> values;
};

/// Turns directory entries into documents. Pure, thread-safe.
class EntryMapper {
  public:
    virtual ~EntryMapper() = default;
    [[nodiscard]] virtual MappedEntry map(const SourceEntry& entry) const = 0;
    /// True when the mapping masters this document path of the type ("userName", "emails",
    /// "urn:…:User:department").
    [[nodiscard]] virtual bool fills(TypeId type, const AttributePath& path) const = 0;
    /// The rules that fill this path, in the order in which they count; those that gave nothing for
    /// `entry` too. `entry` may be null.
    [[nodiscard]] virtual std::vector<RuleTrace> trace(
        TypeId /*type*/, const AttributePath& /*path*/, const SourceEntry* /*entry*/
    ) const {
        return {};
    }
    /// Attributes whose values name members of a group by DN and decide nothing else, whatever the
    /// entry holds: a change of them is a change of members. Empty when that cannot be said.
    [[nodiscard]] virtual const std::vector<std::string>& member_attributes() const {
        static const std::vector<std::string> none;
        return none;
    }
    /// Of everything that decides the result.
    [[nodiscard]] virtual std::string fingerprint() const = 0;
};

}  // namespace bascule::directory
