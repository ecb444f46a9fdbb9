#include <fmt/format.h>

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

using Admit = CallerAuthenticator::Admit;

std::string cookie(std::string_view value, std::string_view more) {
    return fmt::format(
        "{}={}; Path=/; Secure; HttpOnly; SameSite=Lax{}", session_cookie, value, more
    );
}

ordered_json describe(const selfservice::Session& session) {
    return {
        {"user",
         {{"id", session.user.to_string()},
          {"userName", session.user_name},
          {"displayName", session.display_name}}},
        {"mustChange", session.must_change_password},
        {"created", format_time(session.created)},
        {"expires", format_time(session.expires)},
    };
}

Result<Response> sign_in(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_CHECK(check_same_site(request));
    BASCULE_TRY(JsonBody body, JsonBody::parse(request, {"userName", "password"}));
    BASCULE_TRY(const auto user_name, body.text("userName"));
    BASCULE_TRY(const auto password, body.take_secret("password"));
    if (!user_name || !password) {
        return fail(
            ErrorKind::invalid_input, "missing_member", "Both userName and password are needed."
        );
    }
    const selfservice::SignInOrigin origin{
        context.source_address, context.request_id, std::string(request.header("user-agent"))};
    BASCULE_TRY(
        const auto signed_in,
        services.sessions.sign_in(*user_name, *password, origin, context.deadline)
    );
    Response response = json_response(describe(signed_in.session));
    response.set("Set-Cookie", cookie(signed_in.token.reveal(), ""));
    return response;
}

Result<Response> who(const Services& services, const Request& request, const RequestContext&) {
    BASCULE_TRY(const auto session, services.sessions.find(session_token_of(request)));
    return json_response(describe(session));
}

Result<Response> sign_out(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_TRY(
        const auto caller,
        services.authenticator.authenticate(request, context, Admit::must_change_too)
    );
    if (!caller.session) {
        return fail(
            ErrorKind::forbidden, "not_a_person",
            "A token has no session to end; revoke the token instead."
        );
    }
    BASCULE_CHECK(services.sessions.end(*caller.actor.id, *caller.session));
    Response response;
    response.status = 204;
    response.set("Set-Cookie", cookie("", "; Max-Age=0"));
    response.set("Clear-Site-Data", "\"cache\", \"storage\"");
    return response;
}

Result<Response> change_password(
    const Services& services, const Request& request, const RequestContext& context
) {
    BASCULE_TRY(
        const auto caller,
        services.authenticator.authenticate(request, context, Admit::must_change_too)
    );
    BASCULE_TRY(JsonBody body, JsonBody::parse(request, {"oldPassword", "newPassword"}));
    BASCULE_TRY(const auto old_password, body.take_secret("oldPassword"));
    BASCULE_TRY(const auto new_password, body.take_secret("newPassword"));
    if (!old_password || !new_password) {
        return fail(
            ErrorKind::invalid_input, "missing_member",
            "Both oldPassword and newPassword are needed."
        );
    }
    BASCULE_CHECK(services.passwords.change(caller, *old_password, *new_password, context.deadline)
    );
    return json_response(
        {{"changed", true},
         {"detail", "Your password was changed. Your other sessions have ended."}}
    );
}

}  // namespace

Status add_session_routes(http::Router& router, const Services& services) {
    return add_area_routes(
        router, services,
        {
            {{Method::post, "/api/v1/session", Pool::password,
              "Sign in with user name and password."},
             sign_in},
            {{Method::get, "/api/v1/session", Pool::read, "Who is signed in."}, who},
            {{Method::delete_, "/api/v1/session", Pool::write, "Sign out."}, sign_out},
            {{Method::post, "/api/v1/account/change-password", Pool::password,
              "Change one's own password."},
             change_password},
        }
    );
}

}  // namespace bascule::portal
