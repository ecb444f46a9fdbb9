#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/events/async_request.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/store.hpp"
#include "scim/service/async_gate.hpp"

namespace bascule::daemon {

/// Carries out requests whose clients do not wait, one after the other in the order of their
/// arrival. An accepted request is an object of the store until a day after it was answered, so
/// that a restart loses none; what a crash interrupted is carried out once all the same: its
/// journal record, written in the same transaction, says whether it was. Thread-safe.
class AsyncRequests final : public scim::AsyncGate {
  public:
    /// Carries out a request for the client that sent it, with the client's rights of the moment.
    using Run = std::function<http::Response(const AsyncRequest&)>;

    /// Takes requests at once; carries them out after start(). The parts outlive it.
    AsyncRequests(directory::Store& store, const directory::Clock& clock);
    ~AsyncRequests() override;
    AsyncRequests(const AsyncRequests&) = delete;
    AsyncRequests& operator=(const AsyncRequests&) = delete;

    /// Where clients find their answers, from now on: "https://id.example.com".
    void set_public_url(std::string url);
    /// Finds what an earlier process left, then begins to work.
    [[nodiscard]] Status start(Run run);
    /// Ends after the request in progress; what waits stays in the store.
    void stop();

    /// 503 when too many requests wait.
    [[nodiscard]] std::optional<http::Response> accept(
        const http::Request& request, const http::RequestContext& context,
        const access::Caller& caller
    ) override;

    /// A request of this client; `not_found` for those of others.
    [[nodiscard]] Result<AsyncRequest> find(std::string_view id, const Uuid& client);

  private:
    struct Job {
        AsyncRequest request;
        bool awaited = false;  ///< its client still waits for the real answer
        std::optional<http::Response> response;
    };
    [[nodiscard]] Status keep(AsyncRequest& request);
    [[nodiscard]] Status recover();
    [[nodiscard]] std::optional<http::Response> await(
        const std::shared_ptr<Job>& job, std::chrono::steady_clock::time_point until
    );
    void work(const std::stop_token& stop);
    void carry_out(const std::shared_ptr<Job>& job);
    [[nodiscard]] Status complete(AsyncRequest& request, const http::Response& response);
    [[nodiscard]] Status forget(const Uuid& id);
    void forget_old();

    directory::Store& store_;
    const directory::Clock& clock_;
    directory::TypeId type_;
    Run run_;
    std::mutex mutex_;
    std::string public_url_;
    std::condition_variable_any work_waits_;
    std::condition_variable_any answered_;
    std::deque<std::shared_ptr<Job>> queue_;
    std::map<Uuid, std::size_t> waiting_of_;  ///< requests in the queue by client
    std::jthread thread_;                     ///< last: ends before what it uses
};

}  // namespace bascule::daemon
