#include "portal/api/client_authentication.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "directory/base/text.hpp"
#include "portal/api/jwt.hpp"
#include "selfservice/secret_token.hpp"

namespace bascule::portal {
namespace {

using selfservice::Token;

constexpr std::string_view assertion_type =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// An assertion may not be good for longer: so long its id has to be remembered.
constexpr std::chrono::minutes longest_assertion{10};
constexpr std::size_t remember_at_most = 100'000;

struct Proof {
    std::string name;
    std::string secret;
};

tl::unexpected<Error> invalid_client() {
    return fail(
        ErrorKind::unauthenticated, "invalid_client",
        "The client is unknown, or its secret or assertion is not right."
    );
}

tl::unexpected<Error> invalid_request(const char* why) {
    return fail(ErrorKind::invalid_input, "invalid_request", why);
}

bool is_basic(std::string_view authorization) {
    return equals_ignoring_ascii_case(authorization.substr(0, 6), "basic ");
}

/// RFC 7617; both parts are form-encoded first (RFC 6749 section 2.3.1).
std::optional<Proof> basic_proof(std::string_view authorization) {
    std::string text(authorization.substr(6));
    while (text.ends_with('=')) {
        text.pop_back();
    }
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    const auto decoded = selfservice::from_base64url(text);
    const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos) {
        return std::nullopt;
    }
    return Proof{
        http::percent_decode(std::string_view(*decoded).substr(0, colon), http::Plus::is_space),
        http::percent_decode(std::string_view(*decoded).substr(colon + 1), http::Plus::is_space)};
}

bool is_named(const Token& client, std::string_view name) {
    return name == client.id.to_string() || fold_case(name) == fold_case(client.name);
}

}  // namespace

ClientAuthentication::ClientAuthentication(
    selfservice::TokenService& clients, const directory::Clock& clock, std::string url,
    std::string endpoint
)
    : clients_(clients), clock_(clock), url_(std::move(url)), endpoint_(std::move(endpoint)) {}

std::string ClientAuthentication::claimed_name(
    const http::Request& request, const http::QueryParameters& form
) {
    if (const std::string_view header = request.header("authorization"); is_basic(header)) {
        const auto proof = basic_proof(header);
        return proof ? proof->name : std::string();
    }
    const auto assertion = parse_jwt(form.get("client_assertion").value_or(""));
    return assertion ? assertion->text_claim("iss") : form.get("client_id").value_or("");
}

Result<Token> ClientAuthentication::authenticate(
    const http::Request& request, const http::QueryParameters& form
) {
    const std::string_view header = request.header("authorization");
    const bool basic = !header.empty();
    const bool post = form.count("client_secret") != 0;
    const bool assertion = form.count("client_assertion") != 0;
    if (int{basic} + int{post} + int{assertion} != 1) {
        return invalid_request(
            "Prove the client in one way: with Basic authorization, with client_id and "
            "client_secret, or with a client_assertion."
        );
    }
    if (assertion) {
        return by_assertion(form);
    }
    if (post) {
        return by_secret(
            form.get("client_id").value_or(""), form.get("client_secret").value_or("")
        );
    }
    const auto proof = is_basic(header) ? basic_proof(header) : std::nullopt;
    if (!proof) {
        return invalid_client();
    }
    if (const auto name = form.get("client_id"); name && *name != proof->name) {
        return invalid_request("client_id differs from the one in the Authorization header.");
    }
    return by_secret(proof->name, proof->secret);
}

Result<Token> ClientAuthentication::by_secret(const std::string& name, const std::string& secret) {
    auto client = clients_.verify(secret);
    if (client && is_named(*client, name)) {
        return client;
    }
    if (!client && client.error().kind != ErrorKind::unauthenticated) {
        return client;
    }
    return invalid_client();
}

Result<Token> ClientAuthentication::by_assertion(const http::QueryParameters& form) {
    if (form.get("client_assertion_type").value_or("") != assertion_type) {
        return invalid_request("client_assertion_type must be the one of RFC 7523.");
    }
    const auto jwt = parse_jwt(form.get("client_assertion").value_or(""));
    if (!jwt) {
        return invalid_client();
    }
    const std::string name = jwt->text_claim("iss");
    const bool is_own = !name.empty() && name == jwt->text_claim("sub") &&
                        form.get("client_id").value_or(name) == name;
    auto client = is_own ? clients_.find_named(name) : Result<Token>(invalid_client());
    if (!client) {
        return client.error().kind == ErrorKind::unauthenticated ? invalid_client()
                                                                 : std::move(client);
    }
    const auto keys = KeySet::parse(client->keys);
    const Time now = clock_.now();
    const auto end = jwt->claims.find("exp");
    if (!keys || !(*keys)->verify(*jwt, public_key_algorithms()) || !check_times(*jwt, now) ||
        !(is_for(*jwt, endpoint_) || is_for(*jwt, url_)) ||
        end->get<double>() >
            std::chrono::duration<double>((now + longest_assertion).time_since_epoch()).count()) {
        return invalid_client();
    }
    const std::string id = jwt->text_claim("jti");
    // Beyond its end plus the difference of clocks it is refused for its age.
    if (id.empty() || !remember(client->id.to_string() + " " + id, now + longest_assertion * 2)) {
        return invalid_client();
    }
    return client;
}

bool ClientAuthentication::remember(const std::string& assertion_id, Time end) {
    const Time now = clock_.now();
    const std::lock_guard lock(mutex_);
    if (used_.size() >= remember_at_most) {
        std::erase_if(used_, [&](const auto& entry) { return entry.second <= now; });
    }
    return used_.size() < remember_at_most && used_.emplace(assertion_id, end).second;
}

}  // namespace bascule::portal
