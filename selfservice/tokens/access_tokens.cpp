#include "selfservice/tokens/access_tokens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "directory/base/text.hpp"
#include "selfservice/secret_token.hpp"

namespace bascule::selfservice {
namespace {

constexpr std::string_view prefix = "bsa_";
constexpr std::size_t longest = 1024;

tl::unexpected<Error> invalid_token() {
    return fail(
        ErrorKind::unauthenticated, "invalid_token",
        "The access token is unknown, revoked or expired; get another one."
    );
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end != 0) {
            words.emplace_back(text.substr(0, end));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

std::optional<Time> time_of(const std::string& text) {
    std::int64_t millis = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), millis);
    if (problem != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return Time(std::chrono::milliseconds(millis));
}

bool has_scope(const Token& client, const std::string& scope) {
    access::Caller caller;
    caller.scopes = client.scopes;
    return caller.has_scope(scope);
}

}  // namespace

AccessTokens::AccessTokens(TokenService& clients, const directory::Clock& clock, Secret key)
    : clients_(clients), clock_(clock), key_(std::move(key)) {}

bool AccessTokens::is_access_token(std::string_view text) {
    return text.size() <= longest && text.starts_with(prefix);
}

std::string AccessTokens::issue(
    const Token& client, const std::vector<std::string>& scopes, std::chrono::seconds lifetime
) const {
    const Time now = clock_.now();
    const Time end = std::min(now + lifetime, client.expires.value_or(Time::max()));
    const std::string payload = fmt::format(
        "{} {} {} {}", client.id.to_string(), now.time_since_epoch().count(),
        end.time_since_epoch().count(), fmt::join(scopes, " ")
    );
    return std::string(prefix) + base64url(payload) + "." +
           base64url(keyed_digest(key_.reveal(), payload));
}

Result<Token> AccessTokens::verify(std::string_view text) const {
    const std::size_t dot = text.find('.');
    if (!is_access_token(text) || dot == std::string_view::npos) {
        return invalid_token();
    }
    const auto payload = from_base64url(text.substr(prefix.size(), dot - prefix.size()));
    const auto digest = from_base64url(text.substr(dot + 1));
    if (!payload || !digest ||
        !equal_in_constant_time(*digest, keyed_digest(key_.reveal(), *payload))) {
        return invalid_token();
    }
    const std::vector<std::string> words = words_of(*payload);
    if (words.size() < 4) {
        return invalid_token();
    }
    const auto id = parse_uuid(words[0]);
    const auto issued = time_of(words[1]);
    const auto end = time_of(words[2]);
    if (!id || !issued || !end || *end <= clock_.now()) {
        return invalid_token();
    }
    BASCULE_TRY(Token client, clients_.find(*id));
    if (*issued < client.valid_from) {
        return invalid_token();
    }
    std::vector<std::string> scopes(words.begin() + 3, words.end());
    std::erase_if(scopes, [&](const std::string& scope) { return !has_scope(client, scope); });
    client.narrowed = scopes != client.scopes;
    client.scopes = std::move(scopes);
    return client;
}

Result<std::vector<std::string>> narrowed_scopes(const Token& client, std::string_view wanted) {
    std::vector<std::string> scopes = words_of(wanted);
    if (scopes.empty()) {
        return client.scopes;
    }
    for (const std::string& scope : scopes) {
        if (!has_scope(client, scope)) {
            return fail(
                ErrorKind::invalid_input, "invalid_scope",
                "The client does not have the scope '" + printable(scope, 64) + "'."
            );
        }
    }
    return scopes;
}

}  // namespace bascule::selfservice
