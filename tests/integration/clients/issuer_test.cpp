#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "client_rig.hpp"
#include "selfservice/secret_token.hpp"

namespace bascule::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* audience = "https://id.example.com";
constexpr const char* issuer = "https://issuer.example.com/tenant/";

/// A folder of its own for the files of issuers.
std::string make_folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "bascule-issuer.XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    return pattern;
}

class ForeignTokens : public ClientRig {
  protected:
    static void SetUpTestSuite() {
        folder_ = make_folder();
        rsa_ = new Signer(Signer::Kind::rsa, "rsa-1");
        curve_ = new Signer(Signer::Kind::p256, "curve-1");
        write_file(folder_ + "/keys.json", key_set({rsa_, curve_}));
        daemon_ = new DaemonRig(
            std::string("sign_on:\n  issuers:\n    - { name: corp, issuer: \"") + issuer +
            "\", audience: \"" + audience + "\", keys_file: " + folder_ +
            "/keys.json, client_claim: azp, user_claim: upn, retry: 1s }\n"
        );
        daemon_->start();
        client("hr", "users:read", {"--no-secret", "--subject", "corp:hr-app"});
    }
    static void TearDownTestSuite() {
        stop();
        delete rsa_;
        delete curve_;
        std::filesystem::remove_all(folder_);
    }
    static Json claims() {
        return {
            {"iss", issuer},
            {"aud", audience},
            {"azp", "hr-app"},
            {"iat", seconds_from_now(-5)},
            {"exp", seconds_from_now(300)}};
    }
    static Json with(const char* name, const Json& value) {
        Json changed = claims();
        changed[name] = value;
        return changed;
    }

    static inline std::string folder_;
    static inline Signer* rsa_ = nullptr;
    static inline Signer* curve_ = nullptr;
};

TEST_F(ForeignTokens, Check163_TheirClientIsFoundByItsSubject) {
    EXPECT_EQ(users_status(rsa_->sign("RS256", claims())), 200);
    EXPECT_EQ(users_status(rsa_->sign("PS256", claims())), 200);
    EXPECT_EQ(users_status(curve_->sign("ES256", claims())), 200);
    EXPECT_EQ(users_status(rsa_->sign("RS256", with("aud", {"other", audience}))), 200);
    EXPECT_EQ(get("/scim/v2/Groups", rsa_->sign("RS256", claims())).status, 403);
    const std::string id = "01890000-0000-7000-8000-00000000dead";
    EXPECT_EQ(get("/scim/v2/Users/" + id, rsa_->sign("RS256", claims())).status, 404);
}

TEST_F(ForeignTokens, AClaimNamesTheUserForWhomTheyAct) {
    const std::string maker = client("maker", "users:write");
    const auto write = [&](const char* method, const std::string& target, const Json& body) {
        return send(
            {method,
             "/scim/v2" + target,
             {{"Authorization", "Bearer " + maker}, {"Content-Type", "application/scim+json"}},
             body.dump()}
        );
    };
    const HttpAnswer made = write(
        "POST", "/Users",
        {{"schemas", {"urn:ietf:params:scim:schemas:core:2.0:User"}}, {"userName", "ada"}}
    );
    ASSERT_EQ(made.status, 201) << made.body;
    const std::string id = made.json.value("id", "");
    const std::string token = rsa_->sign("RS256", with("upn", "ADA"));
    const HttpAnswer me = get("/scim/v2/Me", token);
    EXPECT_EQ(me.status, 200) << me.body;
    EXPECT_EQ(me.json["id"], id);
    EXPECT_EQ(get("/scim/v2/Me", rsa_->sign("RS256", claims())).status, 404) << "for nobody";
    EXPECT_EQ(users_status(rsa_->sign("RS256", with("upn", "nobody"))), 401);
    EXPECT_EQ(users_status(rsa_->sign("RS256", with("upn", id))), 401) << "an id is no name";
    const Json off{
        {"schemas", {"urn:ietf:params:scim:api:messages:2.0:PatchOp"}},
        {"Operations", {{{"op", "replace"}, {"path", "active"}, {"value", false}}}}};
    EXPECT_EQ(write("PATCH", "/Users/" + id, off).status, 200);
    EXPECT_EQ(get("/scim/v2/Me", token).status, 401);
}

