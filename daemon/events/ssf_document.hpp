#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"
#include "scim/events/event_stream.hpp"

namespace bascule::daemon {

/// Delivery methods as the Shared Signals Framework names them.
inline constexpr std::string_view push_method = "urn:ietf:rfc:8935";
inline constexpr std::string_view poll_method = "urn:ietf:rfc:8936";

/// Seconds between two verifications that a receiver may ask for.
inline constexpr int min_verification_interval = 5;

/// What a receiver decides about its stream (OpenID Shared Signals Framework 1.0 section 8.1.1);
/// absent members are not in the request.
struct StreamWishes {
    struct Way {
        scim::events::Delivery method = scim::events::Delivery::poll;
        std::string endpoint;  ///< push
        Secret authorization;  ///< push: value of the Authorization header; may be empty
    };
    std::optional<Way> delivery;
    std::optional<std::vector<std::string>> events;  ///< event URIs
    std::optional<std::string> description;
};

/// Reads the body of a stream configuration request. `invalid_input`/"invalid_stream" naming the
/// member.
[[nodiscard]] Result<StreamWishes> stream_wishes(const nlohmann::json& body);

/// The events that a stream can tell.
[[nodiscard]] std::vector<std::string> events_supported(const scim::events::EventStream& stream);

/// The configuration of a stream as its receiver sees it; `public_url` is the transmitter's, and
/// its `iss`.
[[nodiscard]] nlohmann::ordered_json stream_document(
    const scim::events::EventStream& stream, const std::string& public_url
);

/// A receiver may send back what the transmitter decides, but not change it. `invalid_input`/
/// "invalid_stream" naming the member.
[[nodiscard]] Status check_transmitter_members(
    const nlohmann::json& body, const nlohmann::ordered_json& present
);

/// The body of "/.well-known/ssf-configuration" (section 7.1).
[[nodiscard]] nlohmann::ordered_json transmitter_document(
    const std::string& public_url, bool offers_push
);

}  // namespace bascule::daemon
