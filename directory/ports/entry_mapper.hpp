#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory/base/result.hpp"
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
    struct Reference {
        EdgeKind kind;
        std::string dn;  ///< as written, for reports
        std::string
            dn_key;  ///< normalised; empty when the value names a user by uid (see user_name)
        std::string user_name;  ///< memberUid: resolve by userName
    };
    std::vector<Reference> references;
    std::vector<std::string> warnings;  ///< values left out, with the reason
};

/// Turns directory entries into documents. Pure, thread-safe.
class EntryMapper {
  public:
    virtual ~EntryMapper() = default;
    [[nodiscard]] virtual MappedEntry map(const SourceEntry& entry) const = 0;
    /// True when the mapping masters this document path of the type ("userName", "emails",
    /// "urn:…:User:department").
    [[nodiscard]] virtual bool fills(TypeId type, const AttributePath& path) const = 0;
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
