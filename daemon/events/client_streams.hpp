#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "daemon/events/ssf_document.hpp"
#include "daemon/events/stream_service.hpp"

namespace bascule::daemon {

/// The streams of a client as the client manages them itself (OpenID Shared Signals Framework 1.0
/// section 8). It sees those that are its own, whoever made them, and changes those that it made:
/// what an operator made or paused stays as the operator has it. Thread-safe.
class ClientStreams {
  public:
    using EventStream = scim::events::EventStream;
    using State = scim::events::StreamState;

    /// `receivers` are the hosts to which clients may have events pushed: "hr.example.com",
    /// "*.example.com". The service outlives this.
    ClientStreams(
        StreamService& streams, std::string public_url, std::vector<std::string> receivers
    );

    /// Every operation: `forbidden`/"insufficient_scope" without events:read, `not_found` for
    /// streams of others, `forbidden`/"operator_stream" for changing what the operator made.

    /// Tells what the client may read. `conflict`/"too_many_streams"; `invalid_input`;
    /// `forbidden`/"receiver_not_allowed" for a host that is none of the receivers.
    [[nodiscard]] Result<EventStream> create(
        const access::Caller& client, const StreamWishes& wishes
    );
    [[nodiscard]] Result<std::vector<EventStream>> list(const access::Caller& client);
    [[nodiscard]] Result<EventStream> find(const access::Caller& client, std::string_view id);
    /// Changes what the wishes name.
    [[nodiscard]] Result<EventStream> update(
        const access::Caller& client, std::string_view id, const StreamWishes& wishes
    );
    [[nodiscard]] Status remove(const access::Caller& client, std::string_view id);
    /// `forbidden`/"paused_by_operator" when only the operator may go on with it.
    [[nodiscard]] Result<EventStream> set_state(
        const access::Caller& client, std::string_view id, State state
    );
    /// `rate_limited`/"verified_just_now" within min_verification_interval.
    [[nodiscard]] Status verify(
        const access::Caller& client, std::string_view id, std::string_view state
    );

    [[nodiscard]] nlohmann::ordered_json document(const EventStream& stream) const {
        return stream_document(stream, public_url_);
    }
    [[nodiscard]] nlohmann::ordered_json transmitter() const {
        return transmitter_document(public_url_, !receivers_.empty());
    }

  private:
    [[nodiscard]] Result<EventStream> changeable(const access::Caller& client, std::string_view id);
    [[nodiscard]] Status check_receiver(const std::string& endpoint) const;
    [[nodiscard]] Status apply(const StreamWishes& wishes, EventStream& stream) const;
    [[nodiscard]] Status admit_verification(const Uuid& stream);

    StreamService& streams_;
    const std::string public_url_;
    const std::vector<std::string> receivers_;
    std::mutex mutex_;
    std::map<Uuid, std::chrono::steady_clock::time_point> verified_;
};

}  // namespace bascule::daemon
