#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/member_change.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::directory {

/// Whether the end of a refresh proves that what was not named is gone (RFC 4533 section 3.3 and
/// the dialect's rules). Without proof nothing is deleted.
enum class AbsenceProof {
    none,           ///< only named deletes count
    snapshot,       ///< every entry in scope was sent
    present_phase,  ///< every entry in scope was sent or named as present
};

/// Receives what a feed reads, in order, on the feed's thread. A call may block (back-pressure); an
/// error stops the feed, which then reads again from the last cookie that was accepted.
class FeedSink {
  public:
    virtual ~FeedSink() = default;
    /// The connection stands; a refresh begins. `from_cookie` is false when everything will be
    /// sent.
    [[nodiscard]] virtual Status refresh_started(bool from_cookie) = 0;
    /// The entry was added or changed, or is being sent in a refresh.
    [[nodiscard]] virtual Status changed(SourceEntry entry) = 0;
    /// Calls `visit` for every entry that is held of the source, with what was told of it last: for
    /// feeds whose server cannot say what changed. Not within a refresh. None where nothing is
    /// held.
    [[nodiscard]] virtual Status each_held(const std::function<Status(const MirrorEntry&)>& visit) {
        static_cast<void>(visit);
        return {};
    }
    /// Members joined or left a group; nothing else of it has changed. The answer is false when the
    /// group's whole entry is needed instead, which changed() then brings: it is not known, not
    /// served, more than its members depends on the attribute, or a refresh, which has no order,
    /// names somebody who left by DN only. Telling a change twice, or one that a whole entry held
    /// already, does no harm.
    [[nodiscard]] virtual Result<bool> members_changed(MemberChange change) {
        static_cast<void>(change);
        return false;
    }
    /// Entries that exist unchanged (present phase).
    [[nodiscard]] virtual Status present(const std::vector<Uuid>& anchors) = 0;
    /// Entries that are gone or left the scope; unknown anchors are ignored. Removing an entry that
    /// has descendants means that its whole subtree left.
    [[nodiscard]] virtual Status deleted(const std::vector<Uuid>& anchors) = 0;
    /// The refresh is complete. `cookie` is merged already.
    [[nodiscard]] virtual Status refresh_done(AbsenceProof proof, const std::string& cookie) = 0;
    /// Persist phase: everything up to this cookie has been delivered.
    [[nodiscard]] virtual Status cookie(const std::string& cookie) = 0;
    /// No message waits at the moment: a good time to commit what is batched.
    [[nodiscard]] virtual Status idle() = 0;
};

/// Why a feed's run ended.
enum class FeedEnd {
    stopped,          ///< by the stop token
    disconnected,     ///< network or server; reconnect with the cookie
    cookie_rejected,  ///< drop the cookie, take a snapshot
    provider_behind,  ///< the server knows less than we do (restored backup): keep data, wait,
                      ///< alarm
    base_missing,     ///< the search base is gone or renamed: keep data, alarm
    limited,          ///< size, time or admin limit: no proof, alarm with what to change
    refused,          ///< credentials or rights
    other_dialect,    ///< the server is of another kind than was assumed: begin again with what
                      ///< fingerprint() says now
};

struct FeedResult {
    FeedEnd end = FeedEnd::stopped;
    Error error;  ///< what happened, in words, when not stopped
};

/// Where a run begins.
struct FeedStart {
    std::string cookie;  ///< empty: everything is read
    /// The run that gave the cookie ended otherwise than by its stop token, so the server may have
    /// died with it: what it had not said by then may be forgotten.
    bool interrupted = false;
};

/// One way to read a directory's changes (RFC 4533, DirSync, polling).
class Feed {
  public:
    virtual ~Feed() = default;
    /// Connects, refreshes from where `start` says, then follows changes until something ends it.
    /// The refresh of an interrupted cookie brings a proof of absence, unless the server gives
    /// none.
    [[nodiscard]] virtual FeedResult run(
        const FeedStart& start, FeedSink& sink, std::stop_token stop
    ) = 0;
    /// What a cookie depends on (server set, base, identity); another fingerprint voids it.
    [[nodiscard]] virtual std::string fingerprint() const = 0;
};

}  // namespace bascule::directory
