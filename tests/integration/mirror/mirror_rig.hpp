#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/ldap/mapping/mapping.hpp"
#include "connectors/ldap/sync_repl_feed.hpp"
#include "directory/mirror/hold_service.hpp"
#include "directory/mirror/source_runner.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {

/// No removal is held.
mirror::GuardLimits open_limits();

/// A mirror of a real slapd: its feed, mapping, engine and store as the product puts them together.
class MirrorRig {
  public:
    explicit MirrorRig(
        SlapdRig& directory, mirror::GuardLimits limits = {}, ldap::Mapping mapping = {},
        std::string base = SlapdRig::suffix()
    );
    ~MirrorRig();
    MirrorRig(const MirrorRig&) = delete;
    MirrorRig& operator=(const MirrorRig&) = delete;

    /// Starts a new runner on the store, as a start of the program does.
    void start();
    void stop();
    [[nodiscard]] mirror::SourceRunner& runner() { return *runner_; }
    [[nodiscard]] mirror::SourceStatus status() const { return runner_->snapshot(); }
    [[nodiscard]] directory::Store& store() { return *store_; }
    [[nodiscard]] const ldap::Mapper& mapper() const { return *mapper_; }

    /// Polls until `condition` holds; false after 30 s.
    [[nodiscard]] static bool wait(const std::function<bool()>& condition);
    [[nodiscard]] bool wait_live();
    /// Duplicates of a userName are settled by who came first, which a later reader cannot know.
    enum class Duplicates { told, ignored };
    /// Polls until the store equals the directory; what still differs after 30 s.
    [[nodiscard]] std::vector<std::string> wait_equal(Duplicates duplicates = Duplicates::told);

    /// What is served for this DN; empty text when nothing is.
    [[nodiscard]] std::string document(std::string_view dn);
    [[nodiscard]] std::optional<directory::MirrorEntry> entry(std::string_view dn);
    /// Direct members by display.
    [[nodiscard]] std::vector<std::string> members(std::string_view group_dn);
    /// The store's newest journal number: unchanged when nothing was written.
    [[nodiscard]] std::int64_t last_sequence();
    /// Gives the source another cookie while no runner runs.
    void store_cookie(const std::string& cookie);

  private:
    [[nodiscard]] ldap::SyncReplOptions feed_options() const;
    [[nodiscard]] std::vector<directory::SourceEntry> read_directory() const;
    [[nodiscard]] std::vector<std::string> differences();
    void read(const std::function<void(directory::Reader&)>& work);

    SlapdRig& directory_;
    mirror::GuardLimits limits_;
    std::string base_;
    std::string folder_;
    directory::Clock& clock_;
    std::unique_ptr<ldap::Mapper> mapper_;
    std::unique_ptr<directory::Store> store_;
    std::unique_ptr<mirror::SourceRunner> runner_;
};

}  // namespace bascule::test
