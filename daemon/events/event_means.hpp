#pragma once

#include <memory>
#include <utility>

#include "daemon/events/poll_endpoint.hpp"
#include "daemon/events/token_signer.hpp"
#include "scim/events/event_composer.hpp"

namespace bascule::daemon {

/// What the event feed of one configuration works with.
struct EventMeans {
    EventMeans(
        std::unique_ptr<TokenSigner> the_signer, const scim::Engine& engine, std::string issuer,
        directory::Store& store, const directory::Clock& clock, StreamService& streams
    )
        : signer(std::move(the_signer)),
          composer(engine, std::move(issuer)),
          poll(store, clock, streams, composer, *signer) {}

    std::unique_ptr<TokenSigner> signer;
    scim::events::EventComposer composer;
    PollEndpoint poll;
};

}  // namespace bascule::daemon
