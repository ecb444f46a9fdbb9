#include "daemon/drift_auditor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <utility>

#include "directory/base/log.hpp"
#include "selfservice/secret_token.hpp"

namespace bascule::daemon {

using mirror::DriftReport;

namespace {

constexpr const char* activity = "Audit mirror";
constexpr std::chrono::seconds look{1};
/// A run that was refused because the source was not live is tried again soon.
constexpr std::chrono::minutes retry_after{5};

/// What is signed.
std::string canonical(const DriftReport& report) {
    return fmt::format(
        "{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", report.source,
        format_time(report.started), format_time(report.finished), report.listed, report.mirrored,
        report.missing, report.surplus, report.stale, report.held, report.complete, report.digest,
        report.problem
    );
}

using Details = std::vector<std::pair<std::string, std::string>>;

std::string_view detail(const Details& details, std::string_view name) {
    const auto found = std::ranges::find(details, name, &Details::value_type::first);
    return found == details.end() ? std::string_view() : std::string_view(found->second);
}

std::uint64_t count(const Details& details, std::string_view name) {
    const std::string_view text = detail(details, name);
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

Details details_of(const DriftReport& report, const std::string& signature) {
    return {
        {"drift", std::to_string(report.drift())},
        {"missing", std::to_string(report.missing)},
        {"surplus", std::to_string(report.surplus)},
        {"stale", std::to_string(report.stale)},
        {"held", std::to_string(report.held)},
        {"moving", std::to_string(report.moving)},
        {"listed", std::to_string(report.listed)},
        {"mirrored", std::to_string(report.mirrored)},
        {"lookedAt", std::to_string(report.looked_at)},
        {"complete", report.complete ? "true" : "false"},
        {"started", format_time(report.started)},
        {"finished", format_time(report.finished)},
        {"digest", report.digest},
        {"problem", report.problem},
        {"signature", signature}};
}

DriftReport report_from(const std::string& source, const Details& details) {
    DriftReport report;
    report.source = source;
    report.missing = count(details, "missing");
    report.surplus = count(details, "surplus");
    report.stale = count(details, "stale");
    report.held = count(details, "held");
    report.moving = count(details, "moving");
    report.listed = count(details, "listed");
    report.mirrored = count(details, "mirrored");
    report.looked_at = count(details, "lookedAt");
    report.complete = detail(details, "complete") == "true";
    report.started = parse_time(detail(details, "started")).value_or(Time{});
    report.finished = parse_time(detail(details, "finished")).value_or(Time{});
    report.digest = detail(details, "digest");
    report.problem = detail(details, "problem");
    return report;
}

/// The next instant at which the clock on the wall shows that time.
Time next_at(int minutes, Time now) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    std::tm local{};
    localtime_r(&seconds, &local);
    local.tm_hour = minutes / 60;
    local.tm_min = minutes % 60;
    local.tm_sec = 0;
    local.tm_isdst = -1;
    std::tm tomorrow = local;
    ++tomorrow.tm_mday;
    const std::time_t today = std::mktime(&local);
    const std::time_t chosen = today > seconds ? today : std::mktime(&tomorrow);
    return Time(std::chrono::seconds(chosen));
}

}  // namespace

std::optional<int> parse_time_of_day(const std::string& text) {
    const auto digit = [&](std::size_t at) { return text[at] - '0'; };
    const bool shaped = text.size() == 5 && text[2] == ':' &&
                        std::ranges::all_of(std::array{0U, 1U, 3U, 4U}, [&](unsigned at) {
                            return text[at] >= '0' && text[at] <= '9';
                        });
    if (!shaped) {
        return std::nullopt;
    }
    const int hour = 10 * digit(0) + digit(1);
    const int minute = 10 * digit(3) + digit(4);
    return hour < 24 && minute < 60 ? std::optional(60 * hour + minute) : std::nullopt;
}

std::optional<Time> AuditSchedule::next_after(Time now) const {
    std::optional<Time> next;
    if (at) {
        next = next_at(*at, now);
    }
    if (every.count() > 0) {
        next = std::min(next.value_or(Time::max()), now + every);
    }
    return next;
}

struct DriftAuditor::Entry {
    Entry(Core& core, Subject the_subject)
        : subject(std::move(the_subject)),
          audit(
              *core.store, *subject.inspector, core.clock, subject.name,
              {[this](const directory::SourceEntry& entry) {
                   return subject.runner->check_present(entry);
               },
               [this](const Uuid& anchor, std::size_t together) {
                   return subject.runner->check_absent(anchor, together);
               }},
              subject.timing
          ) {}

