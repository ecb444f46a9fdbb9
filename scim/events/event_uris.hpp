#pragma once

#include <array>
#include <string_view>

namespace bascule::scim::events {

/// The event URIs of RFC 9967 section 2 that this service sends.
namespace uri {
inline constexpr std::string_view feed_add = "urn:ietf:params:scim:event:feed:add";
inline constexpr std::string_view feed_remove = "urn:ietf:params:scim:event:feed:remove";
inline constexpr std::string_view create_notice = "urn:ietf:params:scim:event:prov:create:notice";
inline constexpr std::string_view create_full = "urn:ietf:params:scim:event:prov:create:full";
inline constexpr std::string_view patch_notice = "urn:ietf:params:scim:event:prov:patch:notice";
inline constexpr std::string_view patch_full = "urn:ietf:params:scim:event:prov:patch:full";
inline constexpr std::string_view put_notice = "urn:ietf:params:scim:event:prov:put:notice";
inline constexpr std::string_view put_full = "urn:ietf:params:scim:event:prov:put:full";
inline constexpr std::string_view delete_ = "urn:ietf:params:scim:event:prov:delete";
inline constexpr std::string_view activate = "urn:ietf:params:scim:event:prov:activate";
inline constexpr std::string_view deactivate = "urn:ietf:params:scim:event:prov:deactivate";
inline constexpr std::string_view async_response = "urn:ietf:params:scim:event:misc:asyncresp";

inline constexpr std::array all{feed_add,     feed_remove, create_notice, create_full,
                                patch_notice, patch_full,  put_notice,    put_full,
                                delete_,      activate,    deactivate,    async_response};

/// OpenID Shared Signals Framework: tells that a stream works.
inline constexpr std::string_view verification =
    "https://schemas.openid.net/secevent/ssf/event-type/verification";
}  // namespace uri

/// Journal activities of the event feed itself.
inline constexpr std::string_view verification_activity = "Verify event stream";
inline constexpr std::string_view async_activity = "Answer asynchronous request";

}  // namespace bascule::scim::events
