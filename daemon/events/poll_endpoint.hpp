#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "daemon/events/stream_service.hpp"
#include "daemon/events/token_signer.hpp"
#include "scim/events/event_composer.hpp"
#include "scim/events/event_feed.hpp"

namespace bascule::daemon {

/// What a receiver asks for (RFC 8936 section 2.2).
struct PollRequest {
    std::size_t most = 100;  ///< 0: only acknowledges
    bool return_immediately = false;
    std::vector<std::string> acknowledged;       ///< `jti`s
    std::map<std::string, std::string> refused;  ///< `jti` -> what the receiver says is wrong
};

/// Reads the JSON of a poll; `invalid_input`/"invalid_json" naming the member that is wrong.
[[nodiscard]] Result<PollRequest> parse_poll(const nlohmann::json& body);

/// Notes acknowledged and refused tokens of a stream. Unknown ones are left out.
void note_outcomes(
    scim::events::EventStream& stream, const PollRequest& request,
    const scim::events::FeedPage& page, Time now
);

/// Delivery by polling (RFC 8936). Thread-safe.
class PollEndpoint {
  public:
    /// The parts outlive the endpoint.
    PollEndpoint(
        directory::Store& store, const directory::Clock& clock, StreamService& streams,
        const scim::events::EventComposer& composer, const TokenSigner& signer
    )
        : store_(store), clock_(clock), streams_(streams), composer_(composer), signer_(signer) {}

    /// Takes acknowledgements, then answers with the oldest tokens that are not acknowledged; when
    /// there are none, waits for some until the deadline.
    [[nodiscard]] Result<nlohmann::ordered_json> poll(
        scim::events::EventStream stream, const PollRequest& request,
        std::chrono::steady_clock::time_point deadline
    );

  private:
    [[nodiscard]] Result<scim::events::EventStream> acknowledge(
        const scim::events::EventStream& stream, const PollRequest& request
    );
    [[nodiscard]] Result<nlohmann::ordered_json> answer(
        const scim::events::EventStream& stream, const scim::events::FeedPage& page,
        std::size_t most
    ) const;
    [[nodiscard]] Status skip(
        const scim::events::EventStream& stream, const scim::events::FeedPage& page
    );

    directory::Store& store_;
    const directory::Clock& clock_;
    StreamService& streams_;
    const scim::events::EventComposer& composer_;
    const TokenSigner& signer_;
    std::atomic<int> waiting_{0};
};

}  // namespace bascule::daemon
