#include "portal/api/issuers.hpp"

#include <algorithm>
#include <utility>

#include "directory/base/log.hpp"

namespace bascule::portal {
namespace {

tl::unexpected<Error> invalid(const char* why) {
    return fail(
        ErrorKind::unauthenticated, "invalid_token", std::string("The token is not taken: ") + why
    );
}

}  // namespace

IssuerKeys::State IssuerKeys::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

bool IssuerKeys::is_due(const State& state, std::string_view key_id) const {
    const Time now = clock_.now();
    if (state.tried && *state.tried + issuer_.retry > now) {
        return false;
    }
    return !state.keys || !state.fetched || *state.fetched + issuer_.refresh <= now ||
           !state.keys->has(key_id);
}

std::shared_ptr<const KeySet> IssuerKeys::for_key(std::string_view key_id) {
    const State before = state();
    if (!is_due(before, key_id)) {
        return before.keys;
    }
    std::unique_lock lock(fetching_, std::defer_lock);
    if (before.keys ? lock.try_lock() : (lock.lock(), true)) {
        // Another thread may have been faster.
        if (is_due(state(), key_id)) {
            fetch();
        }
    }
    return state().keys;
}

void IssuerKeys::fetch() {
    {
        const std::lock_guard lock(mutex_);
        state_.tried = clock_.now();
    }
    auto text = issuer_.fetch_keys();
    auto keys = text ? KeySet::parse(*text)
                     : Result<std::shared_ptr<const KeySet>>(fail(std::move(text).error()));
    if (!keys) {
        log::warning(
            "issuer_keys_not_read",
            "The keys of an issuer could not be read; those read before stay in use. " +
                keys.error().detail,
            {{"issuer", issuer_.name}, {"code", keys.error().code}}
        );
        return;
    }
    const std::lock_guard lock(mutex_);
    state_.keys = *std::move(keys);
    state_.fetched = clock_.now();
}

Issuers::Issuers(
    std::vector<Issuer> issuers, selfservice::TokenService& clients, const directory::Clock& clock
)
    : clients_(clients), clock_(clock) {
    for (Issuer& issuer : issuers) {
        entries_.push_back(std::make_unique<Entry>(std::move(issuer), clock));
    }
}

Result<selfservice::Token> Issuers::verify(std::string_view text) {
    BASCULE_TRY(const Jwt jwt, parse_jwt(text));
    const std::string named = jwt.text_claim("iss");
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) {
        return entry->issuer.issuer == named;
    });
    if (found == entries_.end()) {
        return invalid("its issuer is not trusted here.");
    }
    const Issuer& issuer = (*found)->issuer;
    if (std::find(issuer.algorithms.begin(), issuer.algorithms.end(), jwt.algorithm) ==
        issuer.algorithms.end()) {
        return invalid("its signature algorithm is not allowed.");
    }
    const auto keys = (*found)->keys.for_key(jwt.key_id);
    if (!keys) {
        Error error{
            ErrorKind::unavailable,
            "issuer_keys_unavailable",
            "The keys of the issuer '" + issuer.name + "' cannot be read; try again later.",
            {},
            {},
            {}};
        return fail(std::move(error).with_retry_after(std::chrono::seconds(60)));
    }
    BASCULE_CHECK(keys->verify(jwt, issuer.algorithms));
    BASCULE_CHECK(check_times(jwt, clock_.now()));
    if (!is_for(jwt, issuer.audience)) {
        return invalid("it is for another audience.");
    }
    const std::string subject = jwt.text_claim(issuer.client_claim.c_str());
    if (subject.empty()) {
        return invalid("it does not say which client it is for.");
    }
    BASCULE_TRY(selfservice::Token client, clients_.find_by_subject(issuer.name + ":" + subject));
    BASCULE_CHECK(note_user(issuer, jwt, client));
    return client;
}

Status Issuers::note_user(const Issuer& issuer, const Jwt& jwt, selfservice::Token& client) const {
    const std::string name =
        issuer.user_claim.empty() ? "" : jwt.text_claim(issuer.user_claim.c_str());
    if (name.empty()) {
        return {};
    }
    const auto user = clients_.find_user(name);
    if (!user && user.error().kind != ErrorKind::invalid_input) {
        return fail(user.error());
    }
    if (!user || (client.user && *client.user != *user)) {
        return invalid("its user is unknown or disabled here, or not the one of the client.");
    }
    client.user = *user;
    return {};
}

}  // namespace bascule::portal
