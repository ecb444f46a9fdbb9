#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "connectors/ldap/connection_options.hpp"
#include "connectors/ldap/side_connection.hpp"
#include "connectors/ldap/sync_cookie.hpp"
#include "directory/model/member_change.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

/// Where OpenLDAP's overlay accesslog writes what changed, and which entries are looked up there.
struct MemberLogOptions {
    std::string base;  ///< suffix of the log's database; empty: there is none
    /// Attributes that name members of groups and decide nothing else.
    std::vector<std::string> attributes;
    /// Other attributes that name members, too.
    std::vector<std::string> other_attributes;
    /// Whether an entry, read without those attributes, is a group.
    std::function<bool(const directory::SourceEntry&)> is_group;
};

/// One line of a log entry's changes: "member:+ cn=…" (slapo-accesslog(5), reqMod).
struct LoggedChange {
    std::string_view attribute;
    char kind = '=';  ///< '+' add, '-' delete, '=' replace, '#' increment
    std::optional<std::string_view> value;
};
/// Nothing when the line is malformed.
[[nodiscard]] std::optional<LoggedChange> parse_logged_change(std::string_view line);

/// What several log entries about one group make together: fed in the order of the log.
class LoggedMembers {
  public:
    explicit LoggedMembers(const std::vector<std::string>& attributes) : attributes_(attributes) {}
    /// The values of reqMod of one modify. False when it changed more than single members of one
    /// attribute; then the whole is of no use.
    [[nodiscard]] bool take(const directory::AttributeValues& lines);
    [[nodiscard]] directory::MemberChange change(const Uuid& group) const;

  private:
    [[nodiscard]] bool take(const LoggedChange& change);

    const std::vector<std::string>& attributes_;
    std::string attribute_;
    struct Last {
        bool joined = false;
        directory::MemberChange::Member member;
    };
    std::vector<std::pair<std::string, Last>> members_;  ///< by dn_key, in the order of the log
};

/// Looks up in the log of an OpenLDAP provider what became of a group's members, so that a group of
/// a million need not be read for one. Used by one thread.
class MemberLog {
  public:
    /// `side` reaches the stream's server and outlives it.
    MemberLog(SideConnection& side, MemberLogOptions options);

    [[nodiscard]] const MemberLogOptions& options() const { return options_; }
    /// What changed in `group` after `known`, up to the stamp that `group` carries at least.
    /// Nothing when that is more than members or the log cannot tell it all: read the entry then.
    [[nodiscard]] std::optional<directory::MemberChange> changes(
        const directory::SourceEntry& group, const SyncCookie& known
    );

    /// The last changes() were taken by the mirror.
    void set_told(const Uuid& group);
    /// Whether the state of this stamp was part of changes that were taken: a lookup tells
    /// everything that is in the log by then, and messages about it may still come.
    [[nodiscard]] bool was_told(const directory::SourceEntry& group) const;

  private:
    /// Log entries about the group since the time of `known`, in the order of their stamps.
    [[nodiscard]] Result<std::vector<directory::SourceEntry>> read(
        const Uuid& group, const SyncCookie& known
    );
    [[nodiscard]] Result<bool> reaches_back(Connection& connection, const SyncCookie& known);
    [[nodiscard]] Result<std::optional<directory::MemberChange>> look_up(
        const directory::SourceEntry& group, const SyncCookie& known
    );
    [[nodiscard]] Result<bool> named_elsewhere(
        const directory::SourceEntry& group, const directory::MemberChange& change
    );
    void complain(const Error& error);

    SideConnection& side_;
    MemberLogOptions options_;
    SyncCookie until_;  ///< the newest stamps of the last changes()
    std::unordered_map<Uuid, SyncCookie> told_;
    bool complained_ = false;
};

}  // namespace bascule::ldap
