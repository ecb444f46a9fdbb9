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
    WorkConnection& work, std::string server, SearchRequest scope,
    std::chrono::milliseconds interval, const SyncDialect& dialect, const Wire& wire,
    const StreamProgress& progress
)
    : work_(work),
      server_(std::move(server)),
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
        compare(*provider, stop);
        return;
    }
    // A server that refuses has answered, and one that nobody got to ask was not silent.
    const auto& code = provider.error().code;
    if (code == "directory_credentials" || code == connections_busy_code) {
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

Deadline Heartbeat::deadline() const {
    return steady_clock::now() + work_.options().operation_timeout;
}

Result<SyncCookie> Heartbeat::ask(const std::stop_token& stop) {
    const auto until = deadline();
    return work_.run_at_server<SyncCookie>(
        server_, until, [&](Connection& connection) { return read_provider(connection, until); },
        stop
    );
}

Result<SyncCookie> Heartbeat::read_provider(Connection& connection, Deadline deadline) {
    if (dialect_.newest) {
        return dialect_.newest(connection, scope_.base, progress_.cookie(), deadline);
    }
    if (naming_context_.empty()) {
        BASCULE_TRY(naming_context_, naming_context_of(connection, scope_.base, deadline));
    }
    return provider_stamps(connection, naming_context_, deadline);
}

void Heartbeat::compare(const SyncCookie& provider, const std::stop_token& stop) {
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
    if (!missed_nothing(provider, stop)) {
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
bool Heartbeat::missed_nothing(const SyncCookie& provider, const std::stop_token& stop) {
    if (!dialect_.nothing_missed) {
        return false;
    }
    const auto own = known();
    const auto until = deadline();
    const auto nothing = work_.run_at_server<bool>(
        server_, until,
        [&](Connection& connection) {
            return dialect_.nothing_missed(connection, scope_, own, until);
        },
        stop
    );
    if (!nothing) {
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