TEST_F(ForeignTokens, WrongClaimsAreRefused) {
    const std::vector<std::pair<const char*, Json>> wrong{
        {"iss", "https://issuer.example.com/tenant"},
        {"aud", "https://id.example.com/"},
        {"aud", Json::array()},
        {"azp", "another-app"},
        {"azp", 7},
        {"exp", seconds_from_now(-120)},
        {"exp", "tomorrow"},
        {"nbf", seconds_from_now(120)},
        {"iat", seconds_from_now(3600)},
    };
    for (const auto& [name, value] : wrong) {
        const HttpAnswer answer = get("/scim/v2/Users", rsa_->sign("RS256", with(name, value)));
        EXPECT_EQ(answer.status, 401) << name << " " << value;
        EXPECT_FALSE(answer.header("WWW-Authenticate").empty());
    }
    Json endless = claims();
    endless.erase("exp");
    EXPECT_EQ(users_status(rsa_->sign("RS256", endless)), 401);
    EXPECT_EQ(users_status(rsa_->sign("RS256", with("exp", seconds_from_now(-30)))), 200)
        << "clocks may differ a little";
}

TEST_F(ForeignTokens, UnsignedAndForgedOnesAreRefused) {
    const Json none{{"alg", "none"}, {"kid", "rsa-1"}};
    EXPECT_EQ(users_status(signed_part(none, claims()) + "."), 401);
    EXPECT_EQ(users_status(forged_token(none, claims(), "x")), 401);
    // The public key, which everybody has, as the key of an HMAC.
    const Json hmac{{"alg", "HS256"}, {"kid", "rsa-1"}};
    for (const std::string& key :
         {rsa_->public_key().dump(), rsa_->public_key()["n"].get<std::string>()}) {
        const std::string part = signed_part(hmac, claims());
        EXPECT_EQ(
            users_status(part + "." + selfservice::base64url(selfservice::keyed_digest(key, part))),
            401
        );
    }
    const Signer stranger(Signer::Kind::rsa, "rsa-1");
    EXPECT_EQ(users_status(stranger.sign("RS256", claims())), 401);
    EXPECT_EQ(users_status(rsa_->sign("RS512", claims())), 401) << "not a configured algorithm";
    EXPECT_EQ(users_status(stranger.sign("RS256", with("iss", "https://unknown.example"))), 401);
    const Json critical{{"alg", "RS256"}, {"kid", "rsa-1"}, {"crit", {"exp"}}};
    EXPECT_EQ(users_status(forged_token(critical, claims(), "x")), 401);
    std::string changed = rsa_->sign("RS256", claims());
    changed[changed.find('.') + 5] ^= 1;
    EXPECT_EQ(users_status(changed), 401);
    for (const std::string broken : {"e.y.x", "ey.ey.ey", "..", "a.b", "eyJ.{}.x"}) {
        EXPECT_EQ(users_status(broken), 401) << broken;
    }
}

TEST_F(ForeignTokens, NewKeysAreReadWhenATokenNamesThem) {
    const Signer next(Signer::Kind::p256, "curve-2");
    EXPECT_EQ(users_status(next.sign("ES256", claims())), 401);
    write_file(folder_ + "/keys.json", key_set({rsa_, curve_, &next}));
    wait_until("the new key", 30s, [&] {
        return users_status(next.sign("ES256", claims())) == 200;
    });
    // While nothing good can be read the last good keys stay.
    write_file(folder_ + "/keys.json", "no keys");
    const Signer unknown(Signer::Kind::p256, "curve-3");
    wait_until("an attempt to read the keys", 30s, [&] {
        EXPECT_EQ(users_status(unknown.sign("ES256", claims())), 401);
        std::ostringstream log;
        log << std::ifstream(daemon_->log_file()).rdbuf();
        return log.str().find("issuer_keys_not_read") != std::string::npos;
    });
    EXPECT_EQ(users_status(next.sign("ES256", claims())), 200);
    write_file(folder_ + "/keys.json", key_set({rsa_, curve_, &next}));
}

