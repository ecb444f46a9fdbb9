#include "scim/service/scim_error.hpp"

#include <array>
#include <string>
#include <utility>

#include "directory/base/json_text.hpp"
#include "directory/base/log.hpp"
#include "http/api/problem.hpp"

namespace bascule::scim {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 17> scim_types{{
    {"invalid_filter", "invalidFilter"},
    {"too_many", "tooMany"},
    {"uniqueness", "uniqueness"},
    {"id_in_use", "uniqueness"},
    {"mutability", "mutability"},
    {"on_premises_group", "mutability"},
    {"invalid_syntax", "invalidSyntax"},
    {"invalid_path", "invalidPath"},
    {"no_target", "noTarget"},
    {"invalid_value", "invalidValue"},
    {"invalid_version", "invalidVers"},
    {"sensitive", "sensitive"},
    {"invalid_cursor", "invalidCursor"},
    {"expired_cursor", "expiredCursor"},
    {"invalid_count", "invalidCount"},
    {"not_utf8", "invalidSyntax"},
    {"malformed_request", "invalidSyntax"},
}};

std::string shown_detail(const Error& error, std::string_view request_id) {
    if (error.kind == ErrorKind::internal) {
        return "The server could not answer because of an internal error. Its log says more under "
               "request id " +
               std::string(request_id) + ".";
    }
    return error.detail.empty() ? std::string(to_string(error.kind)) : error.detail;
}

}  // namespace

std::string_view scim_type_of(const Error& error) {
    for (const auto& [code, type] : scim_types) {
        if (error.code == code) {
            return type;
        }
    }
    return error.kind == ErrorKind::invalid_input ? "invalidValue" : std::string_view{};
}

int scim_status_of(const Error& error) {
    const std::string_view type = scim_type_of(error);
    if (type == "mutability") {
        return 400;
    }
    if (error.code == "not_acceptable") {
        return 406;
    }
    if (error.code == "unsupported_media_type") {
        return 415;
    }
    if (error.code == "method_not_allowed" || error.code == "put_not_allowed") {
        return 405;
    }
    if (error.code == "version_required") {
        return 428;
    }
    return http::status_of(error);
}

http::Response scim_error(const Error& error, std::string_view request_id) {
    if (error.kind == ErrorKind::internal) {
        log::error(
            "scim_internal_error", error.detail,
            {{"request_id", std::string(request_id)},
             {"code", error.code},
             {"context", error.context}}
        );
    }
    const int status = scim_status_of(error);
    http::Response response;
    response.status = status;
    response.content_type = media_type;
    JsonWriter json(response.body);
    json.begin_object().key("schemas").begin_array();
    json.text("urn:ietf:params:scim:api:messages:2.0:Error").end_array();
    json.field("status", std::to_string(status));
    const std::string_view type = scim_type_of(error);
    const bool typed = status == 400 || status == 409 || (status == 403 && type == "sensitive");
    if (typed && !type.empty()) {
        json.field("scimType", type);
    }
    json.field("detail", shown_detail(error, request_id)).end_object();
    if (status == 401) {
        response.set("WWW-Authenticate", "Bearer realm=\"scim\"");
    }
    if (error.code == "put_not_allowed") {
        response.set("Allow", "GET, HEAD, PATCH, DELETE, OPTIONS");
    }
    if (error.retry_after) {
        response.set("Retry-After", std::to_string(error.retry_after->count()));
    }
    return response;
}

bool is_refusal(const Error& error) {
    return error.kind == ErrorKind::forbidden || error.kind == ErrorKind::policy_rejected ||
           (error.kind == ErrorKind::conflict && error.code == "mutability");
}

}  // namespace bascule::scim
