#include "portal/api/routes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/unit/selfservice/company.hpp"

namespace bascule::portal {
namespace {

using directory::EdgeKind;
using http::Method;
using http::Request;
using http::Response;
using nlohmann::json;

struct Api : testing::Test {
    test::Company company;
    CallerAuthenticator authenticator{*company.sessions, *company.tokens};
    http::Router router;
    Uuid seattle = company.add_unit("Seattle");
    Uuid mira = company.add_local_user("mira", "password of mira");
    Uuid leo = company.add_local_user("leo", "password of leo");

    Api() {
        test::require(add_routes(
            router, {company.store(), authenticator, *company.sessions, *company.passwords,
                     *company.staff, *company.applications}
        ));
        company.link(EdgeKind::unit_member, seattle, leo);
        company.assign("Helpdesk Administrator", mira, seattle);
    }

    Request request(Method method, const std::string& target, const std::string& body = "") {
        Request result;
        result.method = method;
        const auto question = target.find('?');
        result.path = target.substr(0, question);
        result.query = question == std::string::npos ? "" : target.substr(question + 1);
        result.body = body;
        if (!body.empty()) {
            result.headers.emplace_back("content-type", "application/json");
        }
        return result;
    }
    Response send(Request what) {
        auto match = router.match(what.method, what.path);
        if (match.route == nullptr) {
            return Response{404, "", "", {}};
        }
        what.path_parameters = match.parameters;
        http::RequestContext context;
        context.request_id = "request-9";
        context.source_address = "192.0.2.7";
        context.deadline = company.soon();
        return match.route->handler(what, context);
    }
    static std::string header(const Response& response, std::string_view name) {
        for (const auto& [key, value] : response.headers) {
            if (key == name) {
                return value;
            }
        }
        return "(absent)";
    }
    static Request same_site(Request what) {
        what.headers.emplace_back("x-bascule-request", "1");
        what.headers.emplace_back("sec-fetch-site", "same-origin");
        return what;
    }
    Response sign_in(const std::string& name, const std::string& password) {
        return send(same_site(request(
            Method::post, "/api/v1/session", json{{"userName", name}, {"password", password}}.dump()
        )));
    }
    /// "name=value" of the session cookie.
    std::string cookie_of(const Response& response) {
        const std::string all = header(response, "Set-Cookie");
        return all.substr(0, all.find(';'));
    }
    Request with_cookie(Request what, const std::string& cookie) {
        what.headers.emplace_back("cookie", "other=1; " + cookie);
        return same_site(std::move(what));
    }
    Request with_token(Request what, std::vector<std::string> scopes) {
        const auto created = test::value_of(company.tokens->create(
            "token" + std::to_string(++tokens_), std::move(scopes), {}, company.caller(mira)
        ));
        what.headers.emplace_back(
            "authorization", "Bearer " + std::string(created.secret.reveal())
        );
        return what;
    }
    static std::string code(const Response& response) {
        const auto body = json::parse(response.body, nullptr, false);
        return body.is_object() && body.contains("code") ? body["code"].get<std::string>() : "";
    }
    std::string reset_path(const Uuid& user) {
        return "/api/v1/staff/users/" + user.to_string() + "/reset-password";
    }
    int tokens_ = 0;
};

TEST_F(Api, SignsInWithASafeCookie) {
    const Response response = sign_in("mira", "password of mira");
    EXPECT_EQ(response.status, 200);
    const std::string cookie = header(response, "Set-Cookie");
    EXPECT_TRUE(cookie.starts_with("__Host-bascule="));
    for (const char* attribute : {"; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"}) {
        EXPECT_NE(cookie.find(attribute), std::string::npos) << attribute;
    }
    EXPECT_EQ(cookie.find("Domain"), std::string::npos);
    EXPECT_EQ(header(response, "Cache-Control"), "no-store");
    const json body = json::parse(response.body);
    EXPECT_EQ(body["user"]["userName"], "mira");
    EXPECT_EQ(body["mustChange"], false);
    EXPECT_EQ(
        send(with_cookie(request(Method::get, "/api/v1/session"), cookie_of(response))).status, 200
    );
    EXPECT_EQ(send(request(Method::get, "/api/v1/session")).status, 401);
}

TEST_F(Api, AnswersAWrongPasswordAsAProblem) {
    const Response response = sign_in("mira", "wrong password");
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(response.content_type, "application/problem+json");
    EXPECT_EQ(code(response), "invalid_credentials");
    EXPECT_EQ(json::parse(response.body)["requestId"], "request-9");
}

TEST_F(Api, TellsWhenToTryAgain) {
    Response response;
    for (int i = 0; i < 4; ++i) {
        response = sign_in("mira", "wrong password");
    }
    EXPECT_EQ(response.status, 429);
    EXPECT_NE(header(response, "Retry-After"), "(absent)");
}

TEST_F(Api, SignsOut) {
    const std::string cookie = cookie_of(sign_in("mira", "password of mira"));
    EXPECT_EQ(send(with_cookie(request(Method::delete_, "/api/v1/session"), cookie)).status, 204);
    EXPECT_EQ(send(with_cookie(request(Method::get, "/api/v1/session"), cookie)).status, 401);
}

TEST_F(Api, ShowsAndEndsOnesOwnSessions) {
    const std::string here = cookie_of(sign_in("mira", "password of mira"));
    const std::string there = cookie_of(sign_in("mira", "password of mira"));
    const std::string third = cookie_of(sign_in("mira", "password of mira"));
    const std::string all = "/api/v1/account/sessions";
    const auto alive = [&](const std::string& cookie) {
        return send(with_cookie(request(Method::get, "/api/v1/session"), cookie)).status == 200;
    };
    const Response shown = send(with_cookie(request(Method::get, all), here));
    ASSERT_EQ(shown.status, 200) << shown.body;
    const json sessions = json::parse(shown.body)["sessions"];
    ASSERT_EQ(sessions.size(), 3U);
    EXPECT_EQ(
        std::count_if(
            sessions.begin(), sessions.end(), [](const json& one) { return one["current"] == true; }
        ),
        1
    );
    const json of_there =
        json::parse(send(with_cookie(request(Method::get, all), there)).body)["sessions"];
    for (const json& session : of_there) {
        if (session["current"] == true) {
            const std::string path = all + "/" + session["id"].get<std::string>();
            EXPECT_EQ(send(with_cookie(request(Method::delete_, path), here)).status, 204);
            EXPECT_EQ(send(with_cookie(request(Method::delete_, path), here)).status, 404);
        }
    }
    EXPECT_FALSE(alive(there));
    const Response others = send(with_cookie(request(Method::delete_, all), here));
    ASSERT_EQ(others.status, 200) << others.body;
    EXPECT_EQ(json::parse(others.body)["ended"], 1);
    EXPECT_TRUE(alive(here));
    EXPECT_FALSE(alive(third));
    EXPECT_EQ(company.journal("End session").size(), 1U);
    EXPECT_EQ(company.journal("End other sessions").size(), 1U);
}

TEST_F(Api, SessionsOfOthersAreOutOfReach) {
    company.add_local_user("nina", "password of nina");
    const std::string mine = cookie_of(sign_in("nina", "password of nina"));
    const std::string hers = cookie_of(sign_in("mira", "password of mira"));
    const std::string all = "/api/v1/account/sessions";
    const json sessions =
        json::parse(send(with_cookie(request(Method::get, all), hers)).body)["sessions"];
    ASSERT_EQ(sessions.size(), 1U);
    const std::string path = all + "/" + sessions[0]["id"].get<std::string>();
    EXPECT_EQ(send(with_cookie(request(Method::delete_, path), mine)).status, 404);
    EXPECT_EQ(send(with_cookie(request(Method::get, all), hers)).status, 200);
    EXPECT_EQ(code(send(with_token(request(Method::get, all), {"users:read"}))), "not_a_person");
}

TEST_F(Api, UnlockSaysThatALocalUserIsNeverLocked) {
    const std::string cookie = cookie_of(sign_in("mira", "password of mira"));
    const Response response = send(with_cookie(
        request(Method::post, "/api/v1/staff/users/" + leo.to_string() + "/unlock"), cookie
    ));
    EXPECT_EQ(response.status, 409);
    EXPECT_EQ(code(response), "not_locked");
}

TEST_F(Api, RefusesChangesThatAForeignPageCouldMake) {
    const std::string cookie = cookie_of(sign_in("mira", "password of mira"));
    const auto attempt = [&](const std::function<void(Request&)>& spoil) {
        Request what = with_cookie(request(Method::post, reset_path(leo)), cookie);
        spoil(what);
        return code(send(what));
    };
    const auto set = [](Request& what, const std::string& name, const std::string& value) {
        std::erase_if(what.headers, [&](const auto& header) { return header.first == name; });
        if (!value.empty()) {
            what.headers.emplace_back(name, value);
        }
    };
    EXPECT_EQ(
        attempt([&](Request& what) { set(what, "x-bascule-request", ""); }), "cross_site_request"
    );
    EXPECT_EQ(
        attempt([&](Request& what) { set(what, "sec-fetch-site", "cross-site"); }),
        "cross_site_request"
    );
    EXPECT_EQ(
        attempt([&](Request& what) { set(what, "sec-fetch-site", "same-site"); }),
        "cross_site_request"
    );
    EXPECT_EQ(
        attempt([&](Request& what) {
            what.body = "{}";
            set(what, "content-type", "text/plain");
        }),
        "cross_site_request"
    );
    EXPECT_EQ(attempt([&](Request& what) { set(what, "sec-fetch-site", ""); }), "");
    Request sign_in_from_elsewhere = request(
        Method::post, "/api/v1/session", R"({"userName":"mira","password":"password of mira"})"
    );
    EXPECT_EQ(code(send(sign_in_from_elsewhere)), "cross_site_request");
}

TEST_F(Api, ResetsALocalPassword) {
    const std::string cookie = cookie_of(sign_in("mira", "password of mira"));
    Request reset = with_cookie(request(Method::post, reset_path(leo)), cookie);
    reset.headers.emplace_back("idempotency-key", "k1");
    const Response first = send(reset);
    ASSERT_EQ(first.status, 200) << first.body;
    const std::string temporary = json::parse(first.body)["temporaryPassword"];
    const Response again = send(reset);
    EXPECT_EQ(again.status, 200);
    EXPECT_FALSE(json::parse(again.body).contains("temporaryPassword"));
    EXPECT_EQ(json::parse(again.body)["repeated"], true);

    const Response signed_in = sign_in("leo", temporary);
    EXPECT_EQ(json::parse(signed_in.body)["mustChange"], true);
    const std::string restricted = cookie_of(signed_in);
    const Response refused =
        send(with_cookie(request(Method::get, "/api/v1/staff/locations"), restricted));
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(code(refused), "password_change_required");
    const Response changed = send(with_cookie(
        request(
            Method::post, "/api/v1/account/change-password",
            json{{"oldPassword", temporary}, {"newPassword", "an own password"}}.dump()
        ),
        restricted
    ));
    EXPECT_EQ(changed.status, 200) << changed.body;
    EXPECT_EQ(
        code(send(with_cookie(request(Method::get, "/api/v1/staff/locations"), restricted))),
        "not_authorised"
    );
}

TEST_F(Api, ListsLocationsAndPeople) {
    const std::string cookie = cookie_of(sign_in("mira", "password of mira"));
    const json locations =
        json::parse(send(with_cookie(request(Method::get, "/api/v1/staff/locations"), cookie)).body
        );
    ASSERT_EQ(locations["locations"].size(), 1U);
    EXPECT_EQ(locations["locations"][0]["displayName"], "Seattle");
    const json people =
        json::parse(send(with_cookie(
                             request(
                                 Method::get, "/api/v1/staff/locations/" + seattle.to_string() +
                                                  "/people?search=LE&limit=5"
                             ),
                             cookie
                         ))
                        .body);
    ASSERT_EQ(people["people"].size(), 1U);
    EXPECT_EQ(people["people"][0]["resetPassword"]["allowed"], true);
    EXPECT_EQ(
        send(with_cookie(request(Method::get, "/api/v1/staff/locations/all/people"), cookie))
            .status,
        403
    );
    EXPECT_EQ(
        send(with_cookie(request(Method::get, "/api/v1/staff/locations/x/people"), cookie)).status,
        404
    );
    const Response policy = send(with_cookie(
        request(Method::get, "/api/v1/staff/users/" + leo.to_string() + "/password-policy"), cookie
    ));
    EXPECT_EQ(json::parse(policy.body)["generated"], true);
}

TEST_F(Api, TokensHaveNoPlaceInMyStaff) {
    const std::string locations = "/api/v1/staff/locations";
    const std::string person = "/api/v1/staff/users/" + leo.to_string();
    for (const Request& what :
         {request(Method::get, locations), request(Method::get, locations + "/all/people"),
          request(Method::get, person + "/password-policy"),
          request(Method::post, person + "/unlock"), request(Method::post, reset_path(leo))}) {
        const Response answer = send(with_token(what, {"users:write", "admin:write"}));
        EXPECT_EQ(answer.status, 403) << what.path;
        EXPECT_EQ(code(answer), "session_required") << what.path;
    }
    Request unknown = request(Method::get, "/api/v1/staff/locations");
    unknown.headers.emplace_back("authorization", "Bearer bsc_nonsense");
    EXPECT_EQ(send(unknown).status, 401);
    EXPECT_EQ(header(send(unknown), "WWW-Authenticate"), "Bearer");
}

TEST_F(Api, SetsSelfServiceOfAnApplicationAndRefusesOnPremisesGroups) {
    const Uuid app = company.add("Application", "Wiki", R"("displayName":"Wiki")");
    const Uuid local = company.add_group("local");
    const Uuid synced = company.add_group("Sales EMEA", company.corp);
    const std::string path = "/api/v1/applications/" + app.to_string() + "/self-service";
    const auto put = [&](const json& body) {
        return send(with_token(request(Method::put, path, body.dump()), {"admin:write"}));
    };
    const Response set = put({{"enabled", true}, {"targetGroup", local.to_string()}});
    ASSERT_EQ(set.status, 200) << set.body;
    EXPECT_EQ(json::parse(set.body)["state"], "active");
    const Response refused = put({{"enabled", true}, {"targetGroup", synced.to_string()}});
    EXPECT_EQ(refused.status, 422);
    EXPECT_EQ(code(refused), "on_premises_group");
    EXPECT_EQ(json::parse(refused.body)["field"], "targetGroup");
    EXPECT_EQ(code(put({{"enabled", true}, {"targetgroup", "x"}})), "unknown_member");
    EXPECT_EQ(code(put({{"enabled", "yes"}})), "invalid_member");
    EXPECT_EQ(code(put(json::array())), "invalid_json");
    const Response read = send(with_token(request(Method::get, path), {"admin:read"}));
    EXPECT_EQ(json::parse(read.body)["targetGroup"], local.to_string());
}

TEST_F(Api, AuditIsForReadersOnly) {
    static_cast<void>(company.reset(mira, leo));
    const std::string cookie = cookie_of(sign_in("mira", "password of mira"));
    EXPECT_EQ(
        code(send(with_cookie(request(Method::get, "/api/v1/audit"), cookie))), "not_authorised"
    );
    company.assign("Reports Reader", mira);
    EXPECT_EQ(send(with_cookie(request(Method::get, "/api/v1/audit"), cookie)).status, 200);
    const Response response = send(with_token(
        request(
            Method::get,
            "/api/v1/audit?activity=Reset%20password%20(by%20admin)&target=" + leo.to_string()
        ),
        {"admin:read"}
    ));
    const json body = json::parse(response.body);
    ASSERT_EQ(body["records"].size(), 1U) << response.body;
    EXPECT_EQ(body["records"][0]["result"], "success");
    EXPECT_EQ(body["records"][0]["actor"]["id"], mira.to_string());
    EXPECT_EQ(
        send(with_token(request(Method::get, "/api/v1/audit?limit=0"), {"admin:read"})).status, 400
    );
}

}  // namespace
}  // namespace bascule::portal
