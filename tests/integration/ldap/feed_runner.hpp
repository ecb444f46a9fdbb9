#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "connectors/ldap/sync_repl_feed.hpp"
#include "directory/ports/feed.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::ldap {

/// Options that reach a rig as its service account.
SyncReplOptions feed_options(const test::SlapdRig& rig);
ConnectionOptions service_options(const test::SlapdRig& rig);

/// What a feed has told so far.
struct Seen {
    std::map<std::string, directory::SourceEntry> entries;  ///< by anchor
    std::vector<directory::SourceEntry> changes;            ///< in order
    std::vector<directory::MemberChange> member_changes;    ///< in order, when they are taken
    std::vector<std::string> deleted;
    std::set<std::string> present;  ///< anchors
    int refreshes_started = 0;
    int refreshes_done = 0;
    bool from_cookie = false;
    directory::AbsenceProof proof = directory::AbsenceProof::none;
    std::string cookie;
    int cookies = 0;  ///< in the persist phase
    int idle = 0;

    [[nodiscard]] const directory::SourceEntry* by_dn(std::string_view dn) const;
    [[nodiscard]] std::size_t change_count(std::string_view dn) const;
};

/// Runs a feed on a thread of its own and records what it says.
class FeedRunner : private directory::FeedSink {
  public:
    FeedRunner(SyncReplOptions options, std::string cookie = {}, bool interrupted = false);
    explicit FeedRunner(
        std::unique_ptr<directory::Feed> feed, std::string cookie = {}, bool interrupted = false
    );
    ~FeedRunner() override;

    /// Waits until `condition` holds; false after 20 s or when the feed has ended without it.
    [[nodiscard]] bool wait(const std::function<bool(const Seen&)>& condition);
    [[nodiscard]] bool wait_refreshed() {
        return wait([](const Seen& seen) { return seen.refreshes_done > 0; });
    }
    /// Waits for the feed's own end.
    [[nodiscard]] directory::FeedResult result();
    /// True when the feed ends by itself within `time`.
    [[nodiscard]] bool ends_within(std::chrono::milliseconds time);
    /// Asks it to stop and returns how it ended.
    directory::FeedResult stop();
    [[nodiscard]] Seen seen() const;
    /// From now on changes of members are taken as such; before, whole entries are wanted.
    void take_member_changes();
    /// The next call of the sink returns this error.
    void fail_next();
    /// The sink holds every entry back until release().
    void hold();
    void release();

  private:
    struct Parts {
        explicit Parts(std::unique_ptr<directory::Feed> given) : feed(std::move(given)) {}
        explicit Parts(SyncReplOptions options)
            : work(std::make_unique<WorkConnection>(options.connection)),
              feed(std::make_unique<SyncReplFeed>(*work, std::move(options))) {}
        std::unique_ptr<WorkConnection> work;
        std::unique_ptr<directory::Feed> feed;
    };
    FeedRunner(Parts parts, std::string cookie, bool interrupted);
    Status refresh_started(bool from_cookie) override;
    Status changed(directory::SourceEntry entry) override;
    Result<bool> members_changed(directory::MemberChange change) override;
    Status present(const std::vector<Uuid>& anchors) override;
    Status deleted(const std::vector<Uuid>& anchors) override;
    Status refresh_done(directory::AbsenceProof proof, const std::string& cookie) override;
    Status cookie(const std::string& cookie) override;
    Status idle() override;
    Status note(const std::function<void(Seen&)>& change);

    Parts parts_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Seen seen_;
    bool fail_next_ = false;
    bool held_ = false;
    bool takes_members_ = false;
    std::optional<directory::FeedResult> result_;
    std::jthread thread_;
};

}  // namespace bascule::ldap
