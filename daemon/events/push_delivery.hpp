#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "connectors/events/push_client.hpp"
#include "daemon/events/stream_service.hpp"
#include "daemon/events/token_signer.hpp"
#include "scim/events/event_feed.hpp"

namespace bascule::daemon {

/// Delivers the tokens of push streams (RFC 8935), each stream on a thread of its own, one token
/// after the other, so that a slow receiver delays nobody else and order is kept. What a receiver
/// has acknowledged is noted in the store; after a crash the rest is delivered again.
class PushDelivery {
  public:
    /// What tokens are made with at the moment; `keep` holds on to it.
    struct Means {
        std::shared_ptr<void> keep;
        const scim::events::EventComposer* composer = nullptr;
        const TokenSigner* signer = nullptr;
    };
    struct Timing {
        std::chrono::milliseconds first_retry{1'000};
        std::chrono::milliseconds longest_retry{300'000};
    };

    /// Starts at once; everything outlives it.
    PushDelivery(
        directory::Store& store, const directory::Clock& clock, StreamService& streams,
        std::function<Means()> means, Timing timing
    );
    /// Ends after the tokens in flight, or cuts them off.
    ~PushDelivery();
    PushDelivery(const PushDelivery&) = delete;
    PushDelivery& operator=(const PushDelivery&) = delete;

  private:
    struct Lane;
    void supervise(const std::stop_token& stop);
    void reconcile(std::map<Uuid, std::jthread>& lanes);
    void run(const std::stop_token& stop, const Uuid& id);
    [[nodiscard]] Status deliver(const std::stop_token& stop, Lane& lane);
    /// True when the token is done with, delivered or refused.
    [[nodiscard]] Result<bool> send(
        const std::stop_token& stop, Lane& lane, const Means& means,
        const scim::events::EventToken& token
    );
    void note(Lane& lane);
    void rest(const std::stop_token& stop, std::chrono::milliseconds time);

    directory::Store& store_;
    const directory::Clock& clock_;
    StreamService& streams_;
    const std::function<Means()> means_;
    const Timing timing_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread supervisor_;  ///< last: ends before what it uses
};

}  // namespace bascule::daemon
