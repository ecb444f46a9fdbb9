#include "portal/api/json_body.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "directory/base/text.hpp"

namespace bascule::portal {
namespace {

tl::unexpected<Error> invalid(std::string code, std::string detail, std::string field = {}) {
    return fail(Error{
        ErrorKind::invalid_input, std::move(code), std::move(detail), std::move(field), {}});
}

tl::unexpected<Error> wrong_type(const char* name, std::string_view expected) {
    return invalid("invalid_member", fmt::format("'{}' must be {}.", name, expected), name);
}

}  // namespace

Result<JsonBody> JsonBody::parse(
    const http::Request& request, std::initializer_list<std::string_view> known
) {
    auto json = nlohmann::json::parse(request.body, nullptr, false);
    if (json.is_discarded() || !json.is_object()) {
        return invalid("invalid_json", "The body must be a JSON object.");
    }
    JsonBody body(std::move(json));
    for (const auto& item : body.json_.items()) {
        if (std::ranges::find(known, item.key()) == known.end()) {
            return invalid(
                "unknown_member", fmt::format("'{}' is not known here.", printable(item.key())),
                printable(item.key())
            );
        }
    }
    return body;
}

JsonBody::~JsonBody() {
    if (!json_.is_object()) {
        return;
    }
    for (auto& item : json_.items()) {
        if (item.value().is_string()) {
            wipe(item.value().get_ref<std::string&>());
        }
    }
}

const nlohmann::json* JsonBody::find(const char* name) const {
    const auto found = json_.find(name);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
}

Result<std::optional<std::string>> JsonBody::text(const char* name) const {
    const auto* value = find(name);
    if (value == nullptr) {
        return std::optional<std::string>{};
    }
    if (!value->is_string()) {
        return wrong_type(name, "a string");
    }
    return std::optional<std::string>{value->get<std::string>()};
}

Result<bool> JsonBody::boolean(const char* name, bool otherwise) const {
    const auto* value = find(name);
    if (value == nullptr) {
        return otherwise;
    }
    if (!value->is_boolean()) {
        return wrong_type(name, "true or false");
    }
    return value->get<bool>();
}

Result<std::optional<Uuid>> JsonBody::id(const char* name) const {
    BASCULE_TRY(const auto value, text(name));
    if (!value) {
        return std::optional<Uuid>{};
    }
    const auto id = parse_uuid(*value);
    if (!id) {
        return wrong_type(name, "an id");
    }
    return std::optional<Uuid>{*id};
}

Result<std::vector<Uuid>> JsonBody::ids(const char* name) const {
    std::vector<Uuid> ids;
    const auto* value = find(name);
    if (value == nullptr) {
        return ids;
    }
    if (!value->is_array()) {
        return wrong_type(name, "an array of ids");
    }
    for (const auto& element : *value) {
        const auto id = element.is_string() ? parse_uuid(element.get_ref<const std::string&>())
                                            : parse_uuid("");
        if (!id) {
            return wrong_type(name, "an array of ids");
        }
        ids.push_back(*id);
    }
    return ids;
}

Result<std::optional<Secret>> JsonBody::take_secret(const char* name) {
    const auto found = json_.find(name);
    if (found == json_.end() || found->is_null()) {
        return std::optional<Secret>{};
    }
    if (!found->is_string()) {
        return wrong_type(name, "a string");
    }
    return std::optional<Secret>{Secret(std::move(found->get_ref<std::string&>()))};
}

http::Response json_response(const nlohmann::ordered_json& json) {
    http::Response response;
    response.content_type = "application/json";
    response.body = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return response;
}

}  // namespace bascule::portal
