#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite/connection.hpp"

namespace bascule::store {

/// Whoever goes through many objects flushes at this many blocks.
inline constexpr std::size_t most_waiting_blocks = 1000;

/// Gathers changes of values and writes each block of them once. Throws SqliteError.
class ValueChanges {
  public:
    explicit ValueChanges(Connection& connection) : connection_(connection) {}

    /// `attribute` is a number of the store; `value` as its term has it.
    void add(std::int64_t attribute, std::int64_t oid, std::string_view value) {
        gather(attribute, oid, value, true);
    }
    void remove(std::int64_t attribute, std::int64_t oid, std::string_view value) {
        gather(attribute, oid, value, false);
    }
    /// How many blocks wait to be written.
    [[nodiscard]] std::size_t waiting() const { return changes_.size(); }
    /// Writes what was gathered.
    void flush();

  private:
    struct Change {
        std::int64_t oid;
        bool adds;
        std::string value;
    };
    void gather(std::int64_t attribute, std::int64_t oid, std::string_view value, bool adds);
    void write(std::int64_t place, const std::vector<Change>& changes);

    Connection& connection_;
    std::map<std::int64_t, std::vector<Change>> changes_;
};

/// Removes all blocks of an attribute, or those from an object's block on.
void remove_value_blocks(
    Connection& connection, std::int64_t attribute, std::int64_t first_oid = 0
);

}  // namespace bascule::store
