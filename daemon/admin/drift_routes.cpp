#include "daemon/admin/drift_routes.hpp"

#include "daemon/admin/admin_routes.hpp"
#include "daemon/admin/json_body.hpp"

namespace bascule::daemon {
namespace {

using nlohmann::json;

json describe(const mirror::DriftReport& report) {
    return {
        {"drift", report.drift()},
        {"missing", report.missing},
        {"surplus", report.surplus},
        {"stale", report.stale},
        {"held", report.held},
        {"moving", report.moving},
        {"listed", report.listed},
        {"mirrored", report.mirrored},
        {"lookedAt", report.looked_at},
        {"complete", report.complete},
        {"started", format_time(report.started)},
        {"finished", format_time(report.finished)},
        {"seconds", std::chrono::duration<double>(report.finished - report.started).count()},
        {"digest", report.digest},
        {"problem", report.problem}};
}

json describe(const DriftAuditor::State& state) {
    json value{
        {"source", state.source},
        {"running", state.running},
        {"waiting", state.waiting},
        {"listed", state.listed}};
    value["next"] = state.next ? json(format_time(*state.next)) : json();
    value["refused"] = state.refused.empty() ? json() : json(state.refused);
    value["report"] = json();
    if (state.last) {
        value["report"] = describe(*state.last);
        value["report"]["signature"] = state.signature;
        value["report"]["signatureValid"] = state.signature_valid;
    }
    return value;
}

Result<http::Response> reports(const Sources& sources) {
    json list = json::array();
    if (const DriftAuditor* const auditor = sources.auditor()) {
        for (const DriftAuditor::State& state : auditor->states()) {
            list.push_back(describe(state));
        }
    }
    return json_response({{"sources", std::move(list)}});
}

Result<http::Response> request_audit(Sources& sources, const http::Request& request) {
    BASCULE_TRY(const json body, json_object(request));
    const auto name = body.find("source");
    const std::string wanted =
        name != body.end() && name->is_string() ? name->get<std::string>() : std::string();
    DriftAuditor* const auditor = sources.auditor();
    bool found = false;
    if (auditor != nullptr) {
        for (const DriftAuditor::State& state : auditor->states()) {
            const bool named = wanted.empty() || state.source == wanted;
            found = (named && auditor->request(state.source)) || found;
        }
    }
    if (!found) {
        return fail(ErrorKind::not_found, "unknown_source", "There is no source '" + wanted + "'.");
    }
    return json_response({{"requested", true}});
}

}  // namespace

json audit_of(const Sources& sources, const std::string& source) {
    if (const DriftAuditor* const auditor = sources.auditor()) {
        for (const DriftAuditor::State& state : auditor->states()) {
            if (state.source == source) {
                return describe(state);
            }
        }
    }
    return {};
}

Status add_drift_routes(http::Router& router, Sources& sources) {
    BASCULE_CHECK(add_operator_route(
        router, http::Method::get, "/v1/drift",
        "The newest comparison of every source with its directory.",
        [&sources](const http::Request&, const access::Caller&) { return reports(sources); }
    ));
    return add_operator_route(
        router, http::Method::post, "/v1/drift", "Compares a source with its directory now.",
        [&sources](const http::Request& request, const access::Caller&) {
            return request_audit(sources, request);
        }
    );
}

}  // namespace bascule::daemon
