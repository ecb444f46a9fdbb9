#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bascule::store {

/// The term values of one attribute, packed: those of 64 neighbouring objects make one row of
/// `value_block`. Reading all values of an attribute from there costs a few nanoseconds each, which
/// is how `co` and `ew` are answered. A block is a count, then for each value the object's place in
/// the block and the value's size, then the values, sorted by place.

inline constexpr std::int64_t objects_per_block = 64;

/// The key of the block of an attribute's number that holds an object's values.
[[nodiscard]] constexpr std::int64_t block_place(std::int64_t attribute, std::int64_t oid) {
    return (attribute << 40) + oid / objects_per_block;
}
/// The number of the first object of a block.
[[nodiscard]] constexpr std::int64_t first_of_block(std::int64_t place) {
    return (place & ((std::int64_t{1} << 40) - 1)) * objects_per_block;
}

/// What a value must be to match.
struct ValueTest {
    bool at_end = false;  ///< must end with `wanted`; else must contain it
    std::string_view wanted;
    bool long_ones_pass = false;  ///< a value that may be cut matches (directory::may_be_cut)
};

/// The places in the block (bit 0 is the first object) of objects with a value that matches.
[[nodiscard]] std::uint64_t matching_places(std::string_view block, const ValueTest& test);

/// A block being changed. What is added or taken must outlive it, as must the block it was made of.
class ValueBlock {
  public:
    ValueBlock() = default;
    explicit ValueBlock(std::string_view block);

    /// Each object holds a value once.
    void add(std::int64_t oid, std::string_view value);
    void remove(std::int64_t oid, std::string_view value);
    [[nodiscard]] bool empty() const { return values_.empty(); }
    [[nodiscard]] std::string bytes() const;

  private:
    using Value = std::pair<std::uint8_t, std::string_view>;
    std::vector<Value> values_;  ///< sorted
};

}  // namespace bascule::store