    Subject subject;
    mirror::DriftAudit audit;
    // What follows is guarded by the auditor's mutex.
    bool wanted = false;
    bool running = false;
    bool waiting = false;
    std::optional<Time> next;
    std::optional<DriftReport> last;
    std::string signature;
    bool signature_valid = false;
    std::string refused;
};

DriftAuditor::DriftAuditor(Core& core, std::vector<Subject> subjects) : core_(core) {
    for (Subject& subject : subjects) {
        entries_.push_back(std::make_unique<Entry>(core, std::move(subject)));
    }
}

DriftAuditor::~DriftAuditor() {
    stop();
}

void DriftAuditor::start() {
    for (const auto& entry : entries_) {
        restore(*entry);
        entry->next = entry->subject.schedule.next_after(core_.clock.now());
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void DriftAuditor::stop() {
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
}

bool DriftAuditor::request(const std::string& source) {
    const std::lock_guard lock(mutex_);
    const auto entry =
        std::ranges::find(entries_, source, [](const auto& one) { return one->subject.name; });
    if (entry == entries_.end()) {
        return false;
    }
    (*entry)->wanted = true;
    wake_.notify_all();
    return true;
}

std::vector<DriftAuditor::State> DriftAuditor::states() const {
    const std::lock_guard lock(mutex_);
    std::vector<State> all;
    for (const auto& entry : entries_) {
        all.push_back(
            {entry->subject.name, entry->running || entry->wanted, entry->waiting,
             entry->running ? entry->audit.listed_so_far() : 0, entry->next, entry->last,
             entry->signature, entry->signature_valid, entry->refused}
        );
    }
    return all;
}

/// The next source whose time has come.
DriftAuditor::Entry* DriftAuditor::due() {
    const Time now = core_.clock.now();
    for (const auto& entry : entries_) {
        if (entry->wanted || (entry->next && *entry->next <= now)) {
            entry->wanted = false;
            entry->running = true;
            return entry.get();
        }
    }
    return nullptr;
}

void DriftAuditor::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        Entry* entry = nullptr;
        {
            std::unique_lock lock(mutex_);
            entry = due();
            if (entry == nullptr) {
                wake_.wait_for(lock, stop, look, [] { return false; });
            }
        }
        if (entry != nullptr) {
            audit(*entry, stop);
        }
    }
}

void DriftAuditor::audit(Entry& entry, const std::stop_token& stop) {
    const mirror::SourceStatus status = entry.subject.runner->snapshot();
    if (status.state != "live") {
        const std::lock_guard lock(mutex_);
        entry.running = false;
        entry.refused = "The source is " + status.state + ", not live.";
        entry.next = core_.clock.now() + retry_after;
        return;
    }
    const auto lease = core_.scans.acquire(entry.subject.servers, stop, [&] {
        const std::lock_guard lock(mutex_);
        entry.waiting = true;
    });
    if (lease == nullptr) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        entry.waiting = false;
    }
    DriftReport report = entry.audit.run(stop);
    if (stop.stop_requested()) {
        return;
    }
    const std::string signature = sign(report);
    if (const Status kept = keep(report, signature); !kept) {
        log::error("audit_not_kept", kept.error().detail, {{"source", report.source}});
    }
    const std::lock_guard lock(mutex_);
    const Time now = core_.clock.now();
    entry.running = false;
    entry.refused.clear();
    entry.next = entry.subject.schedule.next_after(now);
    if (!report.problem.empty() && entry.next) {
        entry.next = std::min(*entry.next, now + retry_after);
    }
    entry.last = std::move(report);
    entry.signature = signature;
    entry.signature_valid = true;
}

Status DriftAuditor::keep(const DriftReport& report, const std::string& signature) {
    directory::JournalRecord record;
    record.actor = {directory::ActorKind::source, {}, report.source};
    record.origin = "Sync";
    record.activity = activity;
    record.target_display = report.source;
    if (report.drift() > 0 || !report.problem.empty()) {
        record.outcome = directory::Outcome::failed;
        record.reason =
            report.drift() > 0 ? "drift" : report.problem.substr(0, report.problem.find(':'));
        log::warning(
            "mirror_drift",
            report.problem.empty() ? "The mirror differed from its directory and was mended."
                                   : "The mirror could not be compared with its directory.",
            {{"source", report.source},
             {"drift", std::to_string(report.drift())},
             {"problem", report.problem}}
        );
    }
    record.details = details_of(report, signature);
    return core_.store->write(
        directory::Durability::full,
        [&](directory::Transaction& transaction) { return transaction.append(record); }
    );
}

std::string DriftAuditor::sign(const DriftReport& report) const {
    const Secret key = core_.installation_key.derive("drift report");
    return selfservice::keyed_hash(key.reveal(), canonical(report));
}

/// The newest report of the journal.
void DriftAuditor::restore(Entry& entry) {
    directory::JournalQuery query;
    query.newest_first = true;
    query.limit = 1;
    query.actor = entry.subject.name;
    query.activity = activity;
    std::vector<directory::JournalRecord> records;
    const Status read = core_.store->read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(records, reader.journal(query));
        return {};
    });
    if (!read || records.empty()) {
        return;
    }
    entry.last = report_from(entry.subject.name, records.front().details);
    entry.signature = detail(records.front().details, "signature");
    entry.signature_valid = entry.signature == sign(*entry.last);
}

}  // namespace bascule::daemon
