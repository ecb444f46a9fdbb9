#include "connectors/ldap/dialects/active_directory/dir_sync_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "connectors/ldap/dialects/active_directory/values.hpp"
#include "connectors/ldap/dn.hpp"
#include "directory/base/log.hpp"

namespace bascule::ldap {

using directory::AbsenceProof;
using directory::SourceEntry;
using std::chrono::steady_clock;

namespace {

constexpr const char* everything = "(objectClass=*)";
/// Domain controllers keep deleted objects for 60 days at least.
constexpr std::chrono::hours oldest_cookie{24 * 30};
constexpr std::chrono::hours schedule_ahead{25};
constexpr std::chrono::hours schedule_again{24};
/// A cookie of an uneventful time is stored so rarely that it costs nothing.
constexpr std::chrono::hours cookie_patience{1};
/// Costly readings take at most this part of the time.
constexpr int cost_factor = 20;
constexpr std::size_t anchors_of_a_call = 1000;

bool is_at(const std::string& left, const std::string& right) {
    return dn_key_or_raw(left) == dn_key_or_raw(right);
}

}  // namespace

DirSyncSession::DirSyncSession(
    Connection& connection, const Controller& controller, const DirSyncOptions& options,
    directory::FeedSink& sink
)
    : connection_(connection),
      controller_(controller),
      options_(options),
      sink_(sink),
      reader_(
          connection, controller,
          EntryScope{
              options.base, options.attributes, options.page, options.range,
              options.connection.operation_timeout}
      ),
      increments_(
          connection, controller, reader_.followed_attributes(),
          options.connection.operation_timeout
      ),
      primary_groups_(reader_),
      whole_domain_(is_at(options.base, controller.naming_context)) {}

Status DirSyncSession::run(
    std::optional<DirSyncCookie> start, const std::stop_token& stop,
    const std::function<bool()>& moves
) {
    BASCULE_TRY(
        deletions_visible_, sees_deleted_objects(connection_, controller_, reader_.scope().patience)
    );
    BASCULE_CHECK(start ? resume(*std::move(start)) : snapshot());
    return follow(stop, moves);
}

DirSyncCookie DirSyncSession::position() const {
    auto position = cookie_;
    position.deletions_seen = deletions_visible_;
    return position;
}

/// First the position, then everything, then what changed meanwhile: so no change is missed, and an
/// entry that moved past the reading is told.
Status DirSyncSession::snapshot() {
    cookie_ = {controller_.database, controller_.service_name,
               controller_.now(),    {},
               connection_.server(), false};
    BASCULE_TRY(cookie_.bytes, increments_.position());
    const Time began = controller_.now();
    BASCULE_CHECK(sink_.refresh_started(false));
    BASCULE_TRY(
        const auto total, reader_.read_tree(
                              options_.base, [this](EntryReader::Found found
                                             ) { return tell_entry(std::move(found), true); }
                          )
    );
    BASCULE_TRY([[maybe_unused]] const bool told, tell_increment());
    BASCULE_CHECK(tell_primary_groups(true));
    BASCULE_CHECK(schedule(began));
    const bool whole = total.entries > 0 && total.references == 0;
    stored_ = position().to_string();
    cookie_kept_ = steady_clock::now();
    return sink_.refresh_done(whole ? AbsenceProof::snapshot : AbsenceProof::none, stored_);
}

Status DirSyncSession::resume(DirSyncCookie start) {
    const bool restored =
        start.controller == controller_.service_name && start.database != controller_.database;
    if (restored || controller_.now() - start.time > oldest_cookie) {
        return fail(position_rejected(
            restored ? "the domain controller was restored from a backup" : "the cookie is too old"
        ));
    }
    const Time told_until = start.time;
    other_controller_ = start.controller != controller_.service_name;
    // The right counts in the whole domain; this controller may not have heard of a deletion yet.
    deletions_visible_ = deletions_visible_ || (other_controller_ && start.deletions_seen);
    cookie_ = std::move(start);
    cookie_.controller = controller_.service_name;
    cookie_.database = controller_.database;
    cookie_.server = connection_.server();
    BASCULE_TRY(const auto deltas, increments_.read(cookie_.bytes));
    BASCULE_CHECK(sink_.refresh_started(true));
    BASCULE_CHECK(tell(deltas));
    BASCULE_CHECK(tell_primary_groups(true));
    BASCULE_CHECK(schedule(told_until));
    BASCULE_TRY([[maybe_unused]] const bool told, tell_due());
    stored_ = position().to_string();
    cookie_kept_ = steady_clock::now();
    return sink_.refresh_done(AbsenceProof::none, stored_);
}

Status DirSyncSession::follow(const std::stop_token& stop, const std::function<bool()>& moves) {
    next_poll_ = steady_clock::now();
    // Right away: what was deleted before is not known either. What a controller has not yet heard
    // of from the one that told it was not deleted.
    next_audit_ = next_poll_ + (other_controller_ ? options_.audit : std::chrono::milliseconds(0));
    if (!deletions_visible_) {
        log::info(
            "deletions_unseen",
            "The service account sees no deleted object of the domain: none was deleted lately, or "
            "it lacks the right to list the container Deleted Objects. Until one is seen, all "
            "objects are compared from time to time.",
            {{"base", options_.base}}
        );
    }
    while (!stop.stop_requested()) {
        BASCULE_TRY(const bool due, tell_due());
        bool told = false;
        if (steady_clock::now() >= next_poll_) {
            next_poll_ = steady_clock::now() + options_.poll;
            BASCULE_TRY(told, tell_increment());
            BASCULE_CHECK(tell_primary_groups(false));
            if (controller_.now() + (schedule_ahead - schedule_again) > scheduled_until_) {
                BASCULE_CHECK(schedule(controller_.now()));
            }
        }
        BASCULE_CHECK(keep_cookie(due || told));
        BASCULE_CHECK(sink_.idle());
        if (!deletions_visible_ && steady_clock::now() >= next_audit_) {
            BASCULE_CHECK(audit());
        }
        if (!primary_groups_.pending() && moves()) {
            return {};
        }
        wait(stop);
    }
    return {};
}

void DirSyncSession::wait(const std::stop_token& stop) {
    auto until = next_poll_;
    if (const auto next = due_.next()) {
        until = std::min(until, steady_clock::now() + (*next - controller_.now()));
    }
    std::unique_lock lock(mutex_);
    wake_.wait_until(lock, stop, until, [] { return false; });
}

/// The cookie of an increment of which something is still to be told is not passed on.
Status DirSyncSession::keep_cookie(bool told) {
    cookie_due_ = cookie_due_ || told || steady_clock::now() - cookie_kept_ > cookie_patience;
    if (primary_groups_.pending() || !cookie_due_) {
        return {};
    }
    cookie_due_ = false;
    cookie_kept_ = steady_clock::now();
    auto text = position().to_string();
    if (text == stored_) {
        return {};
    }
    stored_ = std::move(text);
    return sink_.cookie(stored_);
}

Result<bool> DirSyncSession::tell_increment() {
    BASCULE_TRY(const auto deltas, increments_.read(cookie_.bytes));
    BASCULE_CHECK(tell(deltas));
    return !deltas.empty();
}

/// Who moved comes before the deletion of what he stood below; who is new comes after the deletion
/// of whose name he has.
Status DirSyncSession::tell(const std::vector<Delta>& deltas) {
    std::vector<Delta> renamed;
    std::vector<Delta> rest;
    std::vector<Delta> members;
    std::vector<Uuid> deleted;
    for (const auto& delta : deltas) {
        if (delta.deleted) {
            deleted.push_back(delta.anchor);
            due_.set(delta.anchor, std::nullopt);
        } else if (delta.members && options_.tells_members) {
            members.push_back(delta);
        } else {
            (delta.renamed ? renamed : rest).push_back(delta);
        }
    }
    BASCULE_CHECK(tell_changed(renamed));
    if (!deleted.empty()) {
        deletions_visible_ = true;
        BASCULE_CHECK(sink_.deleted(deleted));
    }
    BASCULE_CHECK(tell_changed(rest));
    return tell_members(members);
}

/// Who joined and left; a group that cannot be changed so is read whole. Who leaves the members of
/// a group may have made it his primary group.
Status DirSyncSession::tell_members(const std::vector<Delta>& deltas) {
    std::vector<Delta> whole;
    for (const auto& delta : deltas) {
        bool taken = true;
        if (!delta.members->removed.empty()) {
            BASCULE_TRY(const bool primary, primary_groups_.is_anybodys(delta.anchor));
            taken = !primary;
        }
        if (taken) {
            BASCULE_TRY(taken, sink_.members_changed(*delta.members));
        }
        if (!taken) {
            whole.push_back(delta);
        }
    }
    return tell_changed(whole);
}

Status DirSyncSession::tell_changed(const std::vector<Delta>& deltas) {
    std::vector<Uuid> anchors;
    std::set<Uuid> renamed;
    std::set<Uuid> moved;
    std::set<Uuid> joined;
    for (const auto& delta : deltas) {
        anchors.push_back(delta.anchor);
        if (delta.renamed) {
            renamed.insert(delta.anchor);
        }
        if (delta.renamed && !whole_domain_) {
            moved.insert(delta.anchor);
        }
        if (delta.primary_group || moved.contains(delta.anchor)) {
            joined.insert(delta.anchor);
        }
    }
    std::vector<std::string> tops;
    bool revived = false;
    BASCULE_CHECK(reader_.read_these(anchors, [&](EntryReader::Found found) {
        const auto group = integer_value(found.entry, "primaryGroupID");
        if (found.in_scope && group && joined.contains(found.entry.anchor)) {
            primary_groups_.joined(static_cast<std::uint32_t>(*group));
        }
        if (group) {
            primary_groups_.found(static_cast<std::uint32_t>(*group));
        }
        // It was deleted once, and maybe until now.
        revived = revived || (renamed.contains(found.entry.anchor) &&
                              !found.entry.values("lastKnownParent").empty());
        if (found.in_scope && moved.contains(found.entry.anchor)) {
            tops.push_back(found.entry.dn);
        }
        return tell_entry(std::move(found), true);
    }));
    // What a container brought with it into the base did not change and is not told.
    for (const auto& top : tops) {
        const auto below = reader_.read_tree(top, [this](EntryReader::Found found) {
            return tell_entry(std::move(found), true);
        });
        if (!below && below.error().code != "base_missing") {
            return fail(below.error());
        }
    }
    return revived ? tell_groups() : Status();
}

/// Who is brought back from the deleted has his old memberships or, without the recycle bin, none;
/// nothing tells of the groups.
Status DirSyncSession::tell_groups() {
    return reader_.read_groups([this](EntryReader::Found found) {
        return tell_entry(std::move(found), true);
    });
}

Status DirSyncSession::tell_primary_groups(bool at_once) {
    return primary_groups_.read_pending(at_once, [this](EntryReader::Found found) {
        return tell_entry(std::move(found), true);
    });
}

/// `stamped`: the entry's own stamp is when it became so.
Status DirSyncSession::tell_entry(EntryReader::Found found, bool stamped) {
    if (!found.in_scope) {
        due_.set(found.entry.anchor, std::nullopt);
        return sink_.deleted({found.entry.anchor});
    }
    const bool soon =
        found.facts.changes_at && *found.facts.changes_at <= controller_.now() + schedule_ahead;
    due_.set(found.entry.anchor, soon ? found.facts.changes_at : std::nullopt);
    if (!stamped) {
        found.entry.csn.clear();
    }
    return sink_.changed(std::move(found.entry));
}

/// Notes accounts that expire between `from` and a day from now, and lockouts that are not over.
Status DirSyncSession::schedule(Time from) {
    const Time until = controller_.now() + schedule_ahead;
    std::string filter = fmt::format(
        "(&(accountExpires>={})(accountExpires<={}))", ticks_from_time(from), ticks_from_time(until)
    );
    if (controller_.lockout) {
        filter = fmt::format(
            "(|{}(lockoutTime>={}))", filter, ticks_from_time(from - *controller_.lockout)
        );
    }
    BASCULE_TRY(
        const auto total, reader_.list(
                              filter, {"objectGUID", "accountExpires", "lockoutTime"},
                              [&](const SourceEntry& entry) -> Status {
                                  const auto anchor = anchor_of(entry);
                                  // By the time before: what has passed since then is due now.
                                  const auto facts =
                                      account_facts(entry, controller_.lockout, from);
                                  if (anchor && facts.changes_at) {
                                      due_.set(*anchor, facts.changes_at);
                                  }
                                  return {};
                              }
                          )
    );
    static_cast<void>(total);
    scheduled_until_ = until;
    return {};
}

Result<bool> DirSyncSession::tell_due() {
    const Time now = controller_.now();
    cookie_.time = now;
    const auto due = due_.take(now);
    if (due.empty()) {
        return false;
    }
    BASCULE_CHECK(reader_.read_these(due, [this](EntryReader::Found found) {
        return tell_entry(std::move(found), false);
    }));
    return true;
}

/// Compares which entries exist. An entry that moved past the reading is told by the increment that
/// follows it.
Status DirSyncSession::audit() {
    const auto began = steady_clock::now();
    BASCULE_CHECK(sink_.refresh_started(true));
    std::vector<Uuid> anchors;
    BASCULE_TRY(
        const auto total, reader_.list(
                              everything, {"objectGUID"},
                              [&](const SourceEntry& entry) -> Status {
                                  if (const auto anchor = anchor_of(entry)) {
                                      anchors.push_back(*anchor);
                                  }
                                  return anchors.size() < anchors_of_a_call
                                             ? Status()
                                             : sink_.present(std::exchange(anchors, {}));
                              }
                          )
    );
    BASCULE_CHECK(sink_.present(anchors));
    BASCULE_TRY([[maybe_unused]] const bool told, tell_increment());
    const bool whole = total.entries > 0 && total.references == 0;
    next_audit_ = std::max(
        began + options_.audit, steady_clock::now() + cost_factor * (steady_clock::now() - began)
    );
    return sink_.refresh_done(whole ? AbsenceProof::present_phase : AbsenceProof::none, stored_);
}

}  // namespace bascule::ldap
