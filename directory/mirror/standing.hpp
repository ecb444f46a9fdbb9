#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory/mirror/explain.hpp"

namespace bascule::mirror {

/// What an entry's state and reason mean; neither held nor mirrored ones need more to be known.
[[nodiscard]] Finding finding_of(
    directory::EntryState state, std::string_view reason, std::string_view source
);

/// A DN key as people read it: "cn=x,dc=example,dc=com"; keys of waiting references as what they
/// wait for.
[[nodiscard]] std::string readable_key(std::string_view key);

/// Finds out where an entry of the store stands and why.
class Standing {
  public:
    Standing(
        directory::Reader& reader, const directory::Registry& registry, const SourceFacts& source
    )
        : reader_(reader), registry_(registry), source_(source) {}

    [[nodiscard]] Result<Finding> of(
        const directory::MirrorEntry& entry, const directory::SourceState& state
    );
    /// What else there is to say of it.
    [[nodiscard]] std::vector<Finding> take_further() { return std::move(further_); }

  private:
    [[nodiscard]] Status add_pending(const directory::Object& object);
    void add_disabled(const directory::Object& object);
    [[nodiscard]] Result<std::string> holder_of(const directory::MirrorEntry& entry);
    [[nodiscard]] Result<std::string> delete_limit(
        const directory::SourceState& state, std::size_t count
    );

    directory::Reader& reader_;
    const directory::Registry& registry_;
    SourceFacts source_;
    std::vector<Finding> further_;
};

/// What the journal tells of a removal.
struct Removal {
    std::string cause;
    std::string dn;
};
[[nodiscard]] Result<Removal> removal_of(
    directory::Reader& reader, const directory::ObjectRow& row
);
/// By what an object is known.
enum class Known { dn, name };
/// Objects of that DN or name that were removed, newest first; the last 5,000 removals are
/// searched.
[[nodiscard]] Result<std::vector<Uuid>> find_removals(
    directory::Reader& reader, std::string_view text, Known by
);

}  // namespace bascule::mirror
