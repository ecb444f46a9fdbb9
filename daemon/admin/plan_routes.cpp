#include "daemon/admin/plan_routes.hpp"

#include <charconv>

#include "config/documents.hpp"
#include "daemon/admin/admin_routes.hpp"
#include "daemon/admin/figures_json.hpp"
#include "daemon/admin/json_body.hpp"
#include "daemon/operator_schemas.hpp"
#include "daemon/plan/candidate.hpp"
#include "daemon/plan/plan_service.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;

std::vector<std::string> notes_about(
    const config::Settings& running, const config::Settings& wanted
) {
    std::vector<std::string> notes;
    for (const std::string& name : config::restart_needed(running, wanted)) {
        notes.push_back(
            name + " changes only by a restart: a reload will refuse this configuration"
        );
    }
    return notes;
}

Result<http::Response> start(Generation& generation, const http::Request& request) {
    BASCULE_TRY(const json body, json_object(request));
    BASCULE_TRY(const std::string text, required_text(body, "config"));
    BASCULE_TRY(const std::string file, required_text(body, "file"));
    PlanRequest plan;
    BASCULE_TRY(plan.settings, read_candidate(text, file));
    BASCULE_TRY(plan.schemas, require_schemas(plan.settings, file));
    plan.source = body.value("source", "");
    plan.running = configured_rules(generation.settings);
    plan.notes = notes_about(generation.settings, plan.settings);
    BASCULE_TRY(const auto number, generation.core.plans->start(std::move(plan)));
    http::Response response = json_response({{"number", number}});
    response.status = 202;
    return response;
}

json describe(const PlanOutcome& outcome) {
    json sources = json::array();
    for (const SourceFigures& source : outcome.sources) {
        sources.push_back(figures_json(source));
    }
    return {
        {"plan", outcome.hash},       {"differences", outcome.lines},
        {"seconds", outcome.seconds}, {"sources", std::move(sources)},
        {"notes", outcome.notes},
    };
}

json describe(const PlanService::State& state) {
    using Phase = PlanService::State::Phase;
    json value{{"number", state.number}};
    switch (state.phase) {
        case Phase::none:
            value["state"] = "none";
            break;
        case Phase::running:
            value["state"] = "running";
            value["step"] = state.progress.step;
            value["source"] = state.progress.source;
            value["done"] = state.progress.done;
            value["expected"] = state.progress.expected;
            value["perSecond"] = state.progress.per_second;
            value["waiting"] = state.progress.waiting;
            break;
        case Phase::done:
            value["state"] = "done";
            value["result"] = describe(*state.outcome);
            break;
        case Phase::failed:
            value["state"] = "failed";
            value["code"] = state.error.code;
            value["detail"] = state.error.detail;
            break;
    }
    return value;
}

std::uint64_t number_in(const http::QueryParameters& parameters, std::string_view name) {
    const std::string text = parameters.get(name).value_or("");
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

Result<http::Response> lines(const PlanService& plans, const http::Request& request) {
    const http::QueryParameters parameters(request.query);
    http::Response response;
    BASCULE_TRY(
        response.body, plans.lines(number_in(parameters, "number"), number_in(parameters, "offset"))
    );
    response.content_type = "application/jsonl";
    return response;
}

}  // namespace

Status add_plan_routes(http::Router& router, Generation& generation) {
    using http::Method;
    PlanService& plans = *generation.core.plans;
    BASCULE_CHECK(add_operator_route(
        router, Method::post, "/v1/plan", "Tries a configuration out without changing anything.",
        [&generation](const http::Request& request, const access::Caller&) {
            return start(generation, request);
        }
    ));
    BASCULE_CHECK(add_operator_route(
        router, Method::get, "/v1/plan", "How far the plan is, or what came of it.",
        [&plans](const http::Request&, const access::Caller&) -> Result<http::Response> {
            return json_response(describe(plans.state()));
        }
    ));
    BASCULE_CHECK(add_operator_route(
        router, Method::delete_, "/v1/plan", "Ends the plan in progress.",
        [&plans](const http::Request&, const access::Caller&) -> Result<http::Response> {
            plans.cancel();
            return json_response(describe(plans.state()));
        }
    ));
    return add_operator_route(
        router, Method::get, "/v1/plan/differences", "A piece of the plan's differences.",
        [&plans](const http::Request& request, const access::Caller&) {
            return lines(plans, request);
        }
    );
}

}  // namespace bascule::daemon
