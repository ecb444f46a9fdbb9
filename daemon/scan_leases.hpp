#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "config/settings.hpp"

namespace bascule::daemon {

/// Lets one reading of everything at a time go on at each directory server: first loads,
/// comparisons, plans and what-if rules wait for each other, whatever source they are of. Who has
/// a lease asks for no other one, so nobody waits for ever. Thread-safe.
class ScanLeases {
  public:
    /// The right to read everything, until it goes. May outlive what gave it.
    using Lease = std::shared_ptr<const void>;

    /// Waits until nobody reads everything at any of these servers; null when `stop` asks to end.
    /// `waits` is called once if it has to wait. A thread that has a lease is given another one at
    /// once, which counts with the first.
    [[nodiscard]] Lease acquire(
        const std::vector<std::string>& servers, const std::stop_token& stop,
        const std::function<void()>& waits
    );

    /// The same without waiting; null when somebody else reads.
    [[nodiscard]] Lease try_acquire(const std::vector<std::string>& servers);

  private:
    class Held;
    struct Reading {
        std::thread::id thread;
        std::vector<std::string> servers;
    };
    struct Book {
        std::mutex mutex;
        std::condition_variable_any changed;
        std::list<Reading> readings;
        [[nodiscard]] bool has(std::thread::id thread) const;
        [[nodiscard]] bool is_free(const std::vector<std::string>& servers) const;
    };
    std::shared_ptr<Book> book_ = std::make_shared<Book>();
};

/// Where a source is read, for ScanLeases.
[[nodiscard]] std::vector<std::string> servers_of(const config::SourceSettings& source);

}  // namespace bascule::daemon
