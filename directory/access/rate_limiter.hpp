#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "directory/access/caller.hpp"
#include "directory/base/result.hpp"

namespace bascule::access {

/// How many requests a client may send.
struct RateClass {
    std::string name;
    std::uint32_t reads = 0;            ///< per second; 0: no limit
    std::uint32_t writes = 0;           ///< per second; 0: no limit
    std::chrono::milliseconds burst{};  ///< the requests of so much time may come at once
};

/// Limits the requests of each client by the class it names, reads and writes on their own; clients
/// that name none, or one that is gone, have the class "default". Without classes nothing is
/// limited and nothing looked up. Counts in memory with atomics (the generic cell rate algorithm, a
/// token bucket without a timer). Thread-safe.
class RateLimiter {
  public:
    using Time = std::chrono::steady_clock::time_point;
    enum class Use { read, write };

    /// Other limits from now on; what clients have used is forgotten.
    void set_classes(std::vector<RateClass> classes);

    /// Counts one request of the caller; `rate_limited`/"too_many_requests" with the time to wait.
    [[nodiscard]] Status admit(const Caller& caller, Use use, Time now);
    [[nodiscard]] Status admit(const Caller& caller, Use use) {
        return admit(caller, use, std::chrono::steady_clock::now());
    }

    /// Requests refused so far, of the classes there are.
    struct Refused {
        std::string rate_class;
        std::uint64_t reads = 0;
        std::uint64_t writes = 0;
    };
    [[nodiscard]] std::vector<Refused> refused() const;

  private:
    struct Class {
        RateClass limits;
        std::array<std::atomic<std::uint64_t>, 2> refused{};
    };
    /// When the next request would come if they came evenly, in nanoseconds of the steady clock.
    struct Bucket {
        std::array<std::atomic<std::int64_t>, 2> due{};
    };

    [[nodiscard]] Class* class_of(std::string_view name) const;
    void add_bucket(const Uuid& client);

    std::atomic<bool> limits_ = false;
    mutable std::shared_mutex mutex_;
    std::vector<std::unique_ptr<Class>> classes_;
    std::unordered_map<Uuid, std::unique_ptr<Bucket>> buckets_;
};

}  // namespace bascule::access
