#include "store/sqlite/value_backfill.hpp"

#include "directory/base/log.hpp"
#include "store/sql/attribute_values.hpp"
#include "store/sqlite/value_changes.hpp"

namespace bascule::store {
namespace {

void pack_type(Connection& connection, const RegistryNumbers& numbers, directory::TypeId type) {
    const auto& registry = numbers.registry();
    ValueChanges values(connection);
    auto documents = connection.rows(
        "SELECT d.oid, d.body FROM object o CROSS JOIN document d ON d.oid=o.oid WHERE o.type=? "
        "AND o.deleted IS NULL",
        numbers.number(type)
    );
    while (documents.next()) {
        for (const auto& term : directory::terms_of(registry, type, documents.text(1))) {
            if (is_packed(registry.spec(term.attribute))) {
                values.add(numbers.number(term.attribute), documents.integer(0), term.value);
            }
        }
        if (values.waiting() >= most_waiting_blocks) {
            values.flush();
        }
    }
    values.flush();
}

}  // namespace

void fill_value_blocks(Connection& connection, const RegistryNumbers& numbers) {
    constexpr const char* missing = "value_blocks_missing";
    if (!connection.number("SELECT value FROM counter WHERE name=?", missing)) {
        return;
    }
    log::info("store_values", "The values of the store's objects are packed, once.", {});
    for (std::size_t type = 0; type < numbers.registry().type_count(); ++type) {
        pack_type(connection, numbers, static_cast<directory::TypeId>(type));
    }
    connection.run("DELETE FROM counter WHERE name=?", missing);
}

}  // namespace bascule::store
