#include "scim/service/bulk.hpp"

#include <string>

#include "directory/base/json_text.hpp"
#include "scim/service/bulk_plan.hpp"
#include "scim/service/bulk_request.hpp"
#include "scim/service/bulk_run.hpp"
#include "scim/service/scim_error.hpp"

namespace bascule::scim {
namespace {

constexpr std::string_view response_urn = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// The permanent URI of what the operation concerns; empty for a POST that failed and for a path
/// that names no resource.
std::string location_in(
    const Engine& engine, const PlannedOperation& operation, const BulkOutcome& outcome
) {
    if (operation.view == nullptr) {
        return {};
    }
    if (operation.new_id) {
        return outcome.error
                   ? std::string{}
                   : location_of(*operation.view->type, *operation.new_id, engine.base_url());
    }
    if (operation.request.path_parameters.empty()) {
        return {};
    }
    const auto id = parse_uuid(operation.request.path_parameters.front());
    return id ? location_of(*operation.view->type, *id, engine.base_url()) : std::string{};
}

void write_result(
    JsonWriter& json, const PlannedOperation& operation, const BulkOutcome& outcome,
    const std::string& location, std::string_view request_id
) {
    json.begin_object();
    if (!location.empty()) {
        json.field("location", location);
    }
    json.field("method", operation.sent->method_name);
    if (!operation.sent->bulk_id.empty()) {
        json.field("bulkId", operation.sent->bulk_id);
    }
    if (outcome.error) {
        const http::Response answer = scim_error(*outcome.error, request_id);
        json.field("status", std::to_string(answer.status));
        json.key("response").raw(answer.body);
    } else {
        if (outcome.version != 0) {
            json.field("version", entity_tag(outcome.version));
        }
        json.field("status", std::to_string(outcome.status));
        if (!outcome.resource.empty()) {
            json.key("response").raw(outcome.resource);
        }
    }
    json.end_object();
}

}  // namespace

Result<http::Response> run_bulk_request(const Engine& engine, const Call& call) {
    const ServiceOptions& options = engine.with.options;
    const Preferences preferences = preferences_of(call.request);
    BASCULE_TRY(BulkRequest request, read_bulk_request(call.request.body, options.bulk));
    BulkPlan plan = plan_bulk(engine, call, request, preferences.representation);
    const auto outcomes = run_bulk(engine, plan, {request.fail_on_errors, preferences.dry_run});
    http::Response response;
    response.content_type = media_type;
    JsonWriter json(response.body);
    json.begin_object().key("schemas").begin_array().text(response_urn).end_array();
    json.key("Operations").begin_array();
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const PlannedOperation& operation = *plan.operations[i];
        if (outcomes[i].was_run) {
            const std::string location = location_in(engine, operation, outcomes[i]);
            write_result(json, operation, outcomes[i], location, call.context.request_id);
        }
    }
    json.end_array().end_object();
    if (preferences.dry_run) {
        note_applied(response, "dry-run");
    }
    if (preferences.representation == PreferredReturn::representation) {
        note_applied(response, "return=representation");
    }
    return response;
}

}  // namespace bascule::scim
