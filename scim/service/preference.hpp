#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "http/api/message.hpp"

namespace bascule::scim {

/// What a write shall be answered with (RFC 7240 section 4.2).
enum class PreferredReturn { unspecified, minimal, representation };

/// The preferences of a request (RFC 7240) that this service knows. Unknown ones, and known ones
/// with a value that is none of theirs, are left out, as section 2 asks; of a preference that is
/// named twice the first counts.
struct Preferences {
    bool dry_run = false;                      ///< say what would happen, and change nothing
    bool respond_async = false;                ///< section 4.1
    std::optional<std::chrono::seconds> wait;  ///< section 4.3
    PreferredReturn representation = PreferredReturn::unspecified;
};

/// Reads every `Prefer` header of the request.
[[nodiscard]] Preferences preferences_of(const http::Request& request);

/// Tells the client that a preference was followed, as `Preference-Applied` (section 3). Called
/// once per preference; they share one header.
void note_applied(http::Response& response, std::string_view preference);

}  // namespace bascule::scim
