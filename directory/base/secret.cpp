#include "directory/base/secret.hpp"

#include <sodium.h>

#include <utility>

namespace bascule {

void wipe(std::string& text) {
    text.resize(text.capacity());
    sodium_memzero(text.data(), text.size());
    text.clear();
}

Secret::Secret(std::string&& text) : text_(text.begin(), text.end()) {
    wipe(text);
}

Secret::~Secret() {
    wipe(text_);
}

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
    // A short text lives inside the string object and is left behind by a move.
    wipe(other.text_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe(text_);
        text_ = std::move(other.text_);
        wipe(other.text_);
    }
    return *this;
}

Secret Secret::duplicate() const {
    return Secret(std::string(text_));
}

bool equal_in_constant_time(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           (left.empty() || sodium_memcmp(left.data(), right.data(), left.size()) == 0);
}

}  // namespace bascule
