#include "connectors/ldap/sync_session.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <memory>
#include <utility>

#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/entry_decoder.hpp"
#include "connectors/ldap/errors.hpp"
#include "connectors/ldap/sync_end.hpp"
#include "directory/base/log.hpp"

namespace bascule::ldap {

using directory::AbsenceProof;
using directory::FeedEnd;
using directory::FeedResult;

namespace {

// One search for each; with more it is quicker to read everything.
constexpr std::size_t most_left_out = 50'000;

FeedResult ended(FeedEnd end, Error error) {
    return {end, std::move(error)};
}

std::optional<FeedResult> continue_or_end(Status status) {
    if (status) {
        return std::nullopt;
    }
    return ended(FeedEnd::disconnected, std::move(status).error());
}

Result<SyncInfo> read_information(Connection& connection, LDAPMessage* message) {
    char* oid = nullptr;
    berval* data = nullptr;
    const int code = ldap_parse_intermediate(connection.handle(), message, &oid, &data, nullptr, 0);
    const std::unique_ptr<char, void (*)(void*)> oid_owner(oid, ldap_memfree);
    const std::unique_ptr<berval, void (*)(berval*)> data_owner(data, ber_bvfree);
    if (code != LDAP_SUCCESS) {
        return fail(
            error_from_handle(connection.handle(), code, "reading a synchronisation message")
        );
    }
    if (oid == nullptr || data == nullptr || std::string_view(oid) != LDAP_SYNC_INFO) {
        return fail(
            ErrorKind::internal, "directory_protocol",
            "The directory server sent a message that does not belong to synchronisation."
        );
    }
    return decode_sync_info({data->bv_val, data->bv_len});
}

/// The done control, when the final result carries one.
std::optional<SyncDone> read_done(Connection& connection, LDAPMessage* message) {
    LDAPControl** controls = nullptr;
    ldap_parse_result(
        connection.handle(), message, nullptr, nullptr, nullptr, nullptr, &controls, 0
    );
    const std::unique_ptr<LDAPControl*, void (*)(LDAPControl**)> owner(
        controls, ldap_controls_free
    );
    const auto* control = ldap_control_find(LDAP_CONTROL_SYNC_DONE, controls, nullptr);
    if (control == nullptr) {
        return std::nullopt;
    }
    auto done = decode_sync_done({control->ldctl_value.bv_val, control->ldctl_value.bv_len});
    return done ? std::optional(*std::move(done)) : std::nullopt;
}

}  // namespace

SyncSession::SyncSession(
    Connection& connection, MovedSubtree& moved, PresenceSearch& presence,
    directory::FeedSink& sink, StreamProgress& progress, SyncCookie cookie, SyncSetup setup
)
    : connection_(connection),
      moved_(moved),
      presence_(presence),
      sink_(sink),
      progress_(progress),
      cookie_(std::move(cookie)),
      sent_(cookie_),
      setup_(std::move(setup)),
      from_cookie_(!cookie_.empty()) {}

std::optional<FeedResult> SyncSession::handle(const Message& message) {
    switch (ldap_msgtype(message.get())) {
        case LDAP_RES_SEARCH_ENTRY:
            return continue_or_end(entry(message));
        case LDAP_RES_SEARCH_REFERENCE:
            reference_seen_ = true;
            connection_.count_referral();
            return std::nullopt;
        case LDAP_RES_INTERMEDIATE:
            return information(message.get());
        case LDAP_RES_SEARCH_RESULT:
            return result(message.get());
        default:
            return std::nullopt;
    }
}

Status SyncSession::entry(const Message& message) {
    BASCULE_TRY(const auto state, decode_entry_state(connection_.handle(), message.get()));
    switch (state.state) {
        case SyncEntryState::present:
            ++present_;
            BASCULE_CHECK(sink_.present({state.anchor}));
            break;
        case SyncEntryState::remove:
            ++deleted_;
            BASCULE_CHECK(sink_.deleted({state.anchor}));
            break;
        case SyncEntryState::add:
        case SyncEntryState::modify:
            ++entries_;
            BASCULE_CHECK(changed(message, state));
            break;
    }
    return refreshing_ ? Status() : advance(state.cookie);
}

/// In the persist phase an entry that was in the scope before comes as "modify". A refresh from a
/// cookie calls everything "add"; what did not change since the cookie was not moved either.
bool SyncSession::may_leave_out(const DecodedState& state, const std::string& stamp) const {
    if (state.state != SyncEntryState::add) {
        return false;
    }
    if (!refreshing_) {
        return true;
    }
    SyncCookie own;
    own.add_stamp(stamp);
    return from_cookie_ && (own.empty() || cookie_.is_behind(own));
}

Status SyncSession::changed(const Message& message, const DecodedState& state) {
    if (refreshing_ && from_cookie_ && !setup_.dialect.whole_entries_in_refresh) {
        to_read_.push_back(state.anchor);
        return {};
    }
    BASCULE_TRY(auto entry, decode_entry(connection_.handle(), message));
    entry.anchor = state.anchor;
    entry.dn_key = dn_key_or_raw(entry.dn);
    setup_.dialect.take_stamp(entry);
    const bool may_bring_others = may_leave_out(state, entry.csn);
    if (setup_.members != nullptr && setup_.members->options().is_group(entry)) {
        return tell_group(entry, may_bring_others);
    }
    return hand_over(std::move(entry), may_bring_others);
}

Status SyncSession::tell_group(const directory::SourceEntry& group, bool may_bring_others) {
    MemberLog& log = *setup_.members;
    if (!refreshing_) {
        if (log.was_told(group)) {
            return {};
        }
        if (auto change = log.changes(group, cookie_)) {
            BASCULE_TRY(const bool taken, sink_.members_changed(*std::move(change)));
            if (taken) {
                log.set_told(group.anchor);
                return {};
            }
        }
    }
    return presence_.read_entries({group.anchor}, [&](directory::SourceEntry whole) {
        return hand_over(std::move(whole), may_bring_others);
    });
}

Status SyncSession::hand_over(directory::SourceEntry entry, bool may_bring_others) {
    if (!moved_.take_signs(entry) || !may_bring_others) {
        return sink_.changed(std::move(entry));
    }
    directory::SourceEntry top;
    top.anchor = entry.anchor;
    top.dn = entry.dn;
    BASCULE_CHECK(sink_.changed(std::move(entry)));
    return moved_.read(top, [this](directory::SourceEntry below) {
        return sink_.changed(std::move(below));
    });
}

Status SyncSession::read_changed() {
    if (to_read_.size() > most_left_out) {
        return fail(ErrorKind::conflict, "cookie_rejected", "Too much has changed.");
    }
    const auto anchors = std::exchange(to_read_, {});
    return presence_.read_entries(anchors, [this](directory::SourceEntry entry) {
        return hand_over(std::move(entry), true);
    });
}

/// Persist phase: merges a message's cookie and passes the whole on when it brought something new.
Status SyncSession::advance(const std::string& cookie) {
    const auto parsed = setup_.dialect.parse_cookie(cookie);
    if (!parsed) {
        if (cookie.empty() || cookie_.number() == 0 || !cookie_.proven()) {
            return {};
        }
        // A change without its number: nothing may be built upon numbers.
        cookie_.set_proven(false);
        return sink_.cookie(cookie_.to_stored_text(setup_.replica_id));
    }
    if (!cookie_.merge(*parsed)) {
        return {};
    }
    cookie_.set_proven(true);
    progress_.set_cookie(cookie_);
    return sink_.cookie(cookie_.to_stored_text(setup_.replica_id));
}

SyncSession::End SyncSession::information(LDAPMessage* message) {
    const auto info = read_information(connection_, message);
    if (!info) {
        return ended(FeedEnd::disconnected, info.error());
    }
    switch (info->kind) {
        case SyncInfo::Kind::new_cookie:
            return refreshing_ ? End() : continue_or_end(advance(info->cookie.value_or("")));
        case SyncInfo::Kind::id_set:
            return continue_or_end(id_set(*info));
        case SyncInfo::Kind::refresh_delete:
        case SyncInfo::Kind::refresh_present:
            if (!refreshing_ || !info->refresh_done) {
                return std::nullopt;
            }
            return refresh_end(info->kind == SyncInfo::Kind::refresh_present, info->cookie);
    }
    return std::nullopt;
}

Status SyncSession::id_set(const SyncInfo& info) {
    if (info.refresh_deletes) {
        deleted_ += info.anchors.size();
        BASCULE_CHECK(sink_.deleted(info.anchors));
    } else {
        present_ += info.anchors.size();
        BASCULE_CHECK(sink_.present(info.anchors));
    }
    return refreshing_ ? Status() : advance(info.cookie.value_or(""));
}

AbsenceProof SyncSession::proof(bool presence) const {
    if (reference_seen_ || (entries_ == 0 && present_ == 0)) {
        return AbsenceProof::none;
    }
    if (!from_cookie_) {
        return AbsenceProof::snapshot;
    }
    return presence ? AbsenceProof::present_phase : AbsenceProof::none;
}

Result<AbsenceProof> SyncSession::complete_proof(bool presence) {
    const auto own = proof(presence);
    if (own != AbsenceProof::none || !setup_.prove || reference_seen_) {
        return own;
    }
    BASCULE_TRY(const auto found, presence_.read(cookie_, [this](const std::vector<Uuid>& anchors) {
        return sink_.present(anchors);
    }));
    if (found.newer.size() > most_left_out) {
        return fail(ErrorKind::conflict, "cookie_rejected", "Too much was left out.");
    }
    BASCULE_CHECK(presence_.read_entries(found.newer, [this](directory::SourceEntry entry) {
        return hand_over(std::move(entry), true);
    }));
    if (!found.complete) {
        log::warning(
            "absence_unproven",
            "The connection to the directory was lost before, and whether entries were deleted "
            "meanwhile cannot be told: the service account may not read the anchor of every entry, "
            "or a part of the directory is on another server.",
            {{"base", setup_.base}, {"anchor", setup_.dialect.anchor_attribute}}
        );
    }
    return found.complete ? AbsenceProof::present_phase : AbsenceProof::none;
}

SyncSession::End SyncSession::refresh_end(bool presence, const std::optional<std::string>& cookie) {
    presence = presence && setup_.dialect.has_present_phase;
    if (from_cookie_ && presence && entries_ == 0 && present_ == 0) {
        return cookie_rejected("a present phase that named nothing");
    }
    if (cookie) {
        const auto parsed = setup_.dialect.parse_cookie(*cookie);
        if (!parsed && from_cookie_) {
            return cookie_rejected(fmt::format("the refresh ended with the cookie \"{}\"", *cookie)
            );
        }
        if (parsed) {
            cookie_.merge(*parsed);
        }
    }
    if (auto status = read_changed(); !status) {
        return unproven(std::move(status).error(), setup_.dialect);
    }
    const auto proven = complete_proof(presence);
    if (!proven) {
        return unproven(proven.error(), setup_.dialect);
    }
    if (auto end = check_memory()) {
        return end;
    }
    refreshing_ = false;
    progress_.set_cookie(cookie_);
    progress_.set_live();
    const auto text = cookie_.to_stored_text(setup_.replica_id);
    return continue_or_end(
        setup_.continues ? sink_.cookie(text) : sink_.refresh_done(*proven, text)
    );
}

/// A change log that no longer reaches back to the cookie has left out changes.
SyncSession::End SyncSession::check_memory() {
    if (!from_cookie_) {
        return std::nullopt;
    }
    const bool told = entries_ + deleted_ > 0;
    const auto remembered = presence_.remembers(sent_, told);
    if (!remembered) {
        return ended(FeedEnd::disconnected, remembered.error());
    }
    if (!*remembered) {
        return cookie_rejected("the server's change log may not tell every change since the cookie"
        );
    }
    cookie_.set_proven(sent_.proven() || told);
    return std::nullopt;
}

SyncSession::End SyncSession::ask_why_silent() {
    if (auto status = presence_.try_whole_scope(); !status) {
        return unproven(std::move(status).error(), setup_.dialect);
    }
    return std::nullopt;
}

SyncSession::End SyncSession::result(LDAPMessage* message) {
    const auto outcome = connection_.outcome_of(message);
    if (!outcome) {
        return ended(FeedEnd::disconnected, outcome.error());
    }
    if (!outcome->success()) {
        return end_of_search(*outcome, setup_.base, setup_.dialect);
    }
    const auto done = read_done(connection_, message);
    if (refreshing_ && done) {
        if (auto end = refresh_end(!done->refresh_deletes, done->cookie)) {
            return end;
        }
    }
    return ended(
        FeedEnd::disconnected,
        Error{
            ErrorKind::unavailable,
            "stream_ended",
            "The directory server ended the notification stream; it is started anew.",
            {},
            {},
            {}}
    );
}

}  // namespace bascule::ldap
