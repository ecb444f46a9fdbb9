#include "daemon/ctl/api_client.hpp"

#include <chrono>
#include <iostream>
#include <utility>

#include "directory/base/text.hpp"
namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;
constexpr std::size_t page_size = 200;

ErrorKind kind_of(int status) {
    switch (status) {
        case 401:
            return ErrorKind::unauthenticated;
        case 403:
            return ErrorKind::forbidden;
        case 404:
            return ErrorKind::not_found;
        case 409:
            return ErrorKind::conflict;
        case 412:
            return ErrorKind::precondition_failed;
        case 422:
            return ErrorKind::policy_rejected;
        case 503:
            return ErrorKind::unavailable;
        case 504:
            return ErrorKind::timeout;
        default:
            return status < 500 ? ErrorKind::invalid_input : ErrorKind::internal;
    }
}

std::string text_of(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Error error_of(int status, const json& body) {
    Error error{kind_of(status),
                "refused",
                "The daemon answered " + std::to_string(status) + ".",
                {},
                {},
                {}};
    if (body.is_object()) {
        for (const char* name : {"code", "scimType"}) {
            if (std::string code = text_of(body, name); !code.empty()) {
                error.code = std::move(code);
                break;
            }
        }
        if (std::string detail = text_of(body, "detail"); !detail.empty()) {
            error.detail = std::move(detail);
        }
        error.field = text_of(body, "field");
    }
    return error;
}

// A SCIM filter's string is a JSON string.
std::string quoted(const std::string& text) {
    return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

ApiClient::ApiClient(const Invocation& invocation, std::chrono::milliseconds patience)
    : client_(invocation.socket, patience) {}

Result<json> ApiClient::call(http::Method method, const std::string& target, const json& body)
    const {
    const bool is_scim = target.starts_with("/scim/");
    const std::string text =
        body.is_null() ? std::string() : body.dump(-1, ' ', false, json::error_handler_t::replace);
    BASCULE_TRY(
        const http::Response answer,
        client_.send(method, target, text, is_scim ? "application/scim+json" : "application/json")
    );
    json parsed = answer.body.empty() ? json() : json::parse(answer.body, nullptr, false);
    if (answer.status >= 400) {
        return fail(error_of(answer.status, parsed));
    }
    if (parsed.is_discarded()) {
        return fail(
            ErrorKind::internal, "bad_answer",
            "The daemon's answer is not JSON; do the versions match?"
        );
    }
    return parsed;
}

Result<json> ApiClient::get(const std::string& target) const {
    return call(http::Method::get, target);
}

Result<json> ApiClient::post(const std::string& target, const json& body) const {
    return call(http::Method::post, target, body);
}

Result<std::string> ApiClient::text(const std::string& target) const {
    BASCULE_TRY(http::Response answer, client_.send(http::Method::get, target));
    if (answer.status >= 400) {
        return fail(error_of(answer.status, json::parse(answer.body, nullptr, false)));
    }
    return std::move(answer.body);
}

Result<std::string> ApiClient::find_id(
    const std::string& endpoint, const std::string& attribute, const std::string& value
) const {
    const std::string filter = attribute + " eq " + quoted(value);
    BASCULE_TRY(
        const json found,
        get("/scim/v2" + endpoint + "?attributes=id&count=2&filter=" + http::percent_encode(filter))
    );
    const json resources = found.value("Resources", json::array());
    if (resources.size() == 1) {
        return text_of(resources[0], "id");
    }
    const std::string name = endpoint.substr(1) + " with " + attribute + " '" + value + "'";
    if (resources.empty()) {
        return fail(ErrorKind::not_found, "not_found", "There is nothing in " + name + ".");
    }
    return fail(
        ErrorKind::conflict, "ambiguous_name",
        "There are several " + name + "; give the id instead."
    );
}

Result<std::vector<json>> ApiClient::list(const std::string& endpoint, const std::string& filter)
    const {
    std::vector<json> all;
    for (;;) {
        std::string target = "/scim/v2" + endpoint + "?count=" + std::to_string(page_size) +
                             "&startIndex=" + std::to_string(all.size() + 1);
        if (!filter.empty()) {
            target += "&filter=" + http::percent_encode(filter);
        }
        BASCULE_TRY(const json page, get(target));
        const json resources = page.value("Resources", json::array());
        all.insert(all.end(), resources.begin(), resources.end());
        if (resources.empty() || all.size() >= page.value("totalResults", std::size_t{0})) {
            return all;
        }
    }
}

int report(const Error& error, bool as_json) {
    if (as_json) {
        std::cerr << json{{"code", error.code}, {"detail", error.detail}}.dump() << "\n";
    } else {
        std::cerr << "bascule: " << error.detail << " (" << error.code << ")\n";
    }
    switch (error.kind) {
        case ErrorKind::unavailable:
        case ErrorKind::timeout:
        case ErrorKind::internal:
        case ErrorKind::forbidden:
        case ErrorKind::unauthenticated:
            return exit_could_not;
        default:
            return exit_problem;
    }
}

void print_json(const json& value) {
    std::cout << value.dump(-1, ' ', false, json::error_handler_t::replace) << "\n" << std::flush;
}

void print_explanation(const json& answer, bool as_json) {
    if (as_json) {
        return print_json(answer);
    }
    for (const json& line : answer.at("lines")) {
        const auto text = line.get<std::string>();
        std::cout << printable(text, text.size()) << "\n";
    }
}

}  // namespace bascule::daemon::ctl
