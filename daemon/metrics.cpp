#include "daemon/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <chrono>
#include <map>
#include <utility>

namespace bascule::daemon {
namespace {

const prometheus::Histogram::BucketBoundaries boundaries{
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

double seconds_of(Time time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

Metrics::Metrics()
    : requests_(prometheus::BuildCounter()
                    .Name("bascule_http_requests_total")
                    .Help("Requests answered, by listener, method, route and status.")
                    .Register(registry_)),
      request_seconds_(
          prometheus::BuildHistogram()
              .Name("bascule_http_request_seconds")
              .Help("From the first byte of a request to the last of its answer, by route.")
              .Register(registry_)
      ),
      connections_(prometheus::BuildGauge()
                       .Name("bascule_http_connections")
                       .Help("Open connections.")
                       .Register(registry_)),
      refused_(prometheus::BuildCounter()
                   .Name("bascule_http_connections_refused_total")
                   .Help("Connections that ended before a request, by reason.")
                   .Register(registry_)),
      records_(prometheus::BuildCounter()
                   .Name("bascule_journal_records_total")
                   .Help("Records written to the journal, by activity, outcome and reason.")
                   .Register(registry_)),
      sign_in_failures_(prometheus::BuildCounter()
                            .Name("bascule_sign_in_failures_total")
                            .Help("Sign-ins that failed, by reason.")
                            .Register(registry_)),
      removed_(prometheus::BuildCounter()
                   .Name("bascule_housekeeping_removed_total")
                   .Help("What was kept long enough and removed, by kind.")
                   .Register(registry_)),
      housekeeping_runs_(prometheus::BuildCounter()
                             .Name("bascule_housekeeping_runs_total")
                             .Help("Rounds of housekeeping by outcome.")
                             .Register(registry_)),
      housekeeping_time_(prometheus::BuildGauge()
                             .Name("bascule_housekeeping_last_success_timestamp_seconds")
                             .Help("When housekeeping last came to its end without an error.")
                             .Register(registry_)
                             .Add({})),
      reload_success_(prometheus::BuildGauge()
                          .Name("bascule_config_last_reload_successful")
                          .Help("Whether the last load of the configuration was taken over.")
                          .Register(registry_)
                          .Add({})),
      reload_time_(prometheus::BuildGauge()
                       .Name("bascule_config_last_reload_success_timestamp_seconds")
                       .Help("When the configuration in use was loaded.")
                       .Register(registry_)
                       .Add({})) {}

Metrics::Series Metrics::series(const http::RequestEvent& event) {
    thread_local std::string key;
    key.clear();
    const std::string status = std::to_string(event.status);
    key.append(event.listener)
        .append("\n")
        .append(event.route)
        .append("\n")
        .append(status)
        .append("\n");
    key.append(http::to_string(event.method));
    {
        const std::shared_lock lock(mutex_);
        if (const auto found = series_.find(key); found != series_.end()) {
            return found->second;
        }
    }
    const std::unique_lock lock(mutex_);
    const std::string listener(event.listener);
    const std::string route(event.route.empty() ? "none" : event.route);
    const Series made{
        &requests_.Add(
            {{"listener", listener},
             {"method", std::string(http::to_string(event.method))},
             {"route", route},
             {"status", status}}
        ),
        &request_seconds_.Add({{"listener", listener}, {"route", route}}, boundaries)};
    return series_.emplace(key, made).first->second;
}

void Metrics::request_finished(const http::RequestEvent& event) {
    const Series found = series(event);
    found.count->Increment();
    found.seconds->Observe(std::chrono::duration<double>(event.duration).count());
}

void Metrics::connections_changed(std::string_view listener, int by) {
    connections_.Add({{"listener", std::string(listener)}}).Increment(by);
}

void Metrics::connection_refused(std::string_view listener, http::ConnectionRefusal why) {
    const char* reason =
        why == http::ConnectionRefusal::limit_reached ? "limit_reached" : "tls_handshake";
    refused_.Add({{"listener", std::string(listener)}, {"reason", reason}}).Increment();
}

void Metrics::recorded(const directory::JournalRecord& record) {
    const bool success = record.outcome == directory::Outcome::success;
    const std::string outcome = success                                         ? "success"
                                : record.outcome == directory::Outcome::refused ? "refused"
                                                                                : "failed";
    records_.Add({{"activity", record.activity}, {"outcome", outcome}, {"reason", record.reason}}
    ).Increment();
    if (!success && record.activity == "Sign in") {
        sign_in_failures_.Add({{"reason", record.reason}}).Increment();
    }
}

void Metrics::reloaded(bool success, Time when) {
    reload_success_.Set(success ? 1 : 0);
    if (success) {
        reload_time_.Set(seconds_of(when));
    }
}

void Metrics::removed(std::string_view kind, std::uint64_t count) {
    removed_.Add({{"kind", std::string(kind)}}).Increment(static_cast<double>(count));
}

void Metrics::housekept(bool success, Time when) {
    housekeeping_runs_.Add({{"outcome", success ? "success" : "failed"}}).Increment();
    if (success) {
        housekeeping_time_.Set(seconds_of(when));
    }
}

void Metrics::add_sampler(Sampler sampler) {
    const std::lock_guard lock(samplers_mutex_);
    samplers_.push_back(std::move(sampler));
}

void Metrics::set(
    const std::string& name, const std::string& help,
    const std::map<std::string, std::string>& labels, double value
) {
    // Registering a family again gives the one that is there.
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
    const std::lock_guard lock(families_mutex_);
    gauges_[name] = &family;
    family.Add(labels).Set(value);
}

void Metrics::raise(
    const std::string& name, const std::string& help,
    const std::map<std::string, std::string>& labels, double total
) {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
    const std::lock_guard lock(families_mutex_);
    counters_[name] = &family;
    auto& counter = family.Add(labels);
    if (const double by = total - counter.Value(); by > 0) {
        counter.Increment(by);
    }
}

void Metrics::forget(const std::string& name, const std::map<std::string, std::string>& labels) {
    const std::lock_guard lock(families_mutex_);
    if (const auto gauge = gauges_.find(name); gauge != gauges_.end()) {
        gauge->second->Remove(&gauge->second->Add(labels));
    }
    if (const auto counter = counters_.find(name); counter != counters_.end()) {
        counter->second->Remove(&counter->second->Add(labels));
    }
}

std::string Metrics::text() {
    const std::lock_guard lock(samplers_mutex_);
    for (const Sampler& sampler : samplers_) {
        sampler(*this);
    }
    return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace bascule::daemon
