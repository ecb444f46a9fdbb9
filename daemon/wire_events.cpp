#include "daemon/events/event_routes.hpp"
#include "daemon/events/ssf_routes.hpp"
#include "daemon/generation.hpp"

namespace bascule::daemon {
namespace {

std::string key_path(const config::Settings& settings) {
    if (!settings.events_signing_key.empty()) {
        return settings.events_signing_key;
    }
    const auto slash = settings.sqlite_path.rfind('/');
    return (slash == std::string::npos ? "" : settings.sqlite_path.substr(0, slash + 1)) +
           "events-key.pem";
}

}  // namespace

Status wire_events(Generation& generation) {
    Core& core = generation.core;
    BASCULE_TRY(auto signer, TokenSigner::from_file(key_path(generation.settings)));
    generation.events = std::make_unique<EventMeans>(
        std::move(signer), generation.scim->engine(), generation.settings.server.public_url,
        *core.store, core.clock, *core.streams, generation.settings.events_receivers
    );
    BASCULE_CHECK(add_ssf_routes(
        generation.public_router, generation.events->client_streams, *generation.authenticator
    ));
    return add_event_routes(
        generation.public_router, *generation.events, {*core.streams, *core.async},
        *generation.authenticator
    );
}

}  // namespace bascule::daemon
