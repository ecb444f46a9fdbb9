#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/sync_cookie.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

/// What differs between servers that synchronise by RFC 4533; as it stands, OpenLDAP.
struct SyncDialect {
    std::string name = "syncrepl";  ///< begins the feed's fingerprint
    /// What the synchronisation's UUID is made of, and how its value is written in a filter.
    std::string anchor_attribute = "entryUUID";
    std::string (*anchor_text)(const Uuid&) = [](const Uuid& anchor) { return anchor.to_string(); };
    /// The attribute that every change of an entry changes.
    std::string stamp_attribute = "entryCSN";
    Result<SyncCookie> (*parse_cookie)(std::string_view) = &SyncCookie::parse;
    /// Whether the end of a refresh from a cookie can say which entries exist. When not, its flags
    /// are ignored.
    bool has_present_phase = true;
    /// Whether a refresh from a cookie sends the attributes that were asked for. When not, changed
    /// entries are read by a plain search.
    bool whole_entries_in_refresh = true;
    /// A refresh that is cut short by a limit ends without a word; so a server that falls silent in
    /// a refresh is asked by a plain search why.
    bool silent_at_limits = false;
    /// Whether the refresh from `sent` can have told every change since then; false when that is
    /// not certain. `told`: it told something. To be asked after the refresh. Empty: the server
    /// says so itself.
    std::function<Result<bool>(Connection&, const SyncCookie& sent, bool told, Deadline)> remembers;
    /// Whether its servers' replicas go on with a cookie of each other.
    bool portable_cookie = true;
    /// When the server serves as many streams as it may, changes are asked for from time to time.
    bool polls_when_full = false;
    /// How far the server has come, in the terms of cookies; empty: its contextCSN. `own` is how
    /// far the stream has.
    std::function<
        Result<SyncCookie>(Connection&, const std::string& base, const SyncCookie& own, Deadline)>
        newest;
    /// Asked when the server is ahead of a silent stream: true when nothing in the scope changed
    /// meanwhile. Empty: then the stream is dead.
    std::function<
        Result<bool>(Connection&, const SearchRequest& scope, const SyncCookie& own, Deadline)>
        nothing_missed;
    /// What an administrator does in this server's own words: when a limit applies to the service
    /// account, and when the server does not synchronise the base.
    std::string limit_advice =
        "Give the account unlimited size and time (olcLimits: dn.exact=\"…\" size=unlimited "
        "time=unlimited).";
    std::string support_advice = "On OpenLDAP load the overlay syncprov on the database.";

    /// Takes the stamp out of the attributes, where it is not entryCSN.
    void take_stamp(directory::SourceEntry& entry) const;
};

}  // namespace bascule::ldap
