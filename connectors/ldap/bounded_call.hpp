#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

namespace bascule::ldap {

/// Runs work that knows no deadline of its own (the machine's name look-up, Kerberos) on a thread
/// of its own, and waits for its result until `deadline` or a stop request: then nothing is
/// returned, the work goes on unattended, and what it returns is thrown away. So `work` must own
/// everything that it uses.
template <class T>
[[nodiscard]] std::optional<T> call_within(
    std::chrono::steady_clock::time_point deadline, const std::stop_token& stop,
    std::function<T()> work
) {
    struct Shared {
        std::mutex mutex;
        std::condition_variable_any done;
        std::optional<T> result;
    };
    const auto shared = std::make_shared<Shared>();
    std::thread([shared, task = std::move(work)]() mutable {
        auto result = task();
        // What it owns goes before anybody hears of the result.
        task = nullptr;
        const std::scoped_lock lock(shared->mutex);
        shared->result = std::move(result);
        shared->done.notify_all();
    }).detach();
    std::unique_lock lock(shared->mutex);
    shared->done.wait_until(lock, stop, deadline, [&] { return shared->result.has_value(); });
    return std::exchange(shared->result, std::nullopt);
}

}  // namespace bascule::ldap
