#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "directory/model/journal.hpp"
#include "directory/ports/store.hpp"

namespace bascule::mirror {

/// By what an attribute of an object came to hold what it holds.
enum class OriginKind {
    first_load,      ///< the source's first load, or what it brought the object with
    source_change,   ///< a change of the entry
    mapping_change,  ///< other rules
    time,            ///< an instant that has come: an account expired, a lockout ended
    approved_loss,   ///< the guard let a value go that the entry had lost
    local_change,    ///< somebody changed it here
    before_journal,  ///< longer ago than the journal goes back
};

/// The stable code: "first_load", "source_change", …
[[nodiscard]] std::string_view to_string(OriginKind kind);

struct Origin {
    OriginKind kind = OriginKind::first_load;
    std::optional<Time> time;   ///< when it was committed here
    std::string stamp;          ///< of the entry then: CSN, time of change; may be empty
    directory::Actor actor;     ///< of a change here: who
    std::string channel;        ///< of a change here: "SCIM", "My Staff", …
    std::int64_t sequence = 0;  ///< of the journal record; 0 when no record tells
    std::string before;         ///< JSON of the value before; empty when there was none
    bool before_known = false;
};

/// Where the value of an attribute comes from, found in the journal and the entry's bookkeeping.
/// `path` without sub-attribute. The newest record that names the attribute counts; without one it
/// is as the first load left it.
[[nodiscard]] Result<Origin> origin_of(
    directory::Reader& reader, const directory::Object& object, const directory::AttributePath& path
);

/// Since when a member belongs to a group and by which change; nothing when it does not belong to
/// it.
struct MemberOrigin {
    Time since{};
    std::string stamp;  ///< of the group's entry then; may be empty
    directory::Actor actor;
    std::string channel;
    std::int64_t sequence = 0;
};
[[nodiscard]] Result<std::optional<MemberOrigin>> member_origin(
    directory::Reader& reader, const directory::ObjectRow& group, const directory::ObjectRow& member
);

}  // namespace bascule::mirror
