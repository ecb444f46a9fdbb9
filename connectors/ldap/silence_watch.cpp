#include "connectors/ldap/silence_watch.hpp"

#include <algorithm>
#include <utility>

namespace bascule::ldap {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// One part passes before the first question, one while it is open, two are for the second.
constexpr int parts = 4;

ConnectionOptions without_bind(ConnectionOptions options) {
    options.method = BindMethod::simple;
    options.bind_dn.clear();
    return options;
}

}  // namespace

SilenceWatch::SilenceWatch(const ConnectionOptions& options, const Connection& stream)
    : options_(without_bind(options.at(stream.server()))),
      step_(options.silence / parts),
      wire_(stream.wire()),
      answered_at_(steady_clock::now()) {
    const bool useful = options.has_alternatives() && options.loyalty != Loyalty::waits;
    if (useful && step_.count() > 0) {
        thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
}

std::optional<Error> SilenceWatch::verdict() const {
    const std::scoped_lock lock(mutex_);
    return verdict_;
}

void SilenceWatch::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto due = std::max(answered_at_, wire_.heard_at()) + step_;
        if (steady_clock::now() >= due) {
            if (is_silent(stop)) {
                break;
            }
            answered_at_ = steady_clock::now();
        }
        std::unique_lock lock(mutex_);
        wake_.wait_until(lock, stop, due, [] { return false; });
    }
    if (stop.stop_requested()) {
        return;
    }
    {
        const std::scoped_lock lock(mutex_);
        verdict_ = Error{
            ErrorKind::timeout,
            "directory_silent",
            "The directory server no longer answers; another one is used.",
            {},
            options_.servers.front() + " left two questions without an answer",
            {}};
    }
    wire_.shut();
}

bool SilenceWatch::is_silent(const std::stop_token& stop) {
    const auto began = steady_clock::now();
    if (answers(step_, stop)) {
        return false;
    }
    connection_.reset();
    if (stop.stop_requested() || answers(2 * step_, stop)) {
        return false;
    }
    connection_.reset();
    return wire_.heard_at() < began;
}

bool SilenceWatch::answers(milliseconds patience, const std::stop_token& stop) {
    const auto deadline = steady_clock::now() + patience;
    if (!connection_ || !connection_->alive()) {
        connection_.reset();
        auto connection = Connection::open(options_, deadline, stop);
        if (!connection) {
            return connection.error().kind != ErrorKind::timeout;
        }
        connection_.emplace(*std::move(connection));
    }
    SearchRequest root;
    root.attributes = {"1.1"};
    const auto answer = connection_->search(root, deadline);
    return answer || answer.error().kind != ErrorKind::timeout;
}

}  // namespace bascule::ldap
