#include "daemon/events/async_request.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "directory/base/text.hpp"
#include "scim/events/event_uris.hpp"
#include "scim/service/scim_error.hpp"

namespace bascule::daemon {

using directory::JournalRecord;
using http::Method;
using http::Request;
using http::Response;
using nlohmann::json;

namespace {

constexpr std::string_view scim_root = "/scim/v2";
constexpr std::size_t longest_response = 8 * 1024;

constexpr std::array methods{Method::post, Method::put, Method::patch, Method::delete_};

Method method_named(std::string_view name) {
    for (const Method method : methods) {
        if (http::to_string(method) == name) {
            return method;
        }
    }
    return Method::other;
}

json result_json(const JournalRecord& record) {
    json value{{"details", record.details}, {"time", format_time(record.time)}};
    value["request"] = record.request_id;
    value["target"] = record.target ? record.target->to_string() : "";
    return value;
}

JournalRecord result_of(const json& value) {
    JournalRecord record;
    record.details = value.at("details").get<decltype(record.details)>();
    record.request_id = value.at("request");
    record.time = parse_time(value.at("time").get<std::string>()).value_or(Time{});
    if (const auto id = parse_uuid(value.at("target").get<std::string>())) {
        record.target = *id;
    }
    return record;
}

std::string_view header_of(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
        if (equals_ignoring_ascii_case(key, name)) {
            return value;
        }
    }
    return {};
}

/// "/Users/<id>" of "https://…/scim/v2/Users/<id>".
std::string relative(std::string_view location) {
    const auto root = location.find(scim_root);
    return root == std::string_view::npos ? std::string(location)
                                          : std::string(location.substr(root + scim_root.size()));
}

/// One answer, alone or within a bulk response.
struct Outcome {
    std::string method;
    std::string bulk_id;
    std::string version;
    std::string status;
    std::string location;
    std::string response;  ///< JSON, of failures
};

JournalRecord record_of(const AsyncRequest& request, const Outcome& outcome, std::string txn) {
    JournalRecord record;
    record.actor = {directory::ActorKind::token, request.client, request.client_name};
    record.origin = "SCIM";
    record.activity = scim::events::async_activity;
    record.source_address = request.source_address;
    record.request_id = std::move(txn);
    const std::string uri =
        relative(outcome.location.empty() ? request.request.path : outcome.location);
    if (const auto id = parse_uuid(std::string_view(uri).substr(uri.rfind('/') + 1))) {
        record.target = *id;
    }
    const bool failed = !outcome.status.starts_with("2");
    record.outcome = failed ? directory::Outcome::failed : directory::Outcome::success;
    record.details.emplace_back("method", outcome.method);
    record.details.emplace_back("uri", uri);
    record.details.emplace_back("status", outcome.status);
    const std::array optional{
        std::pair{"bulkId", &outcome.bulk_id}, std::pair{"version", &outcome.version},
        std::pair{"location", &outcome.location}, std::pair{"response", &outcome.response}};
    for (const auto& [name, value] : optional) {
        if (!value->empty() && value->size() <= longest_response) {
            record.details.emplace_back(name, *value);
        }
    }
    return record;
}

std::string text_of(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::vector<JournalRecord> bulk_records(const AsyncRequest& request, const json& operations) {
    std::vector<JournalRecord> records;
    for (const json& operation : operations) {
        Outcome outcome;
        outcome.method = text_of(operation, "method");
        outcome.bulk_id = text_of(operation, "bulkId");
        outcome.version = text_of(operation, "version");
        outcome.status = text_of(operation, "status");
        outcome.location = text_of(operation, "location");
        if (const auto response = operation.find("response"); response != operation.end()) {
            outcome.response = response->dump();
        }
        records.push_back(record_of(
            request, outcome, request.id.to_string() + ":" + std::to_string(records.size())
        ));
    }
    return records;
}

bool names_password(const json& value) {
    if (value.is_string()) {
        return to_ascii_lower(value.get_ref<const std::string&>()).find("password") !=
               std::string::npos;
    }
    if (value.is_object()) {
        for (const auto& [key, part] : value.items()) {
            if (to_ascii_lower(key).find("password") != std::string::npos || names_password(part)) {
                return true;
            }
        }
    } else if (value.is_array()) {
        for (const json& part : value) {
            if (names_password(part)) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

std::string async_request_body(const AsyncRequest& request) {
    json body{
        {"client", request.client.to_string()},
        {"clientName", request.client_name},
        {"sourceAddress", request.source_address},
        {"method", http::to_string(request.request.method)},
        {"path", request.request.path},
        {"query", request.request.query},
        {"headers", request.request.headers},
        {"body", request.request.body},
        {"sequence", request.sequence},
        {"accepted", format_time(request.accepted)},
    };
    if (request.completed) {
        body["completed"] = format_time(*request.completed);
        for (const JournalRecord& result : request.results) {
            body["results"].push_back(result_json(result));
        }
    }
    return body.dump();
}

Result<AsyncRequest> async_request_of(const directory::Object& object) {
    AsyncRequest request;
    request.id = object.row.id;
    try {
        const json body = json::parse(object.body);
        request.client = parse_uuid(body.at("client").get<std::string>()).value_or(Uuid{});
        request.client_name = body.at("clientName");
        request.source_address = body.at("sourceAddress");
        request.request.method = method_named(body.at("method").get<std::string>());
        request.request.path = body.at("path");
        request.request.query = body.at("query");
        request.request.headers = body.at("headers").get<decltype(request.request.headers)>();
        request.request.body = body.at("body");
        request.sequence = body.at("sequence");
        request.accepted = parse_time(body.at("accepted").get<std::string>()).value_or(Time{});
        if (body.contains("completed")) {
            request.completed =
                parse_time(body.at("completed").get<std::string>()).value_or(Time{});
        }
        for (const json& result : body.value("results", json::array())) {
            request.results.push_back(result_of(result));
        }
    } catch (const json::exception& exception) {
        return fail(Error{
            ErrorKind::internal,
            "broken_request",
            "An accepted request cannot be read from the store.",
            {},
            exception.what()});
    }
    return request;
}

bool may_carry_password(const std::string& body) {
    if (body.empty()) {
        return false;
    }
    const json parsed = json::parse(body, nullptr, false);
    return parsed.is_discarded() || names_password(parsed);
}

std::vector<JournalRecord> completion_records(
    const AsyncRequest& request, const Response& response
) {
    const json body = json::parse(response.body, nullptr, false);
    if (request.request.path.ends_with("/Bulk") && response.status == 200 && body.is_object() &&
        body.contains("Operations")) {
        return bulk_records(request, body["Operations"]);
    }
    Outcome outcome;
    outcome.method = http::to_string(request.request.method);
    outcome.status = std::to_string(response.status);
    outcome.version = header_of(response, "ETag");
    outcome.location = header_of(response, "Location");
    if (response.status >= 300 && !body.is_discarded()) {
        outcome.response = response.body;
    }
    return {record_of(request, outcome, request.id.to_string())};
}

Response answer_after_crash(
    const AsyncRequest& request, const JournalRecord& record, const std::string& public_url
) {
    Response response;
    const Method method = request.request.method;
    if (request.request.path.ends_with("/Bulk")) {
        return scim::scim_error(
            Error{
                ErrorKind::unavailable,
                "interrupted",
                "The service stopped while the operations were carried out; some of them are done. "
                "Read the resources, then send the rest again.",
                {},
                {}},
            request.id.to_string()
        );
    }
    response.status = method == Method::post ? 201 : method == Method::delete_ ? 204 : 200;
    if (record.target) {
        std::string location = public_url + request.request.path;
        if (method == Method::post) {
            location += "/" + record.target->to_string();
        }
        response.set("Location", std::move(location));
    }
    return response;
}

}  // namespace bascule::daemon
