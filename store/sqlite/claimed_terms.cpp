#include "store/sqlite/claimed_terms.hpp"

#include <sodium.h>

#include <cstring>

namespace bascule::store {
namespace {

using HashKey = std::array<unsigned char, crypto_shorthash_siphashx24_KEYBYTES>;

HashKey draw_key() {
    HashKey key;
    randombytes_buf(key.data(), key.size());
    return key;
}

}  // namespace

Digest digest_of(std::string_view text) {
    static const HashKey key = draw_key();
    static_assert(sizeof(Digest) == crypto_shorthash_siphashx24_BYTES);
    std::array<unsigned char, crypto_shorthash_siphashx24_BYTES> hash;
    crypto_shorthash_siphashx24(
        hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), key.data()
    );
    Digest digest;
    std::memcpy(&digest, hash.data(), hash.size());
    return digest;
}

ClaimedTerms::Key ClaimedTerms::key_of(std::int64_t attribute, std::string_view value) {
    std::string text(reinterpret_cast<const char*>(&attribute), sizeof attribute);
    const auto digest = digest_of(text.append(value));
    Key key;
    std::memcpy(key.data(), &digest, sizeof key);
    key[2] |= 1U;  // an all-zero slot is free
    return key;
}

bool ClaimedTerms::claim(std::int64_t attribute, std::string_view value) {
    const auto key = key_of(attribute, value);
    const std::lock_guard lock(mutex_);
    return shard_of(key).insert(key);
}

void ClaimedTerms::release(std::int64_t attribute, std::string_view value) {
    const auto key = key_of(attribute, value);
    const std::lock_guard lock(mutex_);
    shard_of(key).erase(key);
}

std::size_t ClaimedTerms::Shard::find(const Key& key) const {
    std::size_t at = key[1] % slots.size();
    while (slots[at] != Key{} && slots[at] != key) {
        at = at + 1 == slots.size() ? 0 : at + 1;
    }
    return at;
}

bool ClaimedTerms::Shard::insert(const Key& key) {
    if ((used + 1) * 10 > slots.size() * 8) {
        grow();
    }
    const auto at = find(key);
    if (slots[at] == key) {
        return false;
    }
    slots[at] = key;
    ++used;
    return true;
}

void ClaimedTerms::Shard::erase(const Key& key) {
    if (slots.empty()) {
        return;
    }
    auto at = find(key);
    if (slots[at] != key) {
        return;
    }
    slots[at] = {};
    --used;
    // What stood behind it may now be found earlier.
    for (at = (at + 1) % slots.size(); slots[at] != Key{}; at = (at + 1) % slots.size()) {
        const auto moved = slots[at];
        slots[at] = {};
        slots[find(moved)] = moved;
    }
}

void ClaimedTerms::Shard::grow() {
    const auto old = std::move(slots);
    slots.assign(old.size() < 16 ? 32 : old.size() + old.size() / 2, Key{});
    for (const auto& key : old) {
        if (key != Key{}) {
            slots[find(key)] = key;
        }
    }
}

}  // namespace bascule::store
