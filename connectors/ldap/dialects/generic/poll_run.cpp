#include "connectors/ldap/dialects/generic/poll_run.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "connectors/ldap/anchor.hpp"
#include "connectors/ldap/controlled_requests.hpp"
#include "connectors/ldap/dialects/generic/poll_failure.hpp"
#include "connectors/ldap/dialects/generic/time_stamps.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/plain_inspector.hpp"
#include "directory/base/log.hpp"
#include "directory/base/text.hpp"
#include "directory/base/time.hpp"

namespace bascule::ldap {

using directory::FeedEnd;
using directory::FeedResult;
using directory::SourceEntry;
using std::chrono::steady_clock;

namespace {

constexpr std::string_view dn_anchor = "dn";
// A listing that something calls for may take this share of the time, so that many deletions do not
// keep the server busy.
constexpr int audit_share = 10;

/// The stamp a look begins with; empty when `newest` is no time.
std::string earlier(const std::string& newest, std::chrono::milliseconds by) {
    const auto time = parse_generalized_time(newest);
    if (!time) {
        return {};
    }
    // 2026-11-22T00:36:59.123Z without its punctuation and its fraction
    std::string text = format_time(*time - by).substr(0, 19);
    std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'T'; });
    return text + "Z";
}

void take_out(SourceEntry& entry, std::string_view name) {
    std::erase_if(entry.attributes, [&](const directory::RawAttribute& one) {
        return equals_ignoring_ascii_case(one.name, name);
    });
}

bool contains(const auto& names, std::string_view name) {
    return std::ranges::any_of(names, [&](const auto& one) {
        return equals_ignoring_ascii_case(one, name);
    });
}

}  // namespace

PollRun::PollRun(
    const PollOptions& options, Connection& connection, const SourceEntry& root,
    KnownEntries& known, std::string newest, directory::FeedSink& sink, const std::stop_token& stop
)
    : options_(options),
      connection_(connection),
      known_(known),
      sink_(sink),
      stop_(stop),
      pages_(contains(root.values("supportedControl"), LDAP_CONTROL_PAGEDRESULTS)),
      attributes_(options.attributes),
      newest_(std::move(newest)) {
    if (attributes_.empty()) {
        attributes_.emplace_back("*");
    }
    attributes_.emplace_back(modified);
    attributes_.emplace_back(created);
    if (!ChangeAlarm::is_offered(root)) {
        return;
    }
    const auto same_server = options_.connection.at(connection_.server());
    if (auto alarm = ChangeAlarm::start(same_server, options_.base, stop_)) {
        alarm_.emplace(*std::move(alarm));
    }
}

std::optional<FeedResult> PollRun::follow(bool resumes, const std::function<bool()>& moves) {
    if (auto status = find_anchor(); !status) {
        return failed_poll(std::move(status).error(), stop_);
    }
    const auto from = newest_;
    auto status = refresh(resumes);
    if (status) {
        status = look(from.empty() ? newest_ : from);
    }
    while (status && !stop_.stop_requested()) {
        status = sink_.idle();
        if (status && unconfirmed_.empty() && moves()) {
            return std::nullopt;
        }
        if (status) {
            wait();
        }
        if (status && !stop_.stop_requested()) {
            status = cycle();
        }
    }
    if (status) {
        return FeedResult();
    }
    // What was handed over since the last cookie may not have been kept.
    for (const auto& anchor : unconfirmed_) {
        known_.forget(anchor);
    }
    return failed_poll(std::move(status).error(), stop_);
}

Status PollRun::refresh(bool resumes) {
    const auto leave = options_.begin_listing ? options_.begin_listing(true, stop_)
                                              : std::shared_ptr<const void>();
    if (stop_.stop_requested()) {
        return fail(ErrorKind::unavailable, "stopped", "The service is shutting down.");
    }
    BASCULE_CHECK(sink_.refresh_started(resumes));
    if (!resumes) {
        BASCULE_CHECK(read_everything());
    }
    return audit();
}

Status PollRun::cycle() {
    const auto from = newest_;
    const auto since = steady_clock::now() - last_audit_;
    const bool wanted = audit_wanted_ || stamps_missing_;
    const bool due = since >= options_.audit || (wanted && since >= audit_cost_ * audit_share);
    // Changes are looked for meanwhile when somebody else is reading everything.
    const auto leave = due && options_.begin_listing ? options_.begin_listing(false, stop_)
                                                     : std::shared_ptr<const void>();
    if (due && (leave || !options_.begin_listing)) {
        BASCULE_CHECK(refresh(!stamps_missing_));
    }
    // Also after a listing: it cannot tell two changes within one second apart.
    return look(from);
}

Status PollRun::find_anchor() {
    anchor_ = options_.anchor;
    if (!anchor_.empty()) {
        return {};
    }
    auto found = usual_anchor(
        connection_, options_.base, steady_clock::now() + options_.connection.operation_timeout
    );
    if (!found && found.error().kind == ErrorKind::not_found) {
        Outcome outcome;
        outcome.code = LDAP_NO_SUCH_OBJECT;
        return fail(search_failure(outcome, 0, pages_, options_.base));
    }
    BASCULE_TRY(anchor_, std::move(found));
    if (!anchor_.empty()) {
        return {};
    }
    return fail(
        ErrorKind::invalid_input, "anchor_missing",
        fmt::format(
            "The entry {} has none of the attributes that name an entry for ever (entryUUID and "
            "others), or the service account may not read them. Set sources[].anchor; without "
            "such an attribute to \"dn\".",
            options_.base
        )
    );
}

