#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "directory/base/time.hpp"
#include "directory/model/journal.hpp"
#include "http/server/observer.hpp"

namespace bascule::daemon {

/// Everything that is counted, and its text for Prometheus. Thread-safe.
class Metrics {
  public:
    Metrics();

    void request_finished(const http::RequestEvent& event);
    void connections_changed(std::string_view listener, int by);
    void connection_refused(std::string_view listener, http::ConnectionRefusal why);
    /// What the journal tells: every activity by outcome and reason, failed sign-ins among them.
    void recorded(const directory::JournalRecord& record);
    void reloaded(bool success, Time when);
    /// Housekeeping removed so many of "sessions", "deleted_objects" and so on.
    void removed(std::string_view kind, std::uint64_t count);
    /// Housekeeping has come to its end.
    void housekept(bool success, Time when);

    /// Sets gauges and counters just before every scrape.
    using Sampler = std::function<void(Metrics&)>;
    void add_sampler(Sampler sampler);
    /// A gauge of that name; `help` counts at the first use.
    void set(
        const std::string& name, const std::string& help,
        const std::map<std::string, std::string>& labels, double value
    );

    /// Raises a counter of that name to `total`; it never falls, whatever the total does.
    void raise(
        const std::string& name, const std::string& help,
        const std::map<std::string, std::string>& labels, double total
    );

    /// Takes a gauge or counter away that set() or raise() made, when what it is about is gone.
    void forget(const std::string& name, const std::map<std::string, std::string>& labels);

    /// The exposition format, version 0.0.4.
    [[nodiscard]] std::string text();

  private:
    struct Series {
        prometheus::Counter* count;
        prometheus::Histogram* seconds;
    };
    [[nodiscard]] Series series(const http::RequestEvent& event);

    prometheus::Registry registry_;
    prometheus::Family<prometheus::Counter>& requests_;
    prometheus::Family<prometheus::Histogram>& request_seconds_;
    prometheus::Family<prometheus::Gauge>& connections_;
    prometheus::Family<prometheus::Counter>& refused_;
    prometheus::Family<prometheus::Counter>& records_;
    prometheus::Family<prometheus::Counter>& sign_in_failures_;
    prometheus::Family<prometheus::Counter>& removed_;
    prometheus::Family<prometheus::Counter>& housekeeping_runs_;
    prometheus::Gauge& housekeeping_time_;
    prometheus::Gauge& reload_success_;
    prometheus::Gauge& reload_time_;

    std::shared_mutex mutex_;
    std::unordered_map<std::string, Series> series_;
    std::mutex families_mutex_;
    std::map<std::string, prometheus::Family<prometheus::Gauge>*> gauges_;
    std::map<std::string, prometheus::Family<prometheus::Counter>*> counters_;
    std::mutex samplers_mutex_;
    std::vector<Sampler> samplers_;
};

}  // namespace bascule::daemon
