#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/model/source_entry.hpp"
#include "directory/ports/store.hpp"

namespace bascule::store {

/// What an object and its entry were, or are.
struct DifferenceSide {
    bool served = false;  ///< a live object of a type that is served
    bool part = false;    ///< not served itself, but a part of an object of another source
    bool known = false;   ///< the object's row was there, also as a deleted or unserved one
    std::string type;     ///< "User"
    std::string display;
    std::string body;                            ///< the document
    std::optional<directory::EntryState> entry;  ///< state of its entry, when it has one
    std::string reason;                          ///< of that state
};

/// An object whose document, entry or references were changed in a scratch copy.
struct ObjectDifference {
    directory::Oid oid{};
    Uuid id;
    directory::SourceId source = directory::SourceId::local;
    std::string dn;  ///< of its entry, now or before
    DifferenceSide before;
    DifferenceSide after;
    bool references_changed = false;  ///< some may have been gained or lost
};

/// A reference that was added to, or taken from, an object of a scratch copy.
struct ReferenceDifference {
    Uuid target;
    std::string display;
    bool added = false;
};

/// What an entry of another source that is part of an object gives it.
struct PartOfObject {
    std::string source;
    std::string gives;  ///< JSON object; may be empty
};

/// Finds the references of an object that differ.
class ReferenceDifferences {
  public:
    virtual ~ReferenceDifferences() = default;
    using VisitReference = std::function<Status(const ReferenceDifference&)>;
    /// References of a kind that the object has gained or lost, in the order of the targets' ids
    /// or, each by itself, lost and gained ones. May be called while differences are visited.
    [[nodiscard]] virtual Status each_reference(
        directory::EdgeKind kind, directory::Oid from, const VisitReference& visit
    ) = 0;
    /// The parts that an object had, or has. As each_reference().
    enum class Side { before, after };
    [[nodiscard]] virtual Result<std::vector<PartOfObject>> parts_of(
        directory::Oid object, Side side
    ) = 0;
};

/// Whether objects of a type, named as the registry has it, are served by themselves.
[[nodiscard]] inline bool is_served_type(std::string_view type) {
    return !type.empty() && type != "Unmapped" && type != "Joined";
}

}  // namespace bascule::store
