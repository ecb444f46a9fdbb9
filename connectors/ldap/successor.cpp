#include "connectors/ldap/successor.hpp"

#include <algorithm>
#include <utility>

#include "connectors/ldap/material.hpp"
#include "directory/base/log.hpp"

namespace bascule::ldap {

using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {
constexpr seconds first_retry{5};
constexpr seconds longest_retry{60};
constexpr seconds find_interval{30};
}  // namespace

Successor::Successor(
    ConnectionOptions options, const Connection& connection, std::stop_token stream_stop
)
    : options_(std::move(options)),
      stream_stop_(std::move(stream_stop)),
      server_(connection.server()),
      material_(connection.material()) {
    if (options_.look_interval.count() > 0) {
        thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
}

std::optional<Connection> Successor::take() {
    const std::scoped_lock lock(mutex_);
    ready_ = false;
    auto taken = std::exchange(next_, std::nullopt);
    if (taken) {
        taken->obey(stream_stop_);
        server_ = taken->server();
        material_ = taken->material();
    }
    return taken;
}

void Successor::give_up(const Connection& taken, const Connection& stays, const Error& error) {
    if (taken.server() == stays.server()) {
        tell_refused(error);
    } else {
        options_.reach->failed(taken.server());
    }
    const std::scoped_lock lock(mutex_);
    rests_until_ = steady_clock::now() + longest_retry;
    server_ = stays.server();
    material_ = stays.material();
}

Deadline Successor::deadline() const {
    return steady_clock::now() + options_.network_timeout + options_.operation_timeout;
}

void Successor::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        {
            std::unique_lock lock(mutex_);
            wake_.wait_for(lock, stop, options_.look_interval, [] { return false; });
        }
        if (!stop.stop_requested() && !ready_) {
            look(stop);
        }
    }
}

void Successor::look(const std::stop_token& stop) {
    const auto material = material_of(options_);
    const auto [changed, rests] = [&] {
        const std::scoped_lock lock(mutex_);
        return std::pair(material != material_, steady_clock::now() < rests_until_);
    }();
    if (rests && material == rested_material_) {
        return;
    }
    rested_material_ = material;
    if (changed) {
        renew(material, stop);
    } else {
        if (!refused_material_.empty()) {
            refused_material_.clear();
            options_.reach->set_problem({});
        }
        try_preferred(stop);
    }
}

/// The same server with what is new. What was refused is tried again at longer and longer
/// intervals: files are often replaced one after another.
void Successor::renew(const std::string& material, const std::stop_token& stop) {
    const bool same = material == refused_material_;
    if (same && steady_clock::now() < retry_at_) {
        return;
    }
    const auto server = [&] {
        const std::scoped_lock lock(mutex_);
        return server_;
    }();
    auto connection = Connection::open_bound(options_.at(server), deadline(), stop);
    if (connection) {
        refused_material_.clear();
        options_.reach->set_problem({});
        log::info(
            "directory_access_renewed", "Changed certificates or a changed secret are in use.",
            {{"server", server}}
        );
        return offer(*std::move(connection));
    }
    if (stop.stop_requested()) {
        return;
    }
    retry_pause_ = same ? std::min(longest_retry, retry_pause_ * 2) : first_retry;
    retry_at_ = steady_clock::now() + retry_pause_;
    refused_material_ = material;
    tell_refused(connection.error());
}

void Successor::tell_refused(const Error& error) const {
    constexpr std::string_view sentence =
        "Certificates or secret have changed, and no new connection can be made with them; the old "
        "one is still in use.";
    options_.reach->set_problem(error.code + ": " + std::string(sentence) + " " + error.detail);
    log::warning(
        "directory_access_not_renewed", sentence,
        {{"error", error.code}, {"context", error.context}}
    );
}

void Successor::try_preferred(const std::stop_token& stop) {
    if (options_.loyalty != Loyalty::none || options_.servers.size() == 1) {
        return;
    }
    // Looking names up costs others something.
    if (options_.servers.empty() && steady_clock::now() < find_again_) {
        return;
    }
    find_again_ = steady_clock::now() + find_interval;
    auto candidates = options_.candidates(deadline(), stop);
    if (!candidates) {
        return;
    }
    const auto server = [&] {
        const std::scoped_lock lock(mutex_);
        return server_;
    }();
    const auto own = std::ranges::find(*candidates, server, &Candidate::uri);
    const bool listed = own != candidates->end();
    const int rank = listed ? own->rank : 0;
    std::erase_if(*candidates, [&](const Candidate& one) {
        return (listed && one.rank >= rank) || options_.reach->is_set_aside(one.uri);
    });
    if (candidates->empty()) {
        return;
    }
    auto better = options_;
    better.servers = options_.reach->order(*std::move(candidates));
    if (auto connection = Connection::open_bound(better, deadline(), stop)) {
        offer(*std::move(connection));
    }
}

void Successor::offer(Connection connection) {
    const std::scoped_lock lock(mutex_);
    next_ = std::move(connection);
    ready_ = true;
}

}  // namespace bascule::ldap
