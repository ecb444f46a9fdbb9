#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/scan_leases.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::daemon {

/// Where a feed reads and when it may.
struct ScanPlace {
    ScanLeases* leases = nullptr;  ///< outlives the feed
    std::vector<std::string> servers;
    /// Called on the feed's thread: true when it waits for another reading, false when it begins.
    std::function<void(bool)> waiting;
    /// False as long as another source should be read before this one; null: there is none.
    std::function<bool()> is_next = {};
};

/// Reads everything only while nobody else does at the same servers, and follows changes at any
/// time. Waiting ends with the stop token.
class LeasedFeed final : public directory::Feed {
  public:
    LeasedFeed(std::unique_ptr<directory::Feed> feed, ScanPlace place)
        : feed_(std::move(feed)), place_(std::move(place)) {}

    [[nodiscard]] directory::FeedResult run(
        const directory::FeedStart& start, directory::FeedSink& sink, std::stop_token stop
    ) override;
    [[nodiscard]] std::string fingerprint() const override { return feed_->fingerprint(); }

  private:
    class Sink;
    [[nodiscard]] ScanLeases::Lease acquire(const std::stop_token& stop) const;

    std::unique_ptr<directory::Feed> feed_;
    ScanPlace place_;
};

}  // namespace bascule::daemon
