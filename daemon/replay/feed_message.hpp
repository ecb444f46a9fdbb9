#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/member_change.hpp"
#include "directory/model/source_entry.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::daemon {

/// One thing that a feed said, or what surrounds it. Numbers are those of the file; they are never
/// used again for something else.
struct FeedMessage {
    enum class Kind : std::uint8_t {
        run_started = 1,      ///< text: dialect; second: fingerprint of the mapping; source
        refresh_started = 2,  ///< flag: from a cookie
        changed = 3,
        present = 4,
        deleted = 5,
        refresh_done = 6,  ///< text: cookie; proof
        cookie = 7,        ///< text
        idle = 8,
        run_ended = 9,  ///< flag: it was stopped
        members_changed = 10,
    };
    Kind kind = Kind::idle;
    Time time{};
    std::uint64_t order = 0;  ///< among the messages of all sources, see RecordingTurns
    bool flag = false;
    directory::AbsenceProof proof = directory::AbsenceProof::none;
    std::string text = {};
    std::string second = {};
    std::string source = {};
    std::vector<Uuid> anchors = {};
    directory::SourceEntry entry = {};
    directory::MemberChange members = {};
};

}  // namespace bascule::daemon
