#include "daemon/samplers.hpp"

#include <atomic>
#include <chrono>
#include <utility>

#include "daemon/events/stream_sampler.hpp"

namespace bascule::daemon {
namespace {

constexpr std::size_t journal_page = 1000;

double seconds_of(Time time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

void sample_source(Metrics& metrics, const mirror::SourceStatus& status) {
    const std::map<std::string, std::string> labels{{"source", status.name}};
    const auto set = [&](const char* name, const char* help, double value) {
        metrics.set(name, help, labels, value);
    };
    set("bascule_source_live", "Whether changes arrive as they happen.",
        status.state == "live" ? 1 : 0);
    set("bascule_source_objects", "Objects mirrored.", static_cast<double>(status.objects));
    set("bascule_source_quarantined", "Entries that match and cannot be served.",
        static_cast<double>(status.quarantined));
    set("bascule_source_held", "Removals that wait for a decision.",
        static_cast<double>(status.held));
    metrics.raise(
        "bascule_source_entries_received_total", "Entries received.", labels,
        static_cast<double>(status.received)
    );
    if (status.lag) {
        set("bascule_source_lag_seconds",
            "From the server's stamp of the last live change to its commit here.",
            static_cast<double>(*status.lag) / 1000.0);
    }
    if (status.last_contact) {
        set("bascule_source_last_contact_timestamp_seconds", "The directory was heard of.",
            seconds_of(*status.last_contact));
    }
    if (status.last_change) {
        set("bascule_source_last_change_timestamp_seconds", "Last committed change.",
            seconds_of(*status.last_change));
    }
}

void sample_reach(
    Metrics& metrics, const std::string& source, const ldap::Reachability::View& reach
) {
    for (const auto& [server, end] : reach.certificates) {
        metrics.set(
            "bascule_source_certificate_expiry_timestamp_seconds",
            "When the certificate of a directory server ends.",
            {{"source", source}, {"server", server}}, seconds_of(end)
        );
    }
    metrics.set(
        "bascule_source_servers_set_aside", "Directory servers that failed lately.",
        {{"source", source}}, static_cast<double>(reach.set_aside.size())
    );
    metrics.set(
        "bascule_source_access_problem",
        "Whether changed certificates or a changed secret are not accepted.", {{"source", source}},
        reach.problem.empty() ? 0 : 1
    );
    metrics.raise(
        "bascule_source_referrals_total", "References to other servers; they are not followed.",
        {{"source", source}}, static_cast<double>(reach.referrals)
    );
}

void sample_drift(Metrics& metrics, const DriftAuditor::State& state) {
    if (!state.last) {
        return;
    }
    const std::map<std::string, std::string> labels{{"source", state.source}};
    metrics.set(
        "bascule_source_drift",
        "Entries that the last comparison with the directory found otherwise; 0 is right.", labels,
        static_cast<double>(state.last->drift())
    );
    metrics.set(
        "bascule_source_audit_complete", "Whether the last comparison came to its end.", labels,
        state.last->complete && state.last->problem.empty() ? 1 : 0
    );
    metrics.set(
        "bascule_source_audit_timestamp_seconds", "When the last comparison ended.", labels,
        seconds_of(state.last->finished)
    );
}

ComponentHealth store_health(directory::Store& store) {
    const Status outcome = store.read([](directory::Reader& reader) -> Status {
        BASCULE_TRY([[maybe_unused]] const auto sequence, reader.last_sequence());
        return {};
    });
    return {"store", outcome.has_value(), outcome ? "ok" : outcome.error().detail};
}

ComponentHealth sources_health(const CurrentGeneration& current) {
    const auto generation = current();
    const auto loaded = generation->sources->all_loaded();
    ComponentHealth health{"sources", loaded && *loaded, ""};
    for (const mirror::SourceStatus& status : generation->sources->statuses()) {
        health.detail.append(health.detail.empty() ? "" : "; ")
            .append(status.name)
            .append(" ")
            .append(status.state);
        if (!status.last_error.empty()) {
            health.detail.append(": ").append(status.last_error);
        }
    }
    return health;
}

std::int64_t last_sequence(directory::Store& store) {
    std::int64_t sequence = 0;
    const Status outcome = store.read([&sequence](directory::Reader& reader) -> Status {
        BASCULE_TRY(sequence, reader.last_sequence());
        return {};
    });
    return outcome ? sequence : 0;
}

/// The next page of the journal; empty at its end and when it cannot be read.
std::vector<directory::JournalRecord> records_after(directory::Store& store, std::int64_t after) {
    directory::JournalQuery query;
    query.after = after;
    query.limit = journal_page;
    std::vector<directory::JournalRecord> records;
    const Status outcome = store.read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(records, reader.journal(query));
        return {};
    });
    return outcome ? std::move(records) : std::vector<directory::JournalRecord>();
}

}  // namespace

void add_health_checks(Health& health, directory::Store& store, CurrentGeneration current) {
    health.add([&store] { return store_health(store); });
    health.add([current = std::move(current)] { return sources_health(current); });
}

void add_samplers(
    Metrics& metrics, http::Server& server, directory::Store& store, CurrentGeneration current
) {
    metrics.add_sampler([current](Metrics& target) {
        for (const auto& refused : current()->core.limits.refused()) {
            const auto raise = [&](const char* kind, std::uint64_t total) {
                target.raise(
                    "bascule_rate_limited_requests_total",
                    "Requests of clients that were beyond their limits, by class and kind.",
                    {{"class", refused.rate_class}, {"kind", kind}}, static_cast<double>(total)
                );
            };
            raise("read", refused.reads);
            raise("write", refused.writes);
        }
    });
    metrics.add_sampler([current](Metrics& target) {
        const auto generation = current();
        for (const mirror::SourceStatus& status : generation->sources->statuses()) {
            sample_source(target, status);
            sample_reach(target, status.name, generation->sources->reach(status.name));
        }
    });
    metrics.add_sampler([current](Metrics& target) {
        const auto generation = current();
        if (const DriftAuditor* const auditor = generation->sources->auditor()) {
            for (const DriftAuditor::State& state : auditor->states()) {
                sample_drift(target, state);
            }
        }
    });
    metrics.add_sampler(stream_sampler(
        store, current()->core.clock, *current()->core.streams,
        [current] {
            auto generation = current();
            const scim::events::EventComposer* const composer = &generation->events->composer;
            return std::shared_ptr<const scim::events::EventComposer>(
                std::move(generation), composer
            );
        }
    ));
    metrics.add_sampler([&server](Metrics& target) {
        for (const http::PoolLoad& load : server.pool_loads()) {
            const std::map<std::string, std::string> labels{{"pool", load.name}};
            target.set(
                "bascule_pool_queued", "Requests that wait.", labels,
                static_cast<double>(load.queued)
            );
        }
        target.set(
            "bascule_tls_certificate_expiry_timestamp_seconds", "When the certificate in use ends.",
            {}, seconds_of(server.certificate_expiry())
        );
    });
    // The journal counts for us: each scrape takes up what was written since the one before.
    metrics.add_sampler([&store, after = std::make_shared<std::int64_t>(last_sequence(store)
                                 )](Metrics& target) {
        for (std::size_t count = journal_page; count == journal_page;) {
            const auto records = records_after(store, *after);
            count = records.size();
            for (const directory::JournalRecord& record : records) {
                target.recorded(record);
                *after = record.sequence;
            }
        }
        target.set(
            "bascule_journal_sequence", "Number of the newest record.", {},
            static_cast<double>(*after)
        );
    });
}

}  // namespace bascule::daemon
