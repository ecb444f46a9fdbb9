#include "daemon/serve.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "daemon/events/push_delivery.hpp"
#include "daemon/generation.hpp"
#include "daemon/heartbeat.hpp"
#include "daemon/housekeeping.hpp"
#include "daemon/log_sink.hpp"
#include "daemon/management_routes.hpp"
#include "daemon/operator_schemas.hpp"
#include "daemon/reload.hpp"
#include "daemon/request_log.hpp"
#include "daemon/samplers.hpp"
#include "daemon/service_manager.hpp"
#include "daemon/what_if/what_if_service.hpp"

namespace bascule::daemon {
namespace {

constexpr std::chrono::seconds drain_limit{20};
constexpr int could_not_start = 2;

sigset_t block_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
        sigaddset(&set, number);
    }
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

std::string_view format_name(config::LogFormat format) {
    switch (format) {
        case config::LogFormat::text:
            return "text";
        case config::LogFormat::json:
            return "json";
        case config::LogFormat::journal:
            return "journal";
        case config::LogFormat::automatic:
            return "auto";
    }
    return "auto";
}

/// Everything that runs, in the order of its making; destroyed in reverse.
class Daemon {
  public:
    Daemon(std::string config_path, LogSink& sink)
        : config_path_(std::move(config_path)), sink_(sink) {}

    [[nodiscard]] Status start(config::Settings settings) {
        BASCULE_TRY(
            std::shared_ptr<scim::SchemaRegistry> schemas, require_schemas(settings, config_path_)
        );
        BASCULE_TRY(core_, open_core(settings.sqlite_path, *schemas));
        observer_ = std::make_unique<RequestLog>(core_->metrics, sink_);
        BASCULE_TRY(generation_, build_generation(*core_, std::move(settings), schemas));
        core_->throttle.set_limits(throttle_limits(generation_->settings));
        core_->limits.set_classes(rate_classes(generation_->settings));
        auto management = std::make_shared<http::Router>();
        BASCULE_CHECK(add_management_routes(*management, core_->health, core_->metrics));
        BASCULE_TRY(
            server_, http::Server::open(
                         server_options(generation_->settings, generation_, management), *observer_
                     )
        );
        add_health_checks(core_->health, *core_->store, [this] { return generation(); });
        add_samplers(core_->metrics, *server_, *core_->store, [this] { return generation(); });
        core_->metrics.reloaded(true, core_->clock.now());
        generation_->sources->start();
        core_->what_if = std::make_shared<WhatIfService>(
            generation_->settings.sqlite_path, core_->clock, core_->scans, core_->metrics,
            [this] { return configured_rules(generation()->settings); }
        );
        core_->what_if->resume();
        BASCULE_CHECK(core_->async->start([this](const AsyncRequest& request) {
            return run_async(*generation(), request);
        }));
        server_->start();
        core_->health.set_started();
        start_heartbeat();
        start_housekeeping();
        start_events();
        manager_.ready(status_line());
        log::info("started", "Bascule serves.", {{"status", status_line()}});
        return {};
    }

    void handle_hangup() {
        manager_.reloading();
        std::shared_ptr<Generation> next = generation();
        const Status outcome = reload(config_path_, *core_, *server_, next);
        core_->metrics.reloaded(outcome.has_value(), core_->clock.now());
        if (outcome) {
            const std::lock_guard lock(mutex_);
            generation_.swap(next);
            sink_.set_level(generation_->settings.log_level);
        }
        if (outcome) {
            log::info("reloaded", "The configuration was taken over.");
        } else {
            log::error("reload_refused", outcome.error().detail, {{"code", outcome.error().code}});
        }
        core_->reloads.note(outcome);
        manager_.ready(
            outcome ? status_line()
                    : "running on the former configuration: " + outcome.error().detail
        );
    }

    void tell_status() { manager_.status(status_line()); }

    void stop() {
        log::info("stopping", "Requests in progress end, then the daemon stops.");
        manager_.stopping("ending requests in progress");
        core_->health.set_stopping();
        heartbeat_.reset();
        housekeeping_.reset();
        push_.reset();
        core_->async->stop();
        core_->plans->stop();
        core_->what_if->stop();
        core_->store->journal_signal().close();
        server_->stop(drain_limit);
        generation()->sources->stop();
        log::info("stopped", "Bascule has stopped.");
    }

  private:
    [[nodiscard]] std::shared_ptr<Generation> generation() {
        const std::lock_guard lock(mutex_);
        return generation_;
    }

    [[nodiscard]] std::string status_line() { return generation()->sources->status_line(); }

    void start_heartbeat() {
        Heartbeat::Options options;
        if (const auto interval = ServiceManager::watchdog_interval()) {
            options.interval = std::chrono::duration_cast<std::chrono::milliseconds>(*interval) / 3;
        }
        heartbeat_ =
            std::make_unique<Heartbeat>(*server_, options, [this] { manager_.feed_watchdog(); });
    }

    void start_housekeeping() {
        const auto plan = [this] {
            const std::shared_ptr<Generation> now = generation();
            return Housekeeping::Plan{
                now->settings.retain_deleted,
                now->settings.audit_retain,
                {now, now->sessions.get()}};
        };
        housekeeping_ = std::make_unique<Housekeeping>(
            *core_->store, core_->clock, core_->metrics, plan, Housekeeping::Timing{}
        );
    }

    void start_events() {
        push_ = std::make_unique<PushDelivery>(
            *core_->store, core_->clock, *core_->streams,
            [this] {
                const std::shared_ptr<Generation> now = generation();
                return PushDelivery::Means{now, &now->events->composer, now->events->signer.get()};
            },
            PushDelivery::Timing{}
        );
    }

    const std::string config_path_;
    LogSink& sink_;
    ServiceManager manager_;
    std::unique_ptr<Core> core_;
    std::unique_ptr<RequestLog> observer_;
    std::mutex mutex_;
    std::shared_ptr<Generation> generation_;
    std::unique_ptr<http::Server> server_;
    std::unique_ptr<Heartbeat> heartbeat_;
    std::unique_ptr<Housekeeping> housekeeping_;
    std::unique_ptr<PushDelivery> push_;
};

void run_until_stopped(Daemon& daemon, const sigset_t& signals) {
    const timespec period{5, 0};
    for (;;) {
        const int number = sigtimedwait(&signals, nullptr, &period);
        if (number == SIGHUP) {
            daemon.handle_hangup();
        } else if (number == SIGTERM || number == SIGINT) {
            return;
        } else {
            daemon.tell_status();
        }
    }
}

}  // namespace

int serve(const std::string& config_path) {
    umask(077);
    const sigset_t signals = block_signals();
    LogSink sink(choose_log_format("auto"), log::Level::info);
    auto settings = load_settings(config_path);
    if (!settings) {
        log::error("not_started", settings.error().detail, {{"code", settings.error().code}});
        return could_not_start;
    }
    sink.set_format(choose_log_format(format_name(settings->log_format)));
    sink.set_level(settings->log_level);
    Daemon daemon(config_path, sink);
    if (const Status started = daemon.start(*std::move(settings)); !started) {
        const Error& error = started.error();
        log::error("not_started", error.detail, {{"code", error.code}, {"context", error.context}});
        return could_not_start;
    }
    run_until_stopped(daemon, signals);
    daemon.stop();
    return 0;
}

}  // namespace bascule::daemon
