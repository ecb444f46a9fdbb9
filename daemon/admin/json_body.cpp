#include "daemon/admin/json_body.hpp"

namespace bascule::daemon {

Result<nlohmann::json> json_object(const http::Request& request) {
    auto parsed = nlohmann::json::parse(request.body, nullptr, false);
    if (!parsed.is_object()) {
        return fail(ErrorKind::invalid_input, "invalid_json", "The request needs a JSON object.");
    }
    return parsed;
}

Result<std::string> required_text(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string() ||
        found->get_ref<const std::string&>().empty()) {
        return fail(Error{
            ErrorKind::invalid_input,
            "missing_member",
            std::string("'") + name + "' must be given.",
            name,
            {},
            {}});
    }
    return found->get<std::string>();
}

http::Response json_response(const nlohmann::json& value) {
    http::Response response;
    response.content_type = "application/json";
    response.body = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return response;
}

}  // namespace bascule::daemon
