#include <filesystem>

#include "client_rig.hpp"
#include "selfservice/secret_token.hpp"

namespace bascule::test {
namespace {

class OAuth : public ClientRig {
  protected:
    static void SetUpTestSuite() {
        daemon_ = new DaemonRig();
        daemon_->start();
    }
    static void TearDownTestSuite() { stop(); }

    static HttpAnswer post(const std::string& form, HttpHeaders headers = {}) {
        headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        return send({"POST", "/oauth2/token", std::move(headers), form});
    }
    static HttpAnswer grant(
        const std::string& name, const std::string& secret, const std::string& more = {}
    ) {
        return post(
            "grant_type=client_credentials&client_id=" + name + "&client_secret=" + secret + more
        );
    }
    static std::string access_token(const std::string& name, const std::string& secret) {
        return grant(name, secret).json.value("access_token", "");
    }
    static std::string basic(const std::string& name, const std::string& secret) {
        // The padding is of no matter, so base64url serves while no '-' or '_' comes out of it.
        std::string text = selfservice::base64url(name + ":" + secret);
        std::replace(text.begin(), text.end(), '-', '+');
        std::replace(text.begin(), text.end(), '_', '/');
        return "Basic " + text;
    }
    static void expect_error(const HttpAnswer& answer, int status, const std::string& code) {
        EXPECT_EQ(answer.status, status) << answer.body;
        EXPECT_EQ(answer.json.value("error", ""), code) << answer.body;
        EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    }
};

TEST_F(OAuth, Check163_ClientCredentialsGiveAnAccessToken) {
    const std::string secret = client("basic", "users:read,groups:read");
    for (const HttpAnswer& answer :
         {post("grant_type=client_credentials", {{"Authorization", basic("basic", secret)}}),
          grant("basic", secret)}) {
        ASSERT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(answer.header("Cache-Control"), "no-store");
        EXPECT_EQ(answer.header("Pragma"), "no-cache");
        EXPECT_EQ(answer.json["token_type"], "Bearer");
        EXPECT_EQ(answer.json["expires_in"], 3600);
        EXPECT_EQ(answer.json["scope"], "users:read groups:read");
        EXPECT_EQ(users_status(answer.json["access_token"]), 200);
    }
    EXPECT_EQ(users_status("bsa_" + std::string(60, 'A')), 401);
}

TEST_F(OAuth, Check163_ScopesCanBeNarrowedNotWidened) {
    const std::string secret = client("narrow", "users:write,groups:read");
    const HttpAnswer narrow = grant("narrow", secret, "&scope=users:read");
    ASSERT_EQ(narrow.status, 200) << narrow.body;
    EXPECT_EQ(narrow.json["scope"], "users:read");
    const std::string token = narrow.json["access_token"];
    EXPECT_EQ(users_status(token), 200);
    EXPECT_EQ(get("/scim/v2/Groups?count=0", token).status, 403);
    expect_error(grant("narrow", secret, "&scope=admin:read"), 400, "invalid_scope");
}

TEST_F(OAuth, ErrorsAreThoseOfTheProtocol) {
    const std::string secret = client("errors", "users:read");
    expect_error(grant("errors", "wrong"), 401, "invalid_client");
    expect_error(grant("other", secret), 401, "invalid_client");
    expect_error(post("client_id=errors&client_secret=" + secret), 400, "invalid_request");
    expect_error(
        post("grant_type=password&client_id=errors&client_secret=" + secret), 400,
        "unsupported_grant_type"
    );
    expect_error(post("grant_type=client_credentials"), 400, "invalid_request");
    expect_error(
        post("grant_type=client_credentials&grant_type=client_credentials"), 400, "invalid_request"
    );
    expect_error(
        post(
            "grant_type=client_credentials&client_id=errors&client_secret=" + secret,
            {{"Authorization", basic("errors", secret)}}
        ),
        400, "invalid_request"
    );
    expect_error(
        send({"POST", "/oauth2/token", {{"Content-Type", "application/json"}}, "{}"}), 400,
        "invalid_request"
    );
    const HttpAnswer refused =
        post("grant_type=client_credentials", {{"Authorization", basic("errors", "wrong")}});
    expect_error(refused, 401, "invalid_client");
    EXPECT_TRUE(refused.header("WWW-Authenticate").starts_with("Basic"));
}

TEST_F(OAuth, MetadataNameTheEndpoint) {
    const HttpAnswer answer = send({"GET", "/.well-known/oauth-authorization-server", {}, {}});
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.json["issuer"], url());
    EXPECT_EQ(answer.json["token_endpoint"], url() + "/oauth2/token");
    EXPECT_EQ(answer.json["grant_types_supported"], Json{"client_credentials"});
}

TEST_F(OAuth, Check163_AccessTokensEndWithTheirClient) {
    const std::string secret = client("leaving", "users:read");
    const std::string token = access_token("leaving", secret);
    EXPECT_EQ(users_status(token), 200);
    EXPECT_EQ(run({"client", "remove", "leaving"}).exit_code, 0);
    EXPECT_EQ(users_status(token), 401);
    EXPECT_EQ(users_status(secret), 401);
    expect_error(grant("leaving", secret), 401, "invalid_client");
}

TEST_F(OAuth, Check163_TwoSecretsLiveDuringARotation) {
    const std::string first = client("rotating", "users:read");
    const std::string token = access_token("rotating", first);
    const Json made = run_json({"token", "rotate", "rotating", "--overlap", "7d"});
    const std::string second = made.value("token", "");
    EXPECT_TRUE(made["oldSecretEnds"].is_string());
    for (const std::string& secret : {first, second}) {
        EXPECT_EQ(users_status(secret), 200);
        EXPECT_EQ(grant("rotating", secret).status, 200);
    }
    EXPECT_EQ(run({"token", "revoke", "rotating", "--old"}).exit_code, 0);
    EXPECT_EQ(users_status(first), 401);
    EXPECT_EQ(users_status(second), 200);
    EXPECT_EQ(users_status(token), 200);
    const std::string third = run_json({"token", "rotate", "rotating"}).value("token", "");
    EXPECT_EQ(users_status(second), 401);
    EXPECT_EQ(users_status(third), 200);
    EXPECT_EQ(users_status(token), 401) << "a rotation without overlap ends access tokens";
}

TEST_F(OAuth, ListShowsClientsWithTheirLastUse) {
    const std::string secret = client("listed", "users:read", {"--read", "userName"});
    EXPECT_EQ(users_status(secret), 200);
    for (const Json& one : run_json({"client", "list"})) {
        if (one["name"] == "listed") {
            EXPECT_TRUE(one["lastUsed"].is_string());
            EXPECT_EQ(one["read"]["only"], Json{"userName"});
        }
    }
    EXPECT_EQ(run({"client", "set", "listed", "--scope", "groups:read"}).exit_code, 0);
    EXPECT_EQ(users_status(secret), 403);
    EXPECT_EQ(run({"client", "set", "listed", "--read", "noSuchAttribute"}).exit_code, 1);
    EXPECT_EQ(run({"client", "set", "nobody", "--scope", "groups:read"}).exit_code, 1);
}

TEST_F(OAuth, Check163_AssertionsSignedWithTheClientsKeyProveIt) {
    const Signer own(Signer::Kind::p256, "own");
    const std::string keys = daemon_->folder() + "/client-keys.json";
    write_file(keys, key_set({&own}));
    client("keyed", "users:read", {"--no-secret", "--keys", keys});
    const auto once = [&](const Signer& signer, const Json& claims) {
        return post(
            "grant_type=client_credentials"
            "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-"
            "bearer&client_assertion=" +
            signer.sign("ES256", claims)
        );
    };
    // Refusals slow the client down, which is not what is looked at here.
    const auto ask = [&](const Signer& signer, const Json& claims) {
        HttpAnswer answer;
        wait_until("a turn", std::chrono::seconds(60), [&] {
            answer = once(signer, claims);
            return answer.status != 429;
        });
        return answer;
    };
    Json claims{
        {"iss", "keyed"},
        {"sub", "keyed"},
        {"aud", url() + "/oauth2/token"},
        {"exp", seconds_from_now(60)},
        {"jti", "one"}};
    const HttpAnswer granted = ask(own, claims);
    ASSERT_EQ(granted.status, 200) << granted.body;
    EXPECT_EQ(users_status(granted.json["access_token"]), 200);
    expect_error(ask(own, claims), 401, "invalid_client");  // a replay
    const auto refused = [&](const std::string& jti, const char* name, const Json& value) {
        Json changed = claims;
        changed["jti"] = jti;
        changed[name] = value;
        return ask(own, changed);
    };
    EXPECT_EQ(refused("two", "aud", url()).status, 200);
    EXPECT_EQ(refused("three", "aud", "https://elsewhere.example").status, 401);
    EXPECT_EQ(refused("four", "exp", seconds_from_now(-120)).status, 401);
    EXPECT_EQ(refused("five", "sub", "someone").status, 401);
}

TEST_F(OAuth, AssertionsOfAnotherKeyAreRefused) {
    const Signer own(Signer::Kind::p256, "own");
    const Signer other(Signer::Kind::p256, "own");
    const std::string keys = daemon_->folder() + "/two-keys.json";
    write_file(keys, key_set({&own}));
    client("two-keys", "users:read", {"--no-secret", "--keys", keys});
    const Json claims{
        {"iss", "two-keys"},
        {"sub", "two-keys"},
        {"aud", url()},
        {"exp", seconds_from_now(60)},
        {"jti", "a"}};
    const HttpAnswer answer = post(
        "grant_type=client_credentials"
        "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        "&client_assertion=" +
        other.sign("ES256", claims)
    );
    EXPECT_EQ(answer.status, 401) << answer.body;
}

TEST_F(OAuth, KeyFilesAreChecked) {
    const std::string path = daemon_->folder() + "/bad-keys.json";
    write_file(path, R"({"keys":[{"kty":"oct","k":"AAAA"}]})");
    EXPECT_EQ(
        run({"client", "create", "--name", "bad", "--scope", "users:read", "--keys", path})
            .exit_code,
        1
    );
}

TEST(OAuthAcrossRestarts, Check163_SecretsAndAccessTokensSurvive) {
    DaemonRig daemon;
    daemon.start();
    const auto grant = [&](const std::string& secret) {
        return HttpClient(daemon.port())
            .send(
                {"POST",
                 "/oauth2/token",
                 {{"Content-Type", "application/x-www-form-urlencoded"}},
                 "grant_type=client_credentials&client_id=rig&client_secret=" + secret}
            );
    };
    const std::string secret = daemon.token();
    const std::string token = grant(secret).json.value("access_token", "");
    const auto status = [&](const std::string& bearer) {
        return HttpClient(daemon.port())
            .send({"GET", "/scim/v2/Users?count=0", {{"Authorization", "Bearer " + bearer}}, {}})
            .status;
    };
    EXPECT_EQ(status(token), 200);
    daemon.stop();
    daemon.start();
    EXPECT_EQ(status(token), 200);
    EXPECT_EQ(status(secret), 200);
    const auto key = std::filesystem::path(daemon.database()).parent_path() / "installation.key";
    const auto mode = std::filesystem::status(key).permissions();
    EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(OAuthGuessing, IsSlowedDownForTheGuesserOnly) {
    DaemonRig daemon;
    daemon.start();
    const std::string secret = daemon.token();
    const auto grant = [&](const std::string& with) {
        return HttpClient(daemon.port())
            .send(
                {"POST",
                 "/oauth2/token",
                 {{"Content-Type", "application/x-www-form-urlencoded"}},
                 "grant_type=client_credentials&client_id=rig&client_secret=" + with}
            );
    };
    HttpAnswer answer;
    for (int i = 0; i < 10 && answer.status != 429; ++i) {
        answer = grant("guess");
    }
    EXPECT_EQ(answer.status, 429) << answer.body;
    EXPECT_FALSE(answer.header("Retry-After").empty());
    EXPECT_EQ(grant(secret).status, 200) << "the client itself is not locked out";
}

}  // namespace
}  // namespace bascule::test
