#include "portal/api/json_body.hpp"
#include "portal/api/route_support.hpp"

namespace bascule::portal {
namespace {

using http::Method;
using http::Pool;
using http::Request;
using http::RequestContext;
using http::Response;
using nlohmann::ordered_json;

Response describe(const selfservice::SelfServiceReport& report) {
    const selfservice::SelfServiceSetting& setting = report.setting;
    ordered_json approvers = ordered_json::array();
    for (const Uuid& approver : setting.approvers) {
        approvers.push_back(approver.to_string());
    }
    ordered_json answer{
        {"enabled", setting.enabled},
        {"targetGroup", setting.target_group ? ordered_json(setting.target_group->to_string())
                                             : ordered_json(nullptr)},
        {"approvalRequired", setting.approval_required},
        {"approvers", std::move(approvers)},
        {"role", setting.role.empty() ? ordered_json(nullptr) : ordered_json(setting.role)},
        {"state", report.state},
        {"acceptsRequests", report.state == "active"},
    };
    if (!report.detail.empty()) {
        answer["detail"] = report.detail;
    }
    return json_response(answer);
}

Result<Response> get_setting(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_TRY(const auto caller, services.authenticator.authenticate(request, context));
    BASCULE_TRY(const Uuid id, path_id(request));
    BASCULE_TRY(const auto report, services.applications.get(caller, id));
    return describe(report);
}

Result<Response> put_setting(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_TRY(auto caller, services.authenticator.authenticate(request, context));
    caller.origin = "My Apps";
    BASCULE_TRY(const Uuid id, path_id(request));
    BASCULE_TRY(
        const JsonBody body,
        JsonBody::parse(
            request, {"enabled", "targetGroup", "approvalRequired", "approvers", "role"}
        )
    );
    selfservice::SelfServiceSetting setting;
    BASCULE_TRY(setting.enabled, body.boolean("enabled", false));
    BASCULE_TRY(setting.target_group, body.id("targetGroup"));
    BASCULE_TRY(setting.approval_required, body.boolean("approvalRequired", false));
    BASCULE_TRY(setting.approvers, body.ids("approvers"));
    BASCULE_TRY(const auto role, body.text("role"));
    setting.role = role.value_or("");
    BASCULE_TRY(const auto report, services.applications.put(caller, id, std::move(setting)));
    return describe(report);
}

}  // namespace

Status add_application_routes(http::Router& router, const Services& services) {
    return add_area_routes(
        router, services,
        {
            {{Method::get, "/api/v1/applications/{}/self-service", Pool::read,
              "How people get access to this application by themselves."},
             get_setting},
            {{Method::put, "/api/v1/applications/{}/self-service", Pool::write,
              "Set how people get access to this application by themselves."},
             put_setting},
        }
    );
}

}  // namespace bascule::portal
