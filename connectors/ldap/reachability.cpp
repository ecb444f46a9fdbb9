#include "connectors/ldap/reachability.hpp"

#include <algorithm>
#include <utility>

#include "directory/base/log.hpp"

namespace bascule::ldap {
namespace {

using std::chrono::seconds;

constexpr seconds first_pause{5};
constexpr seconds longest_pause{300};
constexpr seconds first_credentials_pause{60};
constexpr seconds longest_credentials_pause{900};
/// A server that is restarted is back by then.
constexpr seconds return_patience{15};

seconds doubled(seconds first, int times, seconds longest) {
    return std::min(longest, first * (1 << std::min(times, 16)));
}

}  // namespace

bool Reachability::set_aside(const std::string& server) const {
    const auto found = failures_.find(server);
    return found != failures_.end() && Clock::now() < found->second.until;
}

bool Reachability::is_set_aside(const std::string& server) const {
    const std::scoped_lock lock(mutex_);
    return set_aside(server);
}

std::vector<std::string> Reachability::order(std::vector<Candidate> candidates, Loyalty loyalty)
    const {
    const std::scoped_lock lock(mutex_);
    std::ranges::stable_sort(candidates, {}, &Candidate::rank);
    const auto last = std::ranges::find(candidates, feed_server_, &Candidate::uri);
    if (loyalty != Loyalty::none && last != candidates.end()) {
        std::rotate(candidates.begin(), last, last + 1);
        if (loyalty == Loyalty::waits && wait_until_ && Clock::now() < *wait_until_) {
            candidates.resize(1);
        }
    }
    std::ranges::stable_partition(candidates, [this](const Candidate& one) {
        return !set_aside(one.uri);
    });
    std::vector<std::string> servers;
    for (auto& candidate : candidates) {
        servers.push_back(std::move(candidate.uri));
    }
    return servers;
}

void Reachability::failed(const std::string& server) {
    const std::scoped_lock lock(mutex_);
    if (set_aside(server)) {
        return;
    }
    auto& failure = failures_[server];
    failure.until = Clock::now() + doubled(first_pause, failure.count++, longest_pause);
}

void Reachability::succeeded(const std::string& server) {
    const std::scoped_lock lock(mutex_);
    failures_.erase(server);
}

void Reachability::feed_was_at(const std::string& server) {
    const std::scoped_lock lock(mutex_);
    if (feed_server_.empty()) {
        feed_server_ = server;
        wait_until_ = Clock::now() + return_patience;
    }
}

void Reachability::feed_at(const std::string& server) {
    const std::scoped_lock lock(mutex_);
    if (!feed_server_.empty() && feed_server_ != server) {
        log::warning(
            "directory_server_changed", "The change feed reads from another directory server.",
            {{"server", server}, {"before", feed_server_}}
        );
    }
    feed_server_ = server;
    feed_connected_ = true;
    ++streams_;
    wait_until_.reset();
}

void Reachability::feed_lost(bool silent) {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(feed_connected_, false)) {
        wait_until_ = Clock::now() + (silent ? seconds{0} : return_patience);
    }
}

Status Reachability::may_bind(const Secret& secret) const {
    const std::scoped_lock lock(mutex_);
    if (refusal_ && Clock::now() < refusal_->until &&
        equal_in_constant_time(refusal_->secret.reveal(), secret.reveal())) {
        return fail(refusal_->error);
    }
    return {};
}

void Reachability::refused(const Secret& secret, const Error& error) {
    const std::scoped_lock lock(mutex_);
    const bool same =
        refusal_ && equal_in_constant_time(refusal_->secret.reveal(), secret.reveal());
    const int count = same ? refusal_->count : 0;
    refusal_ = Refusal{
        secret.duplicate(), error, count + 1,
        Clock::now() + doubled(first_credentials_pause, count, longest_credentials_pause)};
}

void Reachability::accepted() {
    const std::scoped_lock lock(mutex_);
    refusal_.reset();
}

void Reachability::certificate_ends(const std::string& server, Time when) {
    constexpr std::chrono::hours soon{24 * 30};
    const std::scoped_lock lock(mutex_);
    const auto known = certificates_.find(server);
    if (known != certificates_.end() && known->second == when) {
        return;
    }
    certificates_[server] = when;
    if (when - std::chrono::system_clock::now() < soon) {
        log::warning(
            "directory_certificate_ends",
            "The certificate of a directory server ends within 30 days.",
            {{"server", server}, {"ends", format_time(when)}}
        );
    }
}

void Reachability::count_referral() {
    const std::scoped_lock lock(mutex_);
    ++referrals_;
}

void Reachability::set_problem(std::string problem) {
    const std::scoped_lock lock(mutex_);
    problem_ = std::move(problem);
}

Reachability::View Reachability::view() const {
    const std::scoped_lock lock(mutex_);
    View view;
    if (feed_connected_) {
        view.server = feed_server_;
    }
    for (const auto& [server, failure] : failures_) {
        if (Clock::now() < failure.until) {
            view.set_aside.push_back(server);
        }
    }
    view.certificates = certificates_;
    view.referrals = referrals_;
    view.streams = streams_;
    view.problem = problem_;
    return view;
}

}  // namespace bascule::ldap
