#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "directory/access/attribute_rules.hpp"
#include "directory/base/result.hpp"
#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"
#include "directory/model/object.hpp"

namespace bascule::scim::events {

/// How tokens reach the receiver: it asks (RFC 8936) or is called (RFC 8935).
enum class Delivery { poll, push };
/// What tokens tell: names of attributes, or their values too (RFC 9967 section 2.4).
enum class Detail { notice, full };

/// Whether tokens are delivered, kept for later, or dropped meanwhile.
enum class StreamState { enabled, paused, disabled };

/// The words of all, as stored, shown and taken: "poll", "push"; "notice", "full".
[[nodiscard]] std::string_view to_string(Delivery delivery);
[[nodiscard]] std::string_view to_string(Detail detail);
[[nodiscard]] std::string_view to_string(StreamState state);
/// Nothing when the text is none of the words.
[[nodiscard]] std::optional<Delivery> parse_delivery(std::string_view text);
[[nodiscard]] std::optional<Detail> parse_detail(std::string_view text);
[[nodiscard]] std::optional<StreamState> parse_state(std::string_view text);

/// Where a token stands in the journal: the record and the token's place among those of the record.
using TokenPlace = std::pair<std::int64_t, std::uint32_t>;

/// A receiver of security event tokens: what it is told, how, and how far it has come.
struct EventStream {
    Uuid id;
    std::string name;
    Delivery delivery = Delivery::poll;
    Detail detail = Detail::notice;
    std::string audience;             ///< `aud` of its tokens
    std::string description;          ///< the client's words
    std::vector<std::string> events;  ///< event URIs that are told; empty: all of the detail
    std::vector<std::string> types;   ///< resource types; empty: all that the scopes open
    std::vector<std::string> scopes;  ///< "users:read", "groups:read", "admin:read"
    std::optional<Uuid>
        group;  ///< the feed is about the direct members of this group; else everybody
    /// The token that may poll, and whose asynchronous requests are answered here.
    std::optional<Uuid> client;
    std::string client_name;
    /// What the client may read as it is now, when that is a part of the attributes. Not stored.
    std::shared_ptr<const access::AttributeRules> rules;
    /// What the client that made the stream may read as it is now. Not stored.
    std::vector<std::string> client_scopes;
    /// Revoked or expired at the moment, or it may not be told anything. Not stored.
    bool client_gone = false;
    std::string endpoint;            ///< push: the receiver's URL
    std::string authorization_file;  ///< push: holds the Authorization header's value; may be empty
    std::string authorization;       ///< push: the same value, sealed, when the client gave it
    std::string ca_file;             ///< push: PEM bundle of authorities; empty: the system's
    bool by_client = false;          ///< made by the client itself, which may change it
    bool paused = false;
    bool paused_by_client = false;  ///< the client may continue it
    bool discards = false;          ///< while paused: what happens meanwhile is not told
    Time created;

    /// Every record up to here is done with.
    std::int64_t acknowledged = 0;
    /// Tokens behind it that were acknowledged before earlier ones.
    std::set<TokenPlace> acknowledged_beyond;
    std::uint64_t delivered = 0;  ///< tokens acknowledged
    std::uint64_t refused = 0;    ///< tokens that the receiver could not take
    std::string last_error;       ///< of the receiver or of the way to it; empty when all is well
    std::optional<Time> last_error_time;

    /// Nothing is delivered at present; what happens meanwhile is not lost.
    [[nodiscard]] bool waits() const { return paused || client_gone; }
};

/// What to tell of a stream whose client is gone.
inline constexpr std::string_view client_gone_text =
    "Its client was revoked or has expired, or may not read events any more.";

[[nodiscard]] StreamState state_of(const EventStream& stream);
/// Whether tokens with this event may be in the stream; a verification always may.
[[nodiscard]] bool tells(const EventStream& stream, std::string_view event);

/// The stored document of a stream.
[[nodiscard]] std::string stream_body(const EventStream& stream);
/// The stream of a stored object; `internal`/"broken_stream" when its document cannot be read.
[[nodiscard]] Result<EventStream> stream_of(const directory::Object& object);

/// The `jti` of a token: unique, and the same whenever the token is delivered again.
[[nodiscard]] std::string token_id(const EventStream& stream, TokenPlace place);
/// The place behind a `jti` of this stream; nothing for others.
[[nodiscard]] std::optional<TokenPlace> place_of(const EventStream& stream, std::string_view jti);

}  // namespace bascule::scim::events
