#include "daemon/leased_feed.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace bascule::daemon {

namespace {

constexpr std::chrono::milliseconds look_again{50};

}  // namespace

/// Passes everything on; has the lease while everything is being read.
class LeasedFeed::Sink final : public directory::FeedSink {
  public:
    Sink(
        const LeasedFeed& feed, directory::FeedSink& next, ScanLeases::Lease lease,
        std::stop_token stop
    )
        : feed_(feed), next_(next), lease_(std::move(lease)), stop_(std::move(stop)) {}

    Status refresh_started(bool from_cookie) override {
        // A server may refuse the cookie within the run.
        if (!from_cookie && lease_ == nullptr) {
            lease_ = feed_.acquire(stop_);
            if (lease_ == nullptr) {
                return fail(ErrorKind::unavailable, "stopped", "The service is shutting down.");
            }
        }
        return next_.refresh_started(from_cookie);
    }
    Status changed(directory::SourceEntry entry) override {
        return next_.changed(std::move(entry));
    }
    Status each_held(const std::function<Status(const directory::MirrorEntry&)>& visit) override {
        return next_.each_held(visit);
    }
    Result<bool> members_changed(directory::MemberChange change) override {
        return next_.members_changed(std::move(change));
    }
    Status present(const std::vector<Uuid>& anchors) override { return next_.present(anchors); }
    Status deleted(const std::vector<Uuid>& anchors) override { return next_.deleted(anchors); }
    Status refresh_done(directory::AbsenceProof proof, const std::string& cookie) override {
        // The server has said everything; what is left is our own work.
        lease_.reset();
        return next_.refresh_done(proof, cookie);
    }
    Status cookie(const std::string& cookie) override { return next_.cookie(cookie); }
    Status idle() override { return next_.idle(); }

  private:
    const LeasedFeed& feed_;
    directory::FeedSink& next_;
    ScanLeases::Lease lease_;
    std::stop_token stop_;
};

directory::FeedResult LeasedFeed::run(
    const directory::FeedStart& start, directory::FeedSink& sink, std::stop_token stop
) {
    ScanLeases::Lease lease;
    if (start.cookie.empty()) {
        lease = acquire(stop);
        if (lease == nullptr) {
            return {};
        }
    }
    Sink leased(*this, sink, std::move(lease), stop);
    return feed_->run(start, leased, stop);
}

ScanLeases::Lease LeasedFeed::acquire(const std::stop_token& stop) const {
    bool waited = place_.is_next && !place_.is_next();
    if (waited) {
        place_.waiting(true);
    }
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    while (place_.is_next && !place_.is_next() && !stop.stop_requested()) {
        never.wait_for(lock, stop, look_again, [] { return false; });
    }
    auto lease = place_.leases->acquire(place_.servers, stop, [&] {
        waited = true;
        place_.waiting(true);
    });
    if (waited && lease != nullptr) {
        place_.waiting(false);
    }
    return lease;
}

}  // namespace bascule::daemon
