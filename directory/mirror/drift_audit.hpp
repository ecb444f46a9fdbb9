#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "directory/mirror/mirror_engine.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/entry_inspector.hpp"
#include "directory/ports/store.hpp"

namespace bascule::mirror {

/// What a comparison of a source with its directory came to.
struct DriftReport {
    std::string source;
    Time started{};
    Time finished{};
    std::uint64_t listed = 0;     ///< entries that the directory named
    std::uint64_t mirrored = 0;   ///< entries that the mirror knew when it began
    std::uint64_t looked_at = 0;  ///< entries that were read because stamps differed
    std::uint64_t missing = 0;    ///< the directory had them, the mirror did not
    std::uint64_t surplus = 0;    ///< the mirror had them, the directory did not
    std::uint64_t stale = 0;      ///< the mirror had them otherwise
    std::uint64_t moving = 0;     ///< changed while it compared, so nothing was judged
    std::uint64_t held = 0;       ///< removals among them that wait for a decision
    bool complete = false;        ///< the listing was whole, so absence was proven
    std::string digest;           ///< SHA-256 over what was listed, in the order of the anchors
    std::string problem;          ///< code and words when it came to no end

    /// Must be 0; what was found is mended already, or held.
    [[nodiscard]] std::uint64_t drift() const { return missing + surplus + stale; }
};

/// Compares the mirror of a source with its directory: every entry's anchor and stamp is listed,
/// and what differs is read and brought in through the engine and its guard. An entry counts as
/// drift only when it stood still while it was compared and the mirror had it otherwise. Nothing is
/// removed that a whole listing does not lack and a look at its place does not find gone. One run
/// at a time; progress may be read by others.
class DriftAudit {
  public:
    /// How differences are mended; see MirrorEngine.
    struct Mend {
        std::function<Result<MirrorEngine::Checked>(const directory::SourceEntry&)> present;
        std::function<Result<MirrorEngine::Checked>(const Uuid&, std::size_t)> absent;
    };
    struct Timing {
        /// How long a change takes at most from the directory to the mirror; asked each time.
        std::function<std::chrono::milliseconds()> settle;
        std::chrono::milliseconds patience{10'000};  ///< for one look
    };

    /// References outlive it.
    DriftAudit(
        directory::Store& store, directory::EntryInspector& inspector, directory::Clock& clock,
        std::string source, Mend mend, Timing timing
    );

    /// `problem` of the report tells what ended it early.
    [[nodiscard]] DriftReport run(std::stop_token stop);
    /// Entries listed so far by the run in progress.
    [[nodiscard]] std::uint64_t listed_so_far() const { return listed_so_far_; }

  private:
    struct Known;
    class Comparison;

    directory::Store& store_;
    directory::EntryInspector& inspector_;
    directory::Clock& clock_;
    std::string source_;
    Mend mend_;
    Timing timing_;
    ObjectIds ids_;
    std::atomic<std::uint64_t> listed_so_far_{0};
    /// Stamps of entries that were read and found the same: a change of what is not mapped writes
    /// nothing.
    std::unordered_map<Uuid, std::uint64_t> found_same_;
};

}  // namespace bascule::mirror
