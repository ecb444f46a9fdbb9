#include "connectors/ldap/heartbeat.hpp"

#include <utility>

#include "connectors/ldap/directory_reads.hpp"

namespace bascule::ldap {

using std::chrono::steady_clock;

void StreamProgress::set_cookie(const SyncCookie& cookie) {
    const std::scoped_lock lock(mutex_);
    cookie_ = cookie;
}

SyncCookie StreamProgress::cookie() const {
    const std::scoped_lock lock(mutex_);
    return cookie_;
}

void StreamProgress::message_arrived() {
    waiting_ = false;
    last_message_ = steady_clock::now();
}

bool StreamProgress::silent_since(steady_clock::time_point instant) const {
    return waiting_ && last_message_.load() <= instant;
}

Heartbeat::Heartbeat(
    ConnectionOptions options, SearchRequest scope, std::chrono::milliseconds interval,
    const SyncDialect& dialect, const Wire& wire, const StreamProgress& progress
)
    : options_(std::move(options)),
      scope_(std::move(scope)),
      interval_(interval),
      dialect_(dialect),
      wire_(wire),
      progress_(progress) {
    if (interval_.count() > 0) {
        thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
}

std::optional<Error> Heartbeat::verdict() const {
    const std::scoped_lock lock(mutex_);
    return verdict_;
}

void Heartbeat::run(const std::stop_token& stop) {
    while (!stop.stop_requested() && !verdict()) {
        {
            std::unique_lock lock(mutex_);
            wake_.wait_for(lock, stop, interval_, [] { return false; });
        }
        if (!stop.stop_requested()) {
            beat(stop);
        }
    }
}

void Heartbeat::beat(const std::stop_token& stop) {
    const auto provider = ask(stop);
    if (stop.stop_requested()) {
        return;
    }
    if (provider) {
        failures_ = 0;
        compare(*provider);
        return;
    }
    connection_.reset();
    // A server that refuses has answered.
    if (provider.error().code == "directory_credentials") {
        return;
    }
    if (++failures_ >= 2) {
        declare_dead(
            "directory_silent",
            "The directory server no longer answers; the connection is made anew.",
            provider.error().context
        );
    }
}

Result<SyncCookie> Heartbeat::ask(const std::stop_token& stop) {
    const auto deadline = steady_clock::now() + options_.operation_timeout;
    if (!connection_ || !connection_->alive()) {
        BASCULE_TRY(auto connection, Connection::open_bound(options_, deadline, stop));
        connection_.emplace(std::move(connection));
        BASCULE_TRY(naming_context_, naming_context_of(*connection_, scope_.base, deadline));
    }
    if (dialect_.newest) {
        return dialect_.newest(*connection_, scope_.base, progress_.cookie(), deadline);
    }
    return provider_stamps(*connection_, naming_context_, deadline);
}

void Heartbeat::compare(const SyncCookie& provider) {
    const auto now = steady_clock::now();
    if (!progress_.live() || !known().is_behind(provider)) {
        behind_since_.reset();
        return;
    }
    if (!behind_since_ || !progress_.silent_since(*behind_since_)) {
        behind_since_ = now;
        return;
    }
    if (now - *behind_since_ < 2 * interval_) {
        return;
    }
    if (!missed_nothing(provider)) {
        declare_dead(
            "stream_dead",
            "The directory server has changes that its notification stream does not deliver; the "
            "connection is "
            "made anew.",
            "provider " + provider.to_string(0) + ", stream " + progress_.cookie().to_string(0)
        );
    }
}

SyncCookie Heartbeat::known() const {
    SyncCookie known = of_others_;
    static_cast<void>(known.merge(progress_.cookie()));
    return known;
}

/// Whether everything up to `provider` concerns other parts of the directory.
bool Heartbeat::missed_nothing(const SyncCookie& provider) {
    if (!dialect_.nothing_missed) {
        return false;
    }
    const auto own = known();
    const auto nothing = dialect_.nothing_missed(
        *connection_, scope_, own, steady_clock::now() + options_.operation_timeout
    );
    if (!nothing) {
        connection_.reset();
        return true;  // it cannot be told now; the next beat asks again
    }
    if (*nothing) {
        of_others_ = own;
        static_cast<void>(of_others_.merge(provider));
        behind_since_.reset();
    }
    return *nothing;
}

void Heartbeat::declare_dead(std::string code, std::string sentence, std::string context) {
    {
        const std::scoped_lock lock(mutex_);
        verdict_ = Error{ErrorKind::unavailable, std::move(code),
                         std::move(sentence),    {},
                         std::move(context),     {}};
    }
    wire_.shut();
}

}  // namespace bascule::ldap
