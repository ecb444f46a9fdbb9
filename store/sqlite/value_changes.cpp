#include "store/sqlite/value_changes.hpp"

#include "store/sqlite/value_block.hpp"

namespace bascule::store {

void ValueChanges::gather(
    std::int64_t attribute, std::int64_t oid, std::string_view value, bool adds
) {
    changes_[block_place(attribute, oid)].push_back({oid, adds, std::string(value)});
}

void ValueChanges::flush() {
    for (const auto& [place, changes] : changes_) {
        write(place, changes);
    }
    changes_.clear();
}

void ValueChanges::write(std::int64_t place, const std::vector<Change>& changes) {
    std::string before;
    if (auto rows = connection_.rows("SELECT body FROM value_block WHERE place=?", place);
        rows.next()) {
        before = rows.blob(0);
    }
    ValueBlock block(before);
    for (const auto& change : changes) {
        if (change.adds) {
            block.add(change.oid, change.value);
        } else {
            block.remove(change.oid, change.value);
        }
    }
    if (block.empty()) {
        connection_.run("DELETE FROM value_block WHERE place=?", place);
        return;
    }
    connection_.run(
        "INSERT INTO value_block(place,body) VALUES(?,?) ON CONFLICT(place) DO UPDATE SET "
        "body=excluded.body",
        place, Blob{block.bytes()}
    );
}

void remove_value_blocks(Connection& connection, std::int64_t attribute, std::int64_t first_oid) {
    connection.run(
        "DELETE FROM value_block WHERE place>=? AND place<?", block_place(attribute, first_oid),
        block_place(attribute + 1, 0)
    );
}

}  // namespace bascule::store