/// `openssl s_server` as the web server of an issuer.
class WebServer {
  public:
    WebServer(const std::string& folder, const std::string& certificate)
        : pid_(start_program(
              {"/bin/sh", "-c",
               "cd '" + folder + "' && exec openssl s_server -quiet -WWW -accept 127.0.0.1:" +
                   std::to_string(port_.number) + " -cert '" + certificate + ".pem' -key '" + certificate +
                   ".key'"},
              folder + "/server.log"
          )) {}
    ~WebServer() { ::kill(pid_, SIGKILL); }
    WebServer(const WebServer&) = delete;
    WebServer& operator=(const WebServer&) = delete;
    [[nodiscard]] std::string url() const {
        return "https://127.0.0.1:" + std::to_string(port_.number) + "/keys.json";
    }

  private:
    ReservedPort port_{"127.0.0.1"};
    pid_t pid_;
};

void make_certificate(const std::string& path, const std::string& name) {
    const ProcessResult made = run_program(
        {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=" + name,
         "-keyout", path + ".key", "-out", path + ".pem"}
    );
    EXPECT_EQ(made.exit_code, 0) << made.output;
}

/// The status for a token of an issuer whose keys are behind HTTPS.
int status_with_keys_from(const std::string& url, const std::string& ca, const Signer& signer) {
    DaemonRig daemon(
        std::string("sign_on:\n  issuers:\n    - { name: web, issuer: \"") + issuer +
        "\", audience: \"" + audience + "\", keys_url: \"" + url + "\", ca: " + ca +
        ", retry: 1s }\n"
    );
    daemon.start();
    EXPECT_EQ(
        daemon
            .command(
                {"client", "create", "--name", "web", "--scope", "users:read", "--no-secret",
                 "--subject", "web:app"}
            )
            .exit_code,
        0
    );
    const Json claims{
        {"iss", issuer}, {"aud", audience}, {"sub", "app"}, {"exp", seconds_from_now(300)}};
    const auto ask = [&] {
        return HttpClient(daemon.port())
            .send(
                {"GET",
                 "/scim/v2/Users?count=0",
                 {{"Authorization", "Bearer " + signer.sign("ES256", claims)}},
                 {}}
            )
            .status;
    };
    int status = ask();
    // The web server may still be starting.
    for (int i = 0; i < 3000 && status == 503; ++i) {
        std::ostringstream log;
        log << std::ifstream(daemon.log_file()).rdbuf();
        if (log.str().find("onnection refused") == std::string::npos &&
            log.str().find("onnect to") == std::string::npos) {
            break;
        }
        pause_briefly();
        status = ask();
    }
    return status;
}

TEST(IssuerKeysByHttps, AreFetchedFromACheckedServerOnly) {
    const std::string folder = make_folder();
    const Signer signer(Signer::Kind::p256, "web-1");
    std::ofstream(folder + "/keys.json") << key_set({&signer});
    make_certificate(folder + "/good", "IP:127.0.0.1");
    make_certificate(folder + "/other", "IP:127.0.0.1");
    make_certificate(folder + "/elsewhere", "DNS:elsewhere.example");
    {
        const WebServer server(folder, folder + "/good");
        EXPECT_EQ(status_with_keys_from(server.url(), folder + "/good.pem", signer), 200);
        EXPECT_EQ(status_with_keys_from(server.url(), folder + "/other.pem", signer), 503);
    }
    const WebServer server(folder, folder + "/elsewhere");
    EXPECT_EQ(status_with_keys_from(server.url(), folder + "/elsewhere.pem", signer), 503);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace bascule::test
