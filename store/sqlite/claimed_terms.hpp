#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "store/sqlite/transaction_operations.hpp"

namespace bascule::store {

/// 128 bits of a keyed hash; two different texts never share one in practice.
struct Digest {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    auto operator<=>(const Digest&) const = default;
};

/// Hashes under a key that is drawn once per process.
[[nodiscard]] Digest digest_of(std::string_view text);

/// The unique terms and ids that a load has seen, 12 bytes each. Thread-safe.
class ClaimedTerms final : public LoadedTerms {
  public:
    [[nodiscard]] bool claim(std::int64_t attribute, std::string_view value) override;
    /// Gives a claim back.
    void release(std::int64_t attribute, std::string_view value);

  private:
    using Key = std::array<std::uint32_t, 3>;
    /// Open addressing; grows alone, so that growing costs little memory at once.
    struct Shard {
        std::vector<Key> slots;
        std::size_t used = 0;
        [[nodiscard]] std::size_t find(const Key& key) const;
        bool insert(const Key& key);
        void erase(const Key& key);
        void grow();
    };
    [[nodiscard]] static Key key_of(std::int64_t attribute, std::string_view value);
    [[nodiscard]] Shard& shard_of(const Key& key) { return shards_[key[0] % shards_.size()]; }

    std::mutex mutex_;
    std::array<Shard, 256> shards_;
};

}  // namespace bascule::store
