#pragma once

#include <string_view>

#include "directory/base/error.hpp"
#include "http/api/message.hpp"

namespace bascule::scim {

/// The media type of every SCIM body, without a charset: some clients reject any parameter.
inline constexpr std::string_view media_type = "application/scim+json";

/// The scimType of an error (RFC 7644 table 9), or empty when there is none. The one translation.
[[nodiscard]] std::string_view scim_type_of(const Error& error);

/// HTTP status of an error on the SCIM side: as http::status_of, with `mutability` as 400.
[[nodiscard]] int scim_status_of(const Error& error);

/// A SCIM error response (RFC 7644 section 3.12). Internal errors show the request id instead of
/// their detail. Sets WWW-Authenticate on 401 and Retry-After when the error has one.
[[nodiscard]] http::Response scim_error(const Error& error, std::string_view request_id);

/// True for an answer of "this may not be done here" that belongs into the journal.
[[nodiscard]] bool is_refusal(const Error& error);

}  // namespace bascule::scim
