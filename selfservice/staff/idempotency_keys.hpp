#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "directory/ports/store.hpp"

namespace bascule::selfservice {

/// Removes at most `limit` of the keys (objects of `type`) whose day is over; returns how many.
[[nodiscard]] Result<std::size_t> forget_old_keys(
    directory::Transaction& transaction, directory::TypeId type, std::size_t limit
);

/// Stores a key with the outcome in `body`; one that was used and forgotten before comes back.
[[nodiscard]] Status keep_key(
    directory::Transaction& transaction, directory::TypeId type, const Uuid& key, std::string body
);

/// Marks a key as under way while it lives.
class InProgress {
  public:
    InProgress(std::mutex& mutex, std::set<Uuid>& keys, const std::optional<Uuid>& key)
        : mutex_(mutex), keys_(keys), key_(key) {
        const std::scoped_lock lock(mutex_);
        first_ = !key_ || keys_.insert(*key_).second;
    }
    ~InProgress() {
        if (key_ && first_) {
            const std::scoped_lock lock(mutex_);
            keys_.erase(*key_);
        }
    }
    InProgress(const InProgress&) = delete;
    InProgress& operator=(const InProgress&) = delete;
    [[nodiscard]] bool first() const { return first_; }

  private:
    std::mutex& mutex_;
    std::set<Uuid>& keys_;
    const std::optional<Uuid> key_;
    bool first_ = true;
};

}  // namespace bascule::selfservice
