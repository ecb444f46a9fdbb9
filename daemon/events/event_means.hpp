#pragma once

#include <memory>
#include <utility>

#include "daemon/events/client_streams.hpp"
#include "daemon/events/poll_endpoint.hpp"
#include "daemon/events/token_signer.hpp"
#include "scim/events/event_composer.hpp"

namespace bascule::daemon {

/// What the event feed of one configuration works with.
struct EventMeans {
    EventMeans(
        std::unique_ptr<TokenSigner> the_signer, const scim::Engine& engine,
        const std::string& public_url, directory::Store& store, const directory::Clock& clock,
        StreamService& streams, std::vector<std::string> receivers
    )
        : signer(std::move(the_signer)),
          composer(engine, public_url),
          poll(store, clock, streams, composer, *signer),
          client_streams(streams, public_url, std::move(receivers)) {}

    std::unique_ptr<TokenSigner> signer;
    scim::events::EventComposer composer;
    PollEndpoint poll;
    ClientStreams client_streams;
};

}  // namespace bascule::daemon
