#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "directory/base/result.hpp"

namespace bascule::ldap {

/// What a provider of RFC 4533 synchronisation has told so far: the newest change stamp of each
/// server, or the number of the newest change in its log (389 Directory Server).
///
/// Messages of the persist phase carry the stamp of one server only, so cookies are merged, never
/// replaced. `sid` is dropped: a provider holds back changes that stem from the server a consumer
/// claims to be. `delcsn` is of use inside a refresh only.
class SyncCookie {
  public:
    SyncCookie() = default;
    /// `rid=000,csn=…;…`. `invalid_cookie` when it is empty, has no rid, no stamp, or a malformed
    /// one.
    [[nodiscard]] static Result<SyncCookie> parse(std::string_view text);
    /// `host:port#identity:base:filter#number`, 389's form: it is of use at that server for that
    /// search only. `invalid_cookie` when it has another form or a number that the server gives
    /// when it knows none. Before it may stand what to_stored_text() puts there: "@URI " and "+".
    [[nodiscard]] static Result<SyncCookie> parse_numbered(std::string_view text);
    /// Stamps of a contextCSN attribute; malformed ones are left out.
    void add_stamp(std::string_view stamp);

    /// Keeps the newer stamp of each server; returns whether anything changed.
    bool merge(const SyncCookie& other);
    /// True when `other` knows a newer stamp of some server.
    [[nodiscard]] bool is_behind(const SyncCookie& other) const;
    [[nodiscard]] bool empty() const { return stamps_.empty(); }
    /// In the order of server ids; empty text for an empty cookie.
    [[nodiscard]] std::string to_string(int replica_id) const;
    /// Server id (three hex digits) to newest stamp; in 389's form, what stands before the number
    /// to the number with leading zeros.
    [[nodiscard]] const std::map<std::string, std::string>& stamps() const { return stamps_; }

    /// The change number of 389's form; 0 in OpenLDAP's.
    [[nodiscard]] std::uint64_t number() const;
    /// Whether it was seen that this server can tell what changed after such a number. Without the
    /// right settings of its log it gives numbers all the same, and tells nothing.
    [[nodiscard]] bool proven() const { return !numbered_ || proven_; }
    void set_proven(bool proven) { proven_ = proven; }
    /// Where 389's form was had, as a URI; empty when that is not known.
    [[nodiscard]] const std::string& server() const { return server_; }
    void set_server(std::string uri) { server_ = std::move(uri); }
    /// to_string() with what is known of the cookie, for keeping: 389's form with its server, and
    /// with "+" when it is proven.
    [[nodiscard]] std::string to_stored_text(int replica_id) const;

  private:
    bool numbered_ = false;
    bool proven_ = false;
    std::string server_;
    std::map<std::string, std::string> stamps_;
};

}  // namespace bascule::ldap
