#pragma once

#include <functional>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "directory/ports/feed.hpp"
#include "tests/unit/mirror/recorded_directory.hpp"

namespace bascule::test {

/// Tells a mirror what a feed reads from a right RFC 4533 provider of a recorded directory: a
/// rename tells of the top entry only, a container that leaves the base tells of itself only, one
/// that comes into it is read with what is below, references are repaired without a word. How a
/// refresh is made (snapshot, deletes from a log, present phase, everything again, refusal) is
/// chosen at random; of a group whose members alone have changed the entry or the change is told;
/// messages may come twice, and the directory changes meanwhile.
class RecordedProvider {
  public:
    enum class End {
        whole,     ///< the refresh and all live changes were told
        broken,    ///< the connection was lost
        refused,   ///< the sink returned an injected fault
        rejected,  ///< the cookie is of no use
    };

    RecordedProvider(RecordedDirectory& directory, unsigned seed)
        : directory_(directory), random_(seed) {}

    /// A connection: refresh and then live changes. With `faults` every message may be the last
    /// one, and a refresh may be refused.
    [[nodiscard]] End converse(
        directory::FeedSink& sink, const directory::FeedStart& start, unsigned live_steps,
        bool faults
    );

    /// Called after every message; an error is one of the sink.
    void between_messages(std::function<Status()> interlude) { interlude_ = std::move(interlude); }

    /// How many changes of members alone the sink took as such.
    [[nodiscard]] unsigned changes_taken() const { return changes_taken_; }

  private:
    struct Ended {
        End end;
    };
    enum class Mode { snapshot, log, present, again };

    unsigned pick(std::size_t below);
    [[nodiscard]] bool once_in(unsigned times) { return pick(times) == 0; }
    static void expect(const Status& status);
    void say(const Status& status);
    void refresh(directory::FeedSink& sink, const directory::FeedStart& start);
    void tell_left(directory::FeedSink& sink, std::uint64_t since);
    void tell_changed(directory::FeedSink& sink, const Uuid& id, bool with_subtree);
    [[nodiscard]] bool tell_members(
        directory::FeedSink& sink, const std::optional<directory::MemberChange>& change
    );
    void tell_present(directory::FeedSink& sink, std::vector<Uuid> ids);
    void tell_entries(directory::FeedSink& sink, std::uint64_t since, Mode mode);
    void tell_changes(directory::FeedSink& sink);

    RecordedDirectory& directory_;
    std::mt19937 random_;
    std::function<Status()> interlude_;
    bool faults_ = false;
    unsigned changes_taken_ = 0;
};

}  // namespace bascule::test
