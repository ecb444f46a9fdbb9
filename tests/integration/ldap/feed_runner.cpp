#include "tests/integration/ldap/feed_runner.hpp"

#include <algorithm>
#include <utility>

namespace bascule::ldap {
namespace {
constexpr std::chrono::seconds patience{20};
}  // namespace

ConnectionOptions service_options(const test::SlapdRig& rig) {
    ConnectionOptions options;
    options.servers = {rig.ldap_uri()};
    options.ca_file = rig.ca_file();
    options.bind_dn = test::SlapdRig::service_dn();
    options.secret = [] { return Secret(test::SlapdRig::service_password()); };
    options.network_timeout = std::chrono::seconds(2);
    options.operation_timeout = std::chrono::seconds(5);
    return options;
}

SyncReplOptions feed_options(const test::SlapdRig& rig) {
    SyncReplOptions options;
    options.connection = service_options(rig);
    options.base = test::SlapdRig::suffix();
    return options;
}

const directory::SourceEntry* Seen::by_dn(std::string_view dn) const {
    const auto found =
        std::ranges::find_if(entries, [&](const auto& item) { return item.second.dn == dn; });
    return found == entries.end() ? nullptr : &found->second;
}

std::size_t Seen::change_count(std::string_view dn) const {
    return static_cast<std::size_t>(std::ranges::count_if(changes, [&](const auto& entry) {
        return entry.dn == dn;
    }));
}

FeedRunner::FeedRunner(SyncReplOptions options, std::string cookie, bool interrupted)
    : FeedRunner(Parts(std::move(options)), std::move(cookie), interrupted) {}

FeedRunner::FeedRunner(std::unique_ptr<directory::Feed> feed, std::string cookie, bool interrupted)
    : FeedRunner(Parts(std::move(feed)), std::move(cookie), interrupted) {}

FeedRunner::FeedRunner(Parts parts, std::string cookie, bool interrupted)
    : parts_(std::move(parts)),
      thread_([this, start = directory::FeedStart{
                         std::move(cookie), interrupted}](const std::stop_token& stop) {
          auto result = parts_.feed->run(start, *this, stop);
          const std::scoped_lock lock(mutex_);
          result_ = std::move(result);
          changed_.notify_all();
      }) {}

FeedRunner::~FeedRunner() {
    release();
}

bool FeedRunner::wait(const std::function<bool(const Seen&)>& condition) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return result_.has_value() || condition(seen_); });
    return condition(seen_);
}

directory::FeedResult FeedRunner::result() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return result_.has_value(); });
    return result_.value_or(directory::FeedResult{
        directory::FeedEnd::stopped, Error{ErrorKind::timeout, "still_running", "", "", "", {}}});
}

bool FeedRunner::ends_within(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [&] { return result_.has_value(); });
}

directory::FeedResult FeedRunner::stop() {
    thread_.request_stop();
    return result();
}

Seen FeedRunner::seen() const {
    const std::scoped_lock lock(mutex_);
    return seen_;
}

void FeedRunner::fail_next() {
    const std::scoped_lock lock(mutex_);
    fail_next_ = true;
}

void FeedRunner::take_member_changes() {
    const std::scoped_lock lock(mutex_);
    takes_members_ = true;
}

void FeedRunner::hold() {
    const std::scoped_lock lock(mutex_);
    held_ = true;
}

void FeedRunner::release() {
    const std::scoped_lock lock(mutex_);
    held_ = false;
    changed_.notify_all();
}

Status FeedRunner::note(const std::function<void(Seen&)>& change) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !held_; });
    if (std::exchange(fail_next_, false)) {
        return fail(ErrorKind::unavailable, "store_full", "The disk is full.");
    }
    change(seen_);
    changed_.notify_all();
    return {};
}

Status FeedRunner::refresh_started(bool from_cookie) {
    return note([&](Seen& seen) {
        ++seen.refreshes_started;
        seen.from_cookie = from_cookie;
    });
}

Status FeedRunner::changed(directory::SourceEntry entry) {
    return note([&](Seen& seen) {
        seen.changes.push_back(entry);
        seen.entries[entry.anchor.to_string()] = std::move(entry);
    });
}

Result<bool> FeedRunner::members_changed(directory::MemberChange change) {
    bool taken = false;
    BASCULE_CHECK(note([&](Seen& seen) {
        taken = takes_members_;
        if (taken) {
            seen.member_changes.push_back(std::move(change));
        }
    }));
    return taken;
}

Status FeedRunner::present(const std::vector<Uuid>& anchors) {
    return note([&](Seen& seen) {
        for (const auto& anchor : anchors) {
            seen.present.insert(anchor.to_string());
        }
    });
}

Status FeedRunner::deleted(const std::vector<Uuid>& anchors) {
    return note([&](Seen& seen) {
        for (const auto& anchor : anchors) {
            seen.deleted.push_back(anchor.to_string());
            seen.entries.erase(anchor.to_string());
        }
    });
}

Status FeedRunner::refresh_done(directory::AbsenceProof proof, const std::string& cookie) {
    return note([&](Seen& seen) {
        ++seen.refreshes_done;
        seen.proof = proof;
        seen.cookie = cookie;
    });
}

Status FeedRunner::cookie(const std::string& cookie) {
    return note([&](Seen& seen) {
        ++seen.cookies;
        seen.cookie = cookie;
    });
}

Status FeedRunner::idle() {
    return note([](Seen& seen) { ++seen.idle; });
}

}  // namespace bascule::ldap
