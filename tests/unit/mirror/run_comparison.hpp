#pragma once

#include <map>
#include <optional>
#include <set>

#include "directory/mirror/held_plan.hpp"
#include "tests/unit/mirror/mirror_fixture.hpp"
#include "tests/unit/mirror/recorded_directory.hpp"

namespace bascule::test {

/// What a reference whose DN the directory has not followed may lead to.
enum class References {
    as_known,    ///< who was meant, or who has stood there since
    as_written,  ///< who stands there now: everything that refers was just read
};

/// Compares every entry, document, edge and state of a mirror with the directory.
class RunComparison {
  public:
    RunComparison(MirrorWorld& world, const RecordedDirectory& directory, References references)
        : world_(world), directory_(directory), references_(references), held_(world.held()) {}

    /// Nothing differs, and nothing is held.
    void run();
    /// What waits for approval has not been done.
    void expect_held_are_served();

  private:
    void compare(const Uuid& id);
    void expect_real_duplicate(
        const Uuid& id, const directory::MirrorEntry& stored, const std::string& uid
    );
    void compare_edges(
        const Uuid& id, directory::EdgeKind kind, const RecordedDirectory::References& references
    );
    [[nodiscard]] std::optional<Uuid> target(directory::EdgeKind kind, std::optional<Uuid> id);

    MirrorWorld& world_;
    const RecordedDirectory& directory_;
    References references_;
    mirror::HeldPlan held_;
};

/// Watches what is taken away: only what the directory has taken away since it was last known, and
/// never twice for one reason.
class RemovalCheck {
  public:
    RemovalCheck(MirrorWorld& world, const RecordedDirectory& directory)
        : world_(world), directory_(directory) {}

    /// A run of the feed begins.
    void begin();
    /// These may go now, whatever has become of them meanwhile.
    void approve(const mirror::HeldPlan& plan);
    /// Looks at what was removed since the last look.
    void check();
    /// How many removals were looked at.
    [[nodiscard]] unsigned checked() const { return checked_; }

  private:
    MirrorWorld& world_;
    const RecordedDirectory& directory_;
    std::uint64_t known_ = 0;  ///< the mirror has taken in everything up to this stamp
    std::int64_t sequence_ = 0;
    unsigned checked_ = 0;
    std::set<Uuid> approved_;
    std::map<Uuid, unsigned> removals_;
};

}  // namespace bascule::test
