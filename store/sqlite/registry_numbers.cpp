#include "store/sqlite/registry_numbers.hpp"

#include <fmt/format.h>

#include <limits>
#include <unordered_set>

#include "directory/base/log.hpp"
#include "store/sqlite/read_operations.hpp"
#include "store/sqlite/term_runs.hpp"

namespace bascule::store {

using directory::AttributeId;
using directory::TypeId;

namespace {

// What the text of an attribute's terms depends on; empty for an attribute without terms.
std::string form_of(const directory::AttributeSpec& spec) {
    if (!spec.searchable) {
        return {};
    }
    return fmt::format("{}/{}", static_cast<int>(spec.type), spec.case_exact ? "exact" : "folded");
}

bool has_objects(Connection& connection, std::int64_t type) {
    return connection.number("SELECT 1 FROM object WHERE type=? AND deleted IS NULL LIMIT 1", type)
        .has_value();
}

void write_terms(
    Connection& connection, const RegistryNumbers& numbers, TypeId type,
    const std::unordered_set<std::int64_t>& changed
) {
    log::info(
        "store_reindex", "Searchable attributes changed; their terms are written anew.",
        {{"type", numbers.registry().spec(type).name},
         {"attributes", std::to_string(changed.size())}}
    );
    TermRuns terms(sqlite3_db_filename(connection.handle(), "main"));
    auto documents = connection.rows(
        "SELECT d.oid, d.body FROM object o CROSS JOIN document d ON d.oid=o.oid WHERE o.type=? "
        "AND o.deleted IS NULL",
        numbers.number(type)
    );
    while (documents.next()) {
        for (const auto& term : directory::terms_of(numbers.registry(), type, documents.text(1))) {
            const auto attribute = numbers.number(term.attribute);
            if (changed.contains(attribute)) {
                terms.add(attribute, term.value, documents.integer(0));
                if (directory::may_be_cut(term.value)) {
                    connection.run(
                        "INSERT OR IGNORE INTO counter(name,value) VALUES(?,1)",
                        cut_counter(attribute)
                    );
                }
            }
        }
    }
    const auto sorted = terms.merge();
    static_cast<void>(insert_terms(connection, *sorted, std::numeric_limits<std::int64_t>::max()));
}

}  // namespace

struct RegistryNumbers::Changes {
    std::unordered_set<std::int64_t>
        seen;  // numbers of the type's attributes that this process knows
    std::unordered_set<std::int64_t> changed;  // those whose terms must be written
};

std::optional<TypeId> RegistryNumbers::type(std::int64_t number) const {
    const auto found = known_.find(number);
    return found == known_.end() ? std::nullopt : std::optional(found->second);
}

void RegistryNumbers::open_attribute(
    Connection& connection, TypeId type, AttributeId attribute, Changes& changes
) {
    const auto& spec = registry_->spec(attribute);
    const auto path = spec.path.to_string();
    const auto form = form_of(spec);
    std::int64_t number = 0;
    std::string known_form;
    if (auto row = connection.rows(
            "SELECT attr, form FROM attribute WHERE type=? AND path=?", this->number(type), path
        );
        row.next()) {
        number = row.integer(0);
        known_form = row.string(1);
    } else if (!form.empty()) {
        number = connection.number("SELECT coalesce(max(attr),0)+1 FROM attribute").value_or(1);
        connection.run(
            "INSERT INTO attribute(attr,type,path,form) VALUES(?,?,?,'')", number,
            this->number(type), path
        );
    }
    attributes_.at(static_cast<std::size_t>(attribute)) = number;
    changes.seen.insert(number);
    if (form == known_form) {
        return;
    }
    connection.run("UPDATE attribute SET form=? WHERE attr=?", form, number);
    connection.run("DELETE FROM term WHERE attr=?", number);
    if (!form.empty()) {
        changes.changed.insert(number);
    }
}

RegistryNumbers RegistryNumbers::open(Connection& connection, const directory::Registry& registry) {
    RegistryNumbers numbers(registry);
    std::size_t attribute_count = 0;
    for (std::size_t index = 0; index < registry.type_count(); ++index) {
        attribute_count += registry.attributes(static_cast<TypeId>(index)).size();
    }
    numbers.attributes_.resize(attribute_count);
    for (std::size_t index = 0; index < registry.type_count(); ++index) {
        const auto type = static_cast<TypeId>(index);
        const auto& name = registry.spec(type).name;
        connection.run("INSERT INTO type(name) VALUES(?) ON CONFLICT(name) DO NOTHING", name);
        const auto number =
            connection.number("SELECT number FROM type WHERE name=?", name).value_or(0);
        numbers.types_.push_back(number);
        numbers.known_.emplace(number, type);

        Changes changes;
        for (const auto attribute : registry.attributes(type)) {
            numbers.open_attribute(connection, type, attribute, changes);
        }
        std::vector<std::int64_t> forgotten;
        for (auto rows =
                 connection.rows("SELECT attr FROM attribute WHERE type=? AND form<>''", number);
             rows.next();) {
            if (!changes.seen.contains(rows.integer(0))) {
                forgotten.push_back(rows.integer(0));
            }
        }
        for (const auto attribute : forgotten) {
            connection.run("DELETE FROM term WHERE attr=?", attribute);
            connection.run("UPDATE attribute SET form='' WHERE attr=?", attribute);
        }
        if (!changes.changed.empty() && has_objects(connection, number)) {
            write_terms(connection, numbers, type, changes.changed);
        }
    }
    return numbers;
}

}  // namespace bascule::store
