#include "scim/service/negotiation.hpp"

#include <string>
#include <string_view>

#include "directory/base/text.hpp"
#include "scim/codec/projection.hpp"

namespace bascule::scim {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Calls `found` for each comma-separated item until it returns true.
template <class Predicate>
bool any_item(std::string_view list, Predicate found) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        if (found(trimmed(list.substr(0, comma)))) {
            return true;
        }
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    }
    return false;
}

std::string_view without_parameters(std::string_view media_range) {
    return trimmed(media_range.substr(0, media_range.find(';')));
}

bool is_json_type(std::string_view type) {
    return equals_ignoring_ascii_case(type, "application/scim+json") ||
           equals_ignoring_ascii_case(type, "application/json");
}

/// Weak comparison: W/ before the quotes does not count; a client that forgets the quotes is
/// understood.
std::string_view opaque_part(std::string_view tag) {
    if (tag.starts_with("W/") || tag.starts_with("w/")) {
        tag.remove_prefix(2);
    }
    if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') {
        tag = tag.substr(1, tag.size() - 2);
    }
    return tag;
}

bool names_version(std::string_view header, const directory::ObjectRow& row) {
    const std::string tag = entity_tag(row.version);
    return any_item(header, [&](std::string_view item) {
        return item == "*" || opaque_part(item) == opaque_part(tag);
    });
}

}  // namespace

Status check_accept(const http::Request& request) {
    const std::string_view accept = request.header("accept");
    if (accept.empty()) {
        return {};
    }
    const bool acceptable = any_item(accept, [](std::string_view range) {
        const std::string_view type = without_parameters(range);
        return type == "*/*" || type == "application/*" || is_json_type(type);
    });
    if (acceptable) {
        return {};
    }
    return fail(
        ErrorKind::unsupported, "not_acceptable",
        "Only application/scim+json is available; accept that or application/json."
    );
}

Status check_content_type(const http::Request& request) {
    const std::string_view encoding = request.header("content-encoding");
    if (!encoding.empty() && !equals_ignoring_ascii_case(encoding, "identity")) {
        return fail(
            ErrorKind::unsupported, "unsupported_media_type",
            "Compressed bodies are not accepted; send the body without Content-Encoding."
        );
    }
    const std::string_view type = without_parameters(request.header("content-type"));
    if (type.empty() || is_json_type(type)) {
        return {};
    }
    return fail(
        ErrorKind::unsupported, "unsupported_media_type",
        "The body must be application/scim+json or application/json, not " + printable(type) + "."
    );
}

Status check_if_match(
    const http::Request& request, const directory::ObjectRow& row, const ClientProfile& profile
) {
    const std::string_view header = request.header("if-match");
    if (header.empty() && profile.entity_tags == EntityTags::required) {
        Error error = profile_refusal(
            profile, "entity_tags", "version_required", "The request has no If-Match",
            "send the version that you read, " + entity_tag(row.version) + " at present."
        );
        error.kind = ErrorKind::precondition_failed;
        return fail(std::move(error));
    }
    if (header.empty() || names_version(header, row)) {
        return {};
    }
    return fail(
        ErrorKind::precondition_failed, "version_mismatch",
        "The resource is at version " + entity_tag(row.version) +
            ", which If-Match does not name. Read it again and repeat the change."
    );
}

bool none_match_hit(const http::Request& request, const directory::ObjectRow& row) {
    const std::string_view header = request.header("if-none-match");
    return !header.empty() && names_version(header, row);
}

Status check_media(const http::Request& request) {
    // A DELETE has nothing to say about media types, whatever its client sends along.
    if (request.method == http::Method::delete_) {
        return {};
    }
    BASCULE_CHECK(check_accept(request));
    const bool has_body = request.method == http::Method::post ||
                          request.method == http::Method::put ||
                          request.method == http::Method::patch;
    return has_body ? check_content_type(request) : Status{};
}

}  // namespace bascule::scim
