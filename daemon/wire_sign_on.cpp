#include <fstream>
#include <sstream>

#include "connectors/https/fetch.hpp"
#include "daemon/generation.hpp"
#include "portal/api/oauth_routes.hpp"

namespace bascule::daemon {
namespace {

Result<std::string> read_keys_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        return fail(
            ErrorKind::unavailable, "not_read", "The file '" + path + "' could not be read."
        );
    }
    return text.str();
}

portal::Issuer issuer_of(const config::IssuerSettings& settings) {
    portal::Issuer issuer;
    issuer.name = settings.name;
    issuer.issuer = settings.issuer;
    issuer.audience = settings.audience;
    issuer.algorithms = settings.algorithms;
    issuer.client_claim = settings.client_claim;
    issuer.user_claim = settings.user_claim;
    issuer.refresh = settings.refresh;
    issuer.retry = settings.retry;
    if (settings.keys_url.empty()) {
        issuer.fetch_keys = [path = settings.keys_file] { return read_keys_file(path); };
    } else {
        issuer.fetch_keys = [url = settings.keys_url, ca = settings.ca] {
            return https::fetch(url, ca);
        };
    }
    return issuer;
}

}  // namespace

std::vector<access::RateClass> rate_classes(const config::Settings& settings) {
    std::vector<access::RateClass> classes;
    for (const config::RateClassSettings& one : settings.rate_classes) {
        classes.push_back({one.name, one.reads, one.writes, one.burst});
    }
    return classes;
}

Status wire_sign_on(Generation& generation) {
    Core& core = generation.core;
    const config::Settings& settings = generation.settings;
    std::vector<portal::Issuer> issuers;
    for (const config::IssuerSettings& one : settings.sign_on.issuers) {
        issuers.push_back(issuer_of(one));
    }
    generation.issuers =
        std::make_unique<portal::Issuers>(std::move(issuers), *core.tokens, core.clock);
    generation.authenticator = std::make_unique<portal::CallerAuthenticator>(
        *generation.sessions, *core.tokens,
        portal::SignOn{core.access_tokens.get(), generation.issuers.get(), &core.limits}
    );
    const std::string& url = settings.server.public_url;
    generation.client_authentication = std::make_unique<portal::ClientAuthentication>(
        *core.tokens, core.clock, url, url + "/oauth2/token"
    );
    return portal::add_oauth_routes(
        generation.public_router,
        portal::OAuthServices{
            *generation.client_authentication, *core.tokens, *core.access_tokens, core.throttle,
            url, std::chrono::duration_cast<std::chrono::seconds>(settings.sign_on.token_lifetime)}
    );
}

}  // namespace bascule::daemon
