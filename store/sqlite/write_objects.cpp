#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "store/sql/attribute_values.hpp"
#include "store/sqlite/transaction_operations.hpp"

namespace bascule::store {

using namespace directory;

namespace {

tl::unexpected<Error> no_such_object() {
    return fail(
        ErrorKind::not_found, "not_found",
        "There is no such object; it may have been deleted meanwhile."
    );
}

bool term_less(const Term& left, const Term& right) {
    return std::tie(left.attribute, left.value) < std::tie(right.attribute, right.value);
}

/// Terms of `from` that `without` has not.
std::vector<Term> difference(const std::vector<Term>& from, const std::vector<Term>& without) {
    std::vector<Term> result;
    std::set_difference(
        from.begin(), from.end(), without.begin(), without.end(), std::back_inserter(result),
        term_less
    );
    return result;
}

}  // namespace

Error uniqueness_error(std::string_view type, const AttributeSpec& spec) {
    const auto path = spec.path.to_string();
    return Error{
        ErrorKind::conflict,
        "uniqueness",
        fmt::format("Another {} has the same {}. Choose a value that is free.", type, path),
        path,
        {},
        {}};
}

std::int64_t TransactionOperations::take_number(const std::string& name) {
    auto found = next_numbers_.find(name);
    if (found == next_numbers_.end()) {
        found = next_numbers_.emplace(name, reads_.counter(name)).first;
    }
    return ++found->second;
}

void TransactionOperations::flush() {
    flush_for_query();
    for (const auto& [name, delta] : deltas_) {
        if (delta != 0) {
            connection_.run(
                "INSERT INTO counter(name,value) VALUES(?,?) ON CONFLICT(name) DO UPDATE SET "
                "value=value+excluded.value",
                name, delta
            );
        }
    }
    for (const auto& [name, value] : next_numbers_) {
        connection_.run(
            "INSERT INTO counter(name,value) VALUES(?,?) ON CONFLICT(name) DO UPDATE SET "
            "value=excluded.value",
            name, value
        );
    }
    deltas_.clear();
    next_numbers_.clear();
    reads_.set_counters_current(true);
}

void TransactionOperations::count_live(std::int64_t type_number, Oid oid, std::int64_t delta) {
    add_to_counter(live_counter(type_number), delta);
    add_to_counter(block_counter(type_number, static_cast<std::int64_t>(oid)), delta);
}

std::uint64_t TransactionOperations::count(TypeId type) {
    const auto name = live_counter(numbers_.number(type));
    const auto delta = deltas_.find(name);
    return static_cast<std::uint64_t>(
        reads_.counter(name) + (delta == deltas_.end() ? 0 : delta->second)
    );
}

std::uint64_t TransactionOperations::count_entries(SourceId source, EntryState state) {
    const auto name = entry_counter(source, state);
    const auto delta = deltas_.find(name);
    return static_cast<std::uint64_t>(
        reads_.counter(name) + (delta == deltas_.end() ? 0 : delta->second)
    );
}

bool TransactionOperations::holds_value(Oid oid, const Term& term, std::string_view body) {
    if (!may_be_cut(term.value)) {
        return true;
    }
    const auto& spec = numbers_.registry().spec(term.attribute);
    const auto other = reads_.find(oid);
    const auto theirs = other ? attribute_values(spec, other->body) : std::vector<std::string>();
    const auto ours = attribute_values(spec, body);
    return std::find_first_of(ours.begin(), ours.end(), theirs.begin(), theirs.end()) != ours.end();
}

Status TransactionOperations::check_unique(
    const std::vector<Term>& terms, TypeId type, std::string_view body, Oid self
) {
    for (const auto& term : terms) {
        const auto& spec = numbers_.registry().spec(term.attribute);
        if (!spec.unique) {
            continue;
        }
        const auto number = numbers_.number(term.attribute);
        bool taken = false;
        for (auto rows = connection_.rows(
                 "SELECT oid FROM term WHERE attr=? AND value=? AND oid<>?", number, term.value,
                 self
             );
             rows.next() && !taken;) {
            taken = holds_value(static_cast<Oid>(rows.integer(0)), term, body);
        }
        if (taken || (loaded_ != nullptr && !loaded_->claim(number, term.value))) {
            return fail(uniqueness_error(numbers_.registry().spec(type).name, spec));
        }
    }
    return {};
}

void TransactionOperations::add_terms(const std::vector<Term>& terms, Oid oid) {
    for (const auto& term : terms) {
        const auto attribute = numbers_.number(term.attribute);
        connection_.run(
            "INSERT OR IGNORE INTO term(attr,value,oid) VALUES(?,?,?)", attribute, term.value, oid
        );
        if (is_packed(numbers_.registry().spec(term.attribute))) {
            values_.add(attribute, static_cast<std::int64_t>(oid), term.value);
        }
        if (may_be_cut(term.value)) {
            connection_.run(
                "INSERT OR IGNORE INTO counter(name,value) VALUES(?,1)", cut_counter(attribute)
            );
        }
    }
}

void TransactionOperations::drop_terms(const std::vector<Term>& terms, Oid oid) {
    for (const auto& term : terms) {
        const auto attribute = numbers_.number(term.attribute);
        connection_.run(
            "DELETE FROM term WHERE attr=? AND value=? AND oid=?", attribute, term.value, oid
        );
        if (is_packed(numbers_.registry().spec(term.attribute))) {
            values_.remove(attribute, static_cast<std::int64_t>(oid), term.value);
        }
    }
}

Result<Oid> TransactionOperations::create(NewObject object) {
    if (reads_.find_any(object.id)) {
        return fail(ErrorKind::conflict, "id_in_use", "An object with this id exists or existed.");
    }
    const auto terms = terms_of(numbers_.registry(), object.type, object.body);
    BASCULE_CHECK(check_unique(terms, object.type, object.body, Oid{0}));
    const auto oid = static_cast<Oid>(take_number("oid"));
    if (static_cast<std::int64_t>(oid) >= reads_.hidden_from()) {
        return fail(Error{
            ErrorKind::unavailable,
            "loading",
            "A first load is running and no more objects can be made beside it. Try again when it "
            "is done.",
            {},
            {},
            std::chrono::seconds(10)});
    }
    const auto type = numbers_.number(object.type);
    connection_.run(
        "INSERT INTO object(oid,id,type,source,version,created,modified,deleted,refs,display) "
        "VALUES(?,?,?,?,1,?,?,NULL,0,?)",
        oid, object.id, type, object.source, now_, now_, object.display
    );
    connection_.run(
        "INSERT INTO document(oid,body,local) VALUES(?,?,?)", oid, object.body, object.local
    );
    add_terms(terms, oid);
    count_live(type, oid, 1);
    touched_.insert(static_cast<std::int64_t>(oid)
    );  // the first version holds all of this transaction
    return oid;
}

Status TransactionOperations::replace_document(
    const Object& old, TypeId type, const std::string& body, const std::string& local
) {
    const auto before = terms_of(numbers_.registry(), old.row.type, old.body);
    const auto after = terms_of(numbers_.registry(), type, body);
    const auto added = difference(after, before);
    BASCULE_CHECK(check_unique(added, type, body, old.row.oid));
    drop_terms(difference(before, after), old.row.oid);
    add_terms(added, old.row.oid);
    connection_.run("UPDATE document SET body=?, local=? WHERE oid=?", body, local, old.row.oid);
    return {};
}

Result<bool> TransactionOperations::update(
    Oid oid, std::string body, std::string local, std::string display
) {
    const auto old = reads_.find(oid);
    if (!old) {
        return no_such_object();
    }
    if (old->body == body && old->local == local && old->row.display == display) {
        return false;
    }
    BASCULE_CHECK(replace_document(*old, old->row.type, body, local));
    if (old->row.display != display) {
        connection_.run("UPDATE object SET display=? WHERE oid=?", display, oid);
    }
    touch(oid, 0);
    return true;
}

Status TransactionOperations::convert(
    Oid oid, TypeId type, SourceId source, std::string body, std::string local, std::string display
) {
    const auto old = reads_.find(oid);
    if (!old) {
        return no_such_object();
    }
    BASCULE_CHECK(replace_document(*old, type, body, local));
    connection_.run(
        "UPDATE object SET type=?, source=?, display=? WHERE oid=?", numbers_.number(type), source,
        display, oid
    );
    count_live(numbers_.number(old->row.type), oid, -1);
    count_live(numbers_.number(type), oid, 1);
    recount_edges(oid, old->row.type, type);
    touch(oid, 0);
    return {};
}

Status TransactionOperations::remove(Oid oid) {
    const auto old = reads_.find(oid);
    if (!old) {
        return no_such_object();
    }
    drop_terms(terms_of(numbers_.registry(), old->row.type, old->body), oid);
    park_edges(old->row);
    touch(oid, 0);
    connection_.run("UPDATE object SET deleted=?, refs=0 WHERE oid=?", now_, oid);
    count_live(numbers_.number(old->row.type), oid, -1);
    return {};
}

Status TransactionOperations::restore(Oid oid) {
    const auto old = reads_.find_any(oid);
    if (!old || !old->row.deleted) {
        return no_such_object();
    }
    const auto terms = terms_of(numbers_.registry(), old->row.type, old->body);
    BASCULE_CHECK(check_unique(terms, old->row.type, old->body, oid));
    connection_.run("UPDATE object SET deleted=NULL WHERE oid=?", oid);
    add_terms(terms, oid);
    unpark_edges(old->row);
    touch(oid, 0);
    count_live(numbers_.number(old->row.type), oid, 1);
    return {};
}

Result<std::uint64_t> TransactionOperations::purge(Time horizon, std::size_t limit) {
    std::vector<Oid> gone;
    for (auto rows = connection_.rows(
             // An entry in quarantine is served again when it is mended, whenever that is.
             "SELECT oid FROM object WHERE deleted IS NOT NULL AND deleted<? AND NOT EXISTS(SELECT "
             "1 FROM entry WHERE entry.oid=object.oid AND state=3) ORDER BY deleted LIMIT ?",
             horizon, limit
         );
         rows.next();) {
        gone.push_back(static_cast<Oid>(rows.integer(0)));
    }
    for (const auto oid : gone) {
        erase_object(oid);
    }
    return gone.size();
}

void TransactionOperations::erase_object(Oid oid) {
    for (const auto kind : edge_kinds(true)) {
        connection_.run("DELETE FROM edge WHERE kind=? AND src=?", kind, oid);
        connection_.run("DELETE FROM edge WHERE kind=? AND dst=?", kind, oid);
    }
    connection_.run("DELETE FROM unresolved WHERE src=?", oid);
    erase_entry(oid);
    connection_.run("DELETE FROM document WHERE oid=?", oid);
    connection_.run("DELETE FROM object WHERE oid=?", oid);
}

}  // namespace bascule::store
