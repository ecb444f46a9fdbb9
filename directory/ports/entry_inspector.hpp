#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>

#include "directory/base/result.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::directory {

/// What a directory says of one entry at this moment.
struct Inspection {
    enum class Verdict {
        found,
        unreadable,  ///< it can be addressed, and its class or anchor may not be read
        absent,      ///< not there, or hidden from the service account
    };
    Verdict verdict = Verdict::absent;
    SourceEntry entry;  ///< as the feed would deliver it; of an unreadable one the DN only
};

/// Looks at a directory beside its change feed. Thread-safe; errors are those of the connection.
class EntryInspector {
  public:
    using Deadline = std::chrono::steady_clock::time_point;
    virtual ~EntryInspector() = default;

    /// A stop request ends a look at once with `unavailable`/"stopped".
    [[nodiscard]] virtual Result<Inspection> look_at(
        const std::string& dn, Deadline deadline, std::stop_token stop = {}
    ) = 0;
    [[nodiscard]] virtual Result<Inspection> look_for(
        const Uuid& anchor, Deadline deadline, std::stop_token stop = {}
    ) = 0;

    /// One entry of a listing.
    struct Listed {
        Uuid anchor;
        std::string dn;
        std::string dn_key;  ///< as SourceEntry::dn_key
        std::string stamp;   ///< as SourceEntry::csn
    };
    /// Whether a listing came to its end and nothing in it was withheld.
    struct Listing {
        std::size_t entries = 0;
        std::size_t nameless = 0;    ///< entries whose anchor may not be read
        std::size_t references = 0;  ///< parts that other servers hold
    };
    /// Lists every entry of the scope by anchor and stamp, on a connection of its own. No message
    /// may take longer than the source's operation timeout.
    [[nodiscard]] virtual Result<Listing> list(
        const std::function<Status(Listed)>& take, std::stop_token stop
    ) = 0;
};

}  // namespace bascule::directory
