#include "store/sqlite/value_block.hpp"

#include <algorithm>
#include <cstring>

#include "directory/model/registry.hpp"
#include "store/sqlite/text_search.hpp"

namespace bascule::store {
namespace {

constexpr std::size_t entry_size = 3;

/// Walks the values of a block. A damaged block ends early and never leads outside.
class Walk {
  public:
    explicit Walk(std::string_view block) : block_(block) {
        std::uint32_t count = 0;
        if (block.size() >= sizeof count) {
            std::memcpy(&count, block.data(), sizeof count);
        }
        head_ = sizeof count;
        left_ = std::min<std::size_t>(count, block.size() / entry_size);
        text_ = block.substr(std::min(block.size(), head_ + left_ * entry_size));
        read_entry();
    }
    [[nodiscard]] bool at_end() const { return left_ == 0; }
    [[nodiscard]] std::uint8_t place() const { return place_; }
    [[nodiscard]] std::size_t begin() const { return begin_; }
    [[nodiscard]] std::size_t end() const { return begin_ + size_; }
    [[nodiscard]] std::string_view value() const { return text_.substr(begin_, size_); }
    [[nodiscard]] std::string_view text() const { return text_; }
    void next() {
        --left_;
        head_ += entry_size;
        begin_ += size_;
        read_entry();
    }

  private:
    void read_entry() {
        if (left_ == 0 || head_ + entry_size > block_.size()) {
            left_ = size_ = 0;
            return;
        }
        std::uint16_t size = 0;
        place_ =
            static_cast<std::uint8_t>(static_cast<std::uint8_t>(block_[head_]) % objects_per_block);
        std::memcpy(&size, block_.data() + head_ + 1, sizeof size);
        size_ = std::min<std::size_t>(size, text_.size() - begin_);
    }

    std::string_view block_;
    std::string_view text_;
    std::size_t head_ = 0;
    std::size_t left_ = 0;
    std::size_t begin_ = 0;
    std::size_t size_ = 0;
    std::uint8_t place_ = 0;
};

std::uint64_t bit_of(std::uint8_t place) {
    return std::uint64_t{1} << place;
}

std::uint64_t places_ending(std::string_view block, std::string_view wanted) {
    std::uint64_t places = 0;
    for (Walk walk(block); !walk.at_end(); walk.next()) {
        if (walk.value().ends_with(wanted)) {
            places |= bit_of(walk.place());
        }
    }
    return places;
}

/// Searches all values as one text; what is found across the border of two does not count.
std::uint64_t places_containing(std::string_view block, std::string_view wanted) {
    std::uint64_t places = 0;
    Walk walk(block);
    for (std::size_t at = 0; !walk.at_end();) {
        at = find_text(walk.text(), wanted, at);
        if (at == std::string_view::npos) {
            break;
        }
        while (!walk.at_end() && walk.end() <= at) {
            walk.next();
        }
        if (walk.at_end() || at + wanted.size() > walk.end()) {
            ++at;
            continue;
        }
        places |= bit_of(walk.place());
        at = walk.end();
    }
    return places;
}

std::uint64_t long_places(std::string_view block) {
    std::uint64_t places = 0;
    for (Walk walk(block); !walk.at_end(); walk.next()) {
        if (directory::may_be_cut(walk.value())) {
            places |= bit_of(walk.place());
        }
    }
    return places;
}

std::uint8_t place_of(std::int64_t oid) {
    return static_cast<std::uint8_t>(oid % objects_per_block);
}

template <class Number>
void append(std::string& bytes, Number number) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

}  // namespace

std::uint64_t matching_places(std::string_view block, const ValueTest& test) {
    // An empty text is at the end of every value.
    const bool at_end = test.at_end || test.wanted.empty();
    const auto places =
        at_end ? places_ending(block, test.wanted) : places_containing(block, test.wanted);
    return test.long_ones_pass ? places | long_places(block) : places;
}

ValueBlock::ValueBlock(std::string_view block) {
    for (Walk walk(block); !walk.at_end(); walk.next()) {
        values_.emplace_back(walk.place(), walk.value());
    }
}

void ValueBlock::add(std::int64_t oid, std::string_view value) {
    const Value added(place_of(oid), value);
    const auto at = std::lower_bound(values_.begin(), values_.end(), added);
    if (at == values_.end() || *at != added) {
        values_.insert(at, added);
    }
}

void ValueBlock::remove(std::int64_t oid, std::string_view value) {
    const Value gone(place_of(oid), value);
    const auto at = std::lower_bound(values_.begin(), values_.end(), gone);
    if (at != values_.end() && *at == gone) {
        values_.erase(at);
    }
}

std::string ValueBlock::bytes() const {
    std::string bytes;
    append(bytes, static_cast<std::uint32_t>(values_.size()));
    for (const auto& [place, value] : values_) {
        append(bytes, place);
        append(bytes, static_cast<std::uint16_t>(value.size()));
    }
    for (const auto& [place, value] : values_) {
        bytes += value;
    }
    return bytes;
}

}  // namespace bascule::store
