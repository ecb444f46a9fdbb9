#include "selfservice/signins/throttle.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "directory/base/text.hpp"

namespace bascule::selfservice {
namespace {

constexpr std::size_t table_limit = 100'000;

std::string account_key(std::string_view account) {
    constexpr std::size_t longest = 256;
    return fold_case(account.substr(0, longest));
}

/// One household or machine often has a whole IPv6 /64 to choose addresses from.
std::string address_key(std::string_view address) {
    std::array<char, 16> bytes{};
    const std::string text(address);
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
        return {bytes.data(), 8};
    }
    return text;
}

std::chrono::seconds delay_after(std::size_t failures) {
    constexpr std::size_t longest_exponent = 6;
    if (failures < 2) {
        return std::chrono::seconds{0};
    }
    return std::chrono::seconds{1LL << std::min(failures - 2, longest_exponent)};
}

}  // namespace

SignInThrottle::Limits SignInThrottle::limits() const {
    const std::scoped_lock lock(mutex_);
    return limits_;
}

void SignInThrottle::set_limits(const Limits& limits) {
    const std::scoped_lock lock(mutex_);
    limits_ = limits;
}

std::chrono::seconds SignInThrottle::wait_for(
    Table& table, const std::string& key, std::size_t limit, bool delays
) {
    const auto found = table.find(key);
    if (found == table.end()) {
        return std::chrono::seconds{0};
    }
    const Time now = clock_.now();
    Failures& failures = found->second;
    std::erase_if(failures, [&](Time time) { return time + limits_.window <= now; });
    if (failures.empty()) {
        table.erase(found);
        return std::chrono::seconds{0};
    }
    Time free_at = now;
    if (failures.size() >= limit) {
        free_at = failures[failures.size() - limit] + limits_.window;
    } else if (delays) {
        free_at = failures.back() + delay_after(failures.size());
    }
    return std::max(
        std::chrono::ceil<std::chrono::seconds>(free_at - now), std::chrono::seconds{0}
    );
}

void SignInThrottle::make_room(Table& table) {
    if (table.size() < table_limit) {
        return;
    }
    const Time now = clock_.now();
    std::erase_if(table, [&](const auto& entry) {
        return entry.second.back() + limits_.window <= now;
    });
    if (table.size() >= table_limit) {
        table.erase(std::ranges::min_element(table, {}, [](const auto& entry) {
            return entry.second.back();
        }));
    }
}

Status SignInThrottle::admit(
    std::string_view account, std::string_view address, std::size_t account_limit
) {
    const std::string by_account = account_key(account);
    const std::string by_address = address_key(address);
    const std::scoped_lock lock(mutex_);
    const std::size_t limit =
        std::max<std::size_t>(1, std::min(account_limit, limits_.failures_per_account));
    const auto wait = std::max(
        wait_for(accounts_, by_account, limit, true),
        wait_for(addresses_, by_address, limits_.failures_per_address, false)
    );
    if (wait.count() > 0) {
        return fail(Error{
            ErrorKind::rate_limited,
            "too_many_attempts",
            "There were too many attempts to sign in. Wait a while and try again.",
            {},
            {}}.with_retry_after(wait));
    }
    make_room(accounts_);
    make_room(addresses_);
    accounts_[by_account].push_back(clock_.now());
    addresses_[by_address].push_back(clock_.now());
    return {};
}

void SignInThrottle::drop_last(Table& table, const std::string& key) {
    const auto found = table.find(key);
    if (found == table.end()) {
        return;
    }
    found->second.pop_back();
    if (found->second.empty()) {
        table.erase(found);
    }
}

void SignInThrottle::succeeded(std::string_view account, std::string_view address) {
    const std::scoped_lock lock(mutex_);
    accounts_.erase(account_key(account));
    drop_last(addresses_, address_key(address));
}

void SignInThrottle::withdraw(std::string_view account, std::string_view address) {
    const std::scoped_lock lock(mutex_);
    drop_last(accounts_, account_key(account));
    drop_last(addresses_, address_key(address));
}

}  // namespace bascule::selfservice
