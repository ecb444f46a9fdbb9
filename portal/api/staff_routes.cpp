#include <charconv>

#include "portal/api/json_body.hpp"
#include "portal/api/route_support.hpp"
#include "selfservice/staff/asked_change.hpp"

namespace bascule::portal {
namespace {

using access::Caller;
using http::Method;
using http::Pool;
using http::Request;
using http::RequestContext;
using http::Response;
using nlohmann::ordered_json;

/// The location that stands for everybody.
constexpr std::string_view everybody = "all";

Result<Caller> staff_caller(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_TRY(Caller caller, services.authenticator.authenticate(request, context));
    if (caller.actor.kind == directory::ActorKind::token) {
        return fail(
            ErrorKind::forbidden, "session_required",
            "My Staff acts by the roles of a person, and tokens have none. Sign in as a person."
        );
    }
    caller.origin = "My Staff";
    return caller;
}

Result<Response> locations(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_TRY(const Caller caller, staff_caller(services, request, context));
    BASCULE_TRY(const auto found, services.staff.locations(caller));
    ordered_json units = ordered_json::array();
    for (const selfservice::Location& unit : found.units) {
        units.push_back({
            {"id", unit.id.to_string()},
            {"displayName", unit.display_name},
            {"restricted", unit.restricted},
            {"roles", unit.roles},
            {"members", unit.members},
        });
    }
    return json_response(
        {{"wholeOrganisation", found.whole_organisation}, {"locations", std::move(units)}}
    );
}

ordered_json describe(const selfservice::StaffMember& member) {
    ordered_json reset{{"allowed", !member.reset_refusal.has_value()}};
    if (member.reset_refusal) {
        reset["code"] = member.reset_refusal->code;
        reset["detail"] = member.reset_refusal->detail;
    }
    return {
        {"id", member.person.row.id.to_string()},
        {"userName", member.person.user_name},
        {"displayName", member.person.display_name},
        {"mail", member.person.mail},
        {"active", member.person.active},
        {"source",
         member.person.row.is_synced() ? ordered_json(member.source_name) : ordered_json(nullptr)},
        {"resetPassword", std::move(reset)},
    };
}

Result<selfservice::StaffQuery> query_of(const Request& request) {
    const http::QueryParameters parameters(request.query);
    selfservice::StaffQuery query;
    query.text = parameters.get("search").value_or("");
    query.cursor = parameters.get("cursor").value_or("");
    if (const auto limit = parameters.get("limit")) {
        const char* end = limit->data() + limit->size();
        const auto parsed = std::from_chars(limit->data(), end, query.limit);
        if (parsed.ec != std::errc{} || parsed.ptr != end) {
            return fail(ErrorKind::invalid_input, "invalid_limit", "'limit' must be a number.");
        }
    }
    if (request.path_parameters.empty() || request.path_parameters.front() != everybody) {
        BASCULE_TRY(query.unit, path_id(request));
    }
    return query;
}

Result<Response> people(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_TRY(const Caller caller, staff_caller(services, request, context));
    BASCULE_TRY(const auto query, query_of(request));
    BASCULE_TRY(const auto page, services.staff.people(caller, query));
    ordered_json list = ordered_json::array();
    for (const selfservice::StaffMember& member : page.people) {
        list.push_back(describe(member));
    }
    ordered_json answer{{"people", std::move(list)}};
    if (!page.next_cursor.empty()) {
        answer["nextCursor"] = page.next_cursor;
    }
    return json_response(answer);
}

constexpr std::string_view nobody_is_asked =
    "The directory could not be told that the person must change the password at the next sign-in: "
    "it stays valid until somebody changes it. Ask the person to change it.";

void put_number(ordered_json& json, const char* name, const std::optional<std::uint32_t>& value) {
    if (value) {
        json[name] = *value;
    }
}

void put_seconds(
    ordered_json& json, const char* name, const std::optional<std::chrono::seconds>& value
) {
    if (value) {
        json[name] = value->count();
    }
}

Result<Response> password_policy(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_TRY(const Caller caller, staff_caller(services, request, context));
    BASCULE_TRY(const Uuid id, path_id(request));
    BASCULE_TRY(const auto preview, services.staff.password_policy(caller, id, context.deadline));
    if (preview.generated) {
        return json_response({
            {"generated", true},
            {"mustChange", true},
            {"rules", {"A temporary password is generated and shown once."}},
        });
    }
    const directory::PasswordPolicy& policy = preview.policy;
    const bool must_change = selfservice::asks_for_change(policy);
    ordered_json answer{
        {"generated", false},
        {"mustChange", must_change},
        {"source", preview.source_name},
        {"locked", preview.locked}};
    put_number(answer, "minimumLength", policy.minimum_length);
    put_number(answer, "maximumLength", policy.maximum_length);
    put_number(answer, "history", policy.history);
    put_seconds(answer, "minimumAgeSeconds", policy.minimum_age);
    put_seconds(answer, "maximumAgeSeconds", policy.maximum_age);
    put_number(answer, "lockoutThreshold", policy.lockout_threshold);
    answer["qualityChecked"] = policy.quality_checked;
    answer["enforcedOnReset"] = policy.enforced_on_reset;
    answer["rules"] = policy.sentences;
    if (!must_change) {
        answer["rules"].push_back(
            "The directory cannot be told that the person must change this password at the next "
            "sign-in; ask the person to change it."
        );
    }
    return json_response(answer);
}

ordered_json describe(const selfservice::ResetOutcome& outcome) {
    ordered_json answer{
        {"mustChange", outcome.must_change},
        {"source",
         outcome.source_name.empty() ? ordered_json(nullptr) : ordered_json(outcome.source_name)},
        {"wasLocked", outcome.was_locked},
        {"repeated", outcome.repeated},
    };
    if (outcome.temporary_password) {
        answer["temporaryPassword"] = std::string(outcome.temporary_password->reveal());
        answer["detail"] =
            "Tell the person this password. It is shown only now and must be changed at the next "
            "sign-in.";
    } else if (outcome.repeated) {
        answer["detail"] = outcome.source_name.empty()
                               ? "This reset was done already and its password was shown then. "
                                 "Reset again if it is lost."
                               : "This reset was done already. Nothing was changed again.";
    } else if (outcome.must_change) {
        answer["detail"] =
            "The directory has the new password. It must be changed at the next sign-in.";
    } else {
        answer["detail"] = "The directory has the new password. " + std::string(nobody_is_asked);
    }
    return answer;
}

Result<Response> reset_password(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_TRY(const Caller caller, staff_caller(services, request, context));
    BASCULE_TRY(const Uuid id, path_id(request));
    std::optional<Secret> password;
    if (!request.body.empty()) {
        BASCULE_TRY(JsonBody body, JsonBody::parse(request, {"newPassword"}));
        BASCULE_TRY(password, body.take_secret("newPassword"));
    }
    const selfservice::ResetOptions options{std::string(request.header("idempotency-key"))};
    BASCULE_TRY(
        const auto outcome,
        services.staff.reset_password(caller, id, std::move(password), options, context.deadline)
    );
    return json_response(describe(outcome));
}

Result<Response> unlock(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_TRY(const Caller caller, staff_caller(services, request, context));
    BASCULE_TRY(const Uuid id, path_id(request));
    BASCULE_TRY(const auto outcome, services.staff.unlock(caller, id, context.deadline));
    return json_response(
        {{"unlocked", true},
         {"source", outcome.source_name},
         {"detail", "The directory has unlocked the account. The password is the same as before."}}
    );
}

}  // namespace

Status add_staff_routes(http::Router& router, const Services& services) {
    return add_area_routes(
        router, services,
        {
            {{Method::get, "/api/v1/staff/locations", Pool::read,
              "The locations that the caller manages."},
             locations},
            {{Method::get, "/api/v1/staff/locations/{}/people", Pool::read,
              "The people of a location, or of the whole organisation ('all')."},
             people},
            {{Method::get, "/api/v1/staff/users/{}/password-policy", Pool::password,
              "The rules for a new password of this person."},
             password_policy},
            {{Method::post, "/api/v1/staff/users/{}/unlock", Pool::password,
              "Unlock the account of this person in its directory."},
             unlock},
            {{Method::post, "/api/v1/staff/users/{}/reset-password", Pool::password,
              "Reset the password of this person."},
             reset_password},
        }
    );
}

}  // namespace bascule::portal
