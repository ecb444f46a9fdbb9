#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/ports/clock.hpp"

namespace bascule::selfservice {

/// Slows down guessing, by account name and by address, known or not. Counts failures of the last
/// `window`: from the second on, the next attempt must wait 1, 2, 4 … seconds; at the limit, until
/// the oldest failure is out of the window. So a directory behind it never sees enough failures to
/// lock anybody out. In memory, thread-safe.
class SignInThrottle {
  public:
    struct Limits {
        std::size_t failures_per_account = 5;
        std::size_t failures_per_address = 40;
        std::chrono::seconds window{std::chrono::minutes{15}};
    };

    SignInThrottle(const directory::Clock& clock, Limits limits) : clock_(clock), limits_(limits) {}

    /// Admits an attempt and counts it as failed until told otherwise, so that parallel guesses
    /// count too. `rate_limited`/"too_many_attempts" with the time to wait. `account_limit` lowers
    /// the limit for accounts.
    [[nodiscard]] Status admit(
        std::string_view account, std::string_view address, std::size_t account_limit
    );
    /// The password was right: the account starts afresh and the attempt counts for the address no
    /// more.
    void succeeded(std::string_view account, std::string_view address);
    /// Nothing was learnt about the password (the directory did not answer).
    void withdraw(std::string_view account, std::string_view address);

    [[nodiscard]] Limits limits() const;
    /// Other limits from now on, for the failures that were counted already too.
    void set_limits(const Limits& limits);

  private:
    using Failures = std::vector<Time>;
    using Table = std::unordered_map<std::string, Failures>;

    [[nodiscard]] std::chrono::seconds wait_for(
        Table& table, const std::string& key, std::size_t limit, bool delays
    );
    void drop_last(Table& table, const std::string& key);
    void make_room(Table& table);

    const directory::Clock& clock_;
    mutable std::mutex mutex_;
    Limits limits_;
    Table accounts_;
    Table addresses_;
};

}  // namespace bascule::selfservice