SearchRequest PollRun::request_for(std::vector<std::string> attributes) const {
    SearchRequest request;
    request.base = options_.base;
    request.scope = SearchScope::subtree;
    request.attributes = std::move(attributes);
    if (anchor_ != dn_anchor && !contains(request.attributes, anchor_)) {
        request.attributes.push_back(anchor_);
    }
    return request;
}

/// Fills what a listing and the mirror need; the newest stamp is remembered. An attribute of people
/// that is taken for an anchor is not on containers: those go by their DN.
Status PollRun::complete(SourceEntry& entry) {
    entry.dn_key = dn_key_or_raw(entry.dn);
    const auto& values = entry.values(anchor_);
    if (!values.empty()) {
        entry.anchor = anchor_of(values.front());
    } else if (!is_usual_anchor(anchor_)) {
        entry.anchor = anchor_of(entry.dn_key);
    } else {
        return fail(
            ErrorKind::invalid_input, "anchor_missing",
            fmt::format(
                "The entry {} has no {}, or the service account may not read it. Give the account "
                "the "
                "right, or set sources[].anchor.",
                entry.dn, anchor_
            )
        );
    }
    const auto& changes = entry.values(modified);
    const auto& stamps = changes.empty() ? entry.values(created) : changes;
    if (stamps.empty()) {
        stamps_missing_ = true;
    } else {
        entry.csn = stamps.front();
        newest_ = std::max(newest_, entry.csn);
    }
    if (!contains(options_.attributes, modified)) {
        take_out(entry, modified);
    }
    if (!contains(options_.attributes, anchor_)) {
        take_out(entry, anchor_);
    }
    return {};
}

Status PollRun::search(SearchRequest request, const Take& take) {
    std::size_t count = 0;
    const auto each = [&](SourceEntry entry) -> Status {
        ++count;
        BASCULE_CHECK(complete(entry));
        return take(std::move(entry));
    };
    const auto patience = options_.connection.operation_timeout;
    BASCULE_TRY(
        const auto end,
        pages_ ? search_paged(connection_, request, {}, options_.page_size, patience, each)
               : search_with_controls(connection_, request, {}, patience, each)
    );
    if (!end.outcome.success()) {
        return fail(search_failure(end.outcome, count, pages_, request.base));
    }
    references_ += end.references;
    return {};
}

Status PollRun::hand_over(SourceEntry entry) {
    unconfirmed_.push_back(entry.anchor);
    if (!contains(options_.attributes, created)) {
        take_out(entry, created);
    }
    return sink_.changed(std::move(entry));
}

Status PollRun::read_everything() {
    known_.clear();
    auto status = search(request_for(attributes_), [this](SourceEntry entry) {
        static_cast<void>(known_.take(entry));
        return hand_over(std::move(entry));
    });
    unconfirmed_.clear();
    if (!status) {
        known_.clear();
    }
    return status;
}

Status PollRun::look(const std::string& from) {
    const auto begin = earlier(from, options_.overlap);
    if (begin.empty()) {
        return {};
    }
    auto request = request_for(attributes_);
    request.filter = fmt::format("(|({0}>={2})({1}>={2}))", modified, created, begin);
    BASCULE_CHECK(search(std::move(request), [&](SourceEntry entry) -> Status {
        const auto& creation = entry.values(created);
        const bool is_old = creation.empty() || creation.front() < begin;
        const auto change = known_.take(entry);
        if (change == KnownEntries::Change::none) {
            return {};
        }
        // What came from elsewhere may have brought others with it, whose stamps are old.
        audit_wanted_ = audit_wanted_ || change == KnownEntries::Change::moved ||
                        (change == KnownEntries::Change::appeared && is_old);
        return hand_over(std::move(entry));
    }));
    if (unconfirmed_.empty()) {
        return {};
    }
    return confirm([this](const std::string& token) { return sink_.cookie(token); });
}

/// Until the next look is due or a listing that was put off may be, the server rings, or a stop is
/// asked for.
void PollRun::wait() {
    auto until = steady_clock::now() + options_.interval;
    if (audit_wanted_) {
        until = std::min(until, last_audit_ + audit_cost_ * audit_share);
    }
    if (alarm_) {
        const auto ring = alarm_->wait(until);
        audit_wanted_ = audit_wanted_ || ring == ChangeAlarm::Ring::removed;
        if (ring != ChangeAlarm::Ring::broken || stop_.stop_requested()) {
            return;
        }
        alarm_.reset();
        log::warning(
            "change_alarm_lost",
            "The directory server ended the persistent search; changes are found by looking for "
            "them.",
            {{"base", options_.base}}
        );
    }
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait_until(lock, stop_, until, [] { return false; });
}

Status PollRun::confirm(const std::function<Status(const std::string&)>& tell) {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    auto token = "poll:" + uuid_v7(now).to_string();
    BASCULE_CHECK(tell(token));
    token_ = std::move(token);
    unconfirmed_.clear();
    return {};
}

}  // namespace bascule::ldap
