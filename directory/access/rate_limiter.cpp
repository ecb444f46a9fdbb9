#include "directory/access/rate_limiter.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace bascule::access {
namespace {

using std::chrono::nanoseconds;

/// More clients than this at a time, and all start afresh.
constexpr std::size_t buckets_at_most = 100'000;

/// Takes one request from the bucket, or tells how long to wait for it.
nanoseconds take(
    std::atomic<std::int64_t>& due, nanoseconds interval, nanoseconds burst, std::int64_t now
) {
    const std::int64_t room = std::max(interval, burst).count();
    std::int64_t present = due.load(std::memory_order_relaxed);
    for (;;) {
        const std::int64_t next = std::max(present, now) + interval.count();
        if (next - now > room) {
            return nanoseconds(next - now - room);
        }
        if (due.compare_exchange_weak(present, next, std::memory_order_relaxed)) {
            return nanoseconds(0);
        }
    }
}

Error too_many(const RateClass& limits, RateLimiter::Use use, nanoseconds wait) {
    const bool reads = use == RateLimiter::Use::read;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
    Error error{
        ErrorKind::rate_limited,
        "too_many_requests",
        "This client may send " + std::to_string(reads ? limits.reads : limits.writes) +
            (reads ? " reads" : " writes") + " a second (class " + limits.name +
            "). Send the request again later.",
        {},
        {},
        {}};
    error.retry_after = std::max(seconds, std::chrono::seconds(1));
    return error;
}

}  // namespace

void RateLimiter::set_classes(std::vector<RateClass> classes) {
    const std::unique_lock lock(mutex_);
    const auto former = std::exchange(classes_, {});
    buckets_.clear();
    for (RateClass& limits : classes) {
        auto made = std::make_unique<Class>();
        for (const auto& old : former) {
            if (old->limits.name == limits.name) {
                made->refused[0] = old->refused[0].load();
                made->refused[1] = old->refused[1].load();
            }
        }
        made->limits = std::move(limits);
        classes_.push_back(std::move(made));
    }
    limits_ = !classes_.empty();
}

RateLimiter::Class* RateLimiter::class_of(std::string_view name) const {
    Class* standard = nullptr;
    for (const auto& one : classes_) {
        if (one->limits.name == name) {
            return one.get();
        }
        standard = one->limits.name == "default" ? one.get() : standard;
    }
    return standard;
}

void RateLimiter::add_bucket(const Uuid& client) {
    const std::unique_lock lock(mutex_);
    if (buckets_.size() >= buckets_at_most) {
        buckets_.clear();
    }
    buckets_.try_emplace(client, std::make_unique<Bucket>());
}

Status RateLimiter::admit(const Caller& caller, Use use, Time now) {
    if (!limits_.load(std::memory_order_relaxed) || !caller.actor.id) {
        return {};
    }
    std::shared_lock lock(mutex_);
    auto found = buckets_.find(*caller.actor.id);
    if (found == buckets_.end()) {
        lock.unlock();
        add_bucket(*caller.actor.id);
        lock.lock();
        found = buckets_.find(*caller.actor.id);
    }
    Class* limited = class_of(caller.rate_class);
    const std::uint32_t rate = limited == nullptr ? 0
                               : use == Use::read ? limited->limits.reads
                                                  : limited->limits.writes;
    if (rate == 0 || found == buckets_.end()) {
        return {};
    }
    const auto which = static_cast<std::size_t>(use);
    const nanoseconds interval(1'000'000'000 / rate);
    const nanoseconds wait = take(
        found->second->due[which], interval, limited->limits.burst, now.time_since_epoch().count()
    );
    if (wait.count() == 0) {
        return {};
    }
    ++limited->refused[which];
    return fail(too_many(limited->limits, use, wait));
}

std::vector<RateLimiter::Refused> RateLimiter::refused() const {
    const std::shared_lock lock(mutex_);
    std::vector<Refused> all;
    for (const auto& one : classes_) {
        all.push_back({one->limits.name, one->refused[0].load(), one->refused[1].load()});
    }
    return all;
}

}  // namespace bascule::access
