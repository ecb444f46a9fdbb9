#pragma once

#include "directory/base/result.hpp"
#include "directory/model/object.hpp"
#include "http/api/message.hpp"
#include "scim/profile/client_profile.hpp"

namespace bascule::scim {

/// Whether the client takes application/scim+json or application/json; else `not_acceptable` (406).
[[nodiscard]] Status check_accept(const http::Request& request);

/// Whether a body is JSON that is not compressed; else `unsupported_media_type` (415). No header
/// counts as JSON.
[[nodiscard]] Status check_content_type(const http::Request& request);

/// If-Match against the object's version, weakly compared; `precondition_failed` (412) when no tag
/// fits, `version_required` (428) when there is none and the profile wants one.
[[nodiscard]] Status check_if_match(
    const http::Request& request, const directory::ObjectRow& row, const ClientProfile& profile
);

/// True when If-None-Match names the object's version or is `*`: a GET answers 304.
[[nodiscard]] bool none_match_hit(const http::Request& request, const directory::ObjectRow& row);

/// Both, as far as the method has a body: 406 and 415.
[[nodiscard]] Status check_media(const http::Request& request);

}  // namespace bascule::scim
