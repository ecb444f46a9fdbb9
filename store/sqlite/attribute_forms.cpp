#include "store/sqlite/attribute_forms.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>

#include "directory/base/json_text.hpp"
#include "directory/base/log.hpp"
#include "store/sql/attribute_values.hpp"
#include "store/sqlite/read_operations.hpp"
#include "store/sqlite/term_runs.hpp"
#include "store/sqlite/value_changes.hpp"

namespace bascule::store {

using directory::AttributeId;
using directory::AttributePath;
using directory::AttributeSpec;

namespace {

// A form is "type/index/count/unique", such as "0/folded/one/unique". For what is kept as edges the
// index is "edge:" and the kind. Stores of the first days have the first two parts only, and only
// for attributes with terms.
std::string form_of(const AttributeSpec& spec) {
    const std::string index = spec.edge ? fmt::format("edge:{}", static_cast<int>(*spec.edge))
                              : !spec.searchable ? "none"
                              : spec.case_exact  ? "exact"
                                                 : "folded";
    return fmt::format(
        "{}/{}/{}/{}", static_cast<int>(spec.type), index, spec.multi_valued ? "many" : "one",
        spec.unique ? "unique" : "any"
    );
}

std::string_view part_of(std::string_view form, int index) {
    for (; index > 0; --index) {
        const auto slash = form.find('/');
        form = slash == std::string_view::npos ? std::string_view{} : form.substr(slash + 1);
    }
    return form.substr(0, form.find('/'));
}

bool has_terms(std::string_view form) {
    const auto index = part_of(form, 1);
    return index == "exact" || index == "folded";
}

std::optional<std::int64_t> edge_kind_of(std::string_view form) {
    constexpr std::string_view lead = "edge:";
    const auto index = part_of(form, 1);
    std::int64_t kind = 0;
    if (!index.starts_with(lead) ||
        std::from_chars(index.data() + lead.size(), index.data() + index.size(), kind).ec !=
            std::errc()) {
        return std::nullopt;
    }
    return kind;
}

/// Whether documents written for one form mean the same in the other.
bool same_shape(std::string_view before, std::string_view after) {
    const auto count = part_of(before, 2);
    return part_of(before, 0) == part_of(after, 0) &&
           (count.empty() || count == part_of(after, 2)) &&
           edge_kind_of(before) == edge_kind_of(after);
}

/// "urn:…:2.0:User:name.sub": the URN ends at the last colon, and a name holds no dot.
AttributePath path_of(std::string_view text) {
    AttributePath path;
    if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
        path.extension = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    const auto dot = text.find('.');
    path.name = text.substr(0, dot);
    path.sub = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
    return path;
}

/// Whether an element, or a list of them, has the member.
bool any_has_member(std::string_view json, std::string_view name) {
    if (json.starts_with('{')) {
        return !json_member(json, name).empty();
    }
    if (!json.starts_with('[')) {
        return false;
    }
    JsonElements elements(json);
    while (const auto element = elements.next()) {
        if (element->starts_with('{') && !json_member(*element, name).empty()) {
            return true;
        }
    }
    return false;
}

bool has_value(std::string_view body, const AttributePath& path) {
    const std::string_view holder =
        path.extension.empty() ? body : json_member(body, path.extension);
    const std::string_view value = holder.empty() ? holder : json_member(holder, path.name);
    return path.sub.empty() ? !value.empty() : any_has_member(value, path.sub);
}

tl::unexpected<Error> in_use(const std::string& field, const std::string& detail) {
    return fail(Error{ErrorKind::conflict, "schema_in_use", detail, field, {}});
}

}  // namespace

AttributeForms::AttributeForms(
    Connection& connection, const directory::Registry& registry, directory::TypeId type,
    std::int64_t type_number
)
    : connection_(connection), registry_(registry), type_(type), type_number_(type_number) {
    auto rows =
        connection_.rows("SELECT path, attr, form FROM attribute WHERE type=?", type_number_);
    while (rows.next()) {
        known_.emplace(rows.string(0), Known{rows.integer(1), rows.string(2)});
    }
}

Result<std::int64_t> AttributeForms::note(AttributeId attribute) {
    const AttributeSpec& spec = registry_.spec(attribute);
    const std::string path = spec.path.to_string();
    const std::string form = form_of(spec);
    auto found = known_.find(path);
    const bool is_new = found == known_.end();
    if (is_new) {
        const auto number =
            connection_.number("SELECT coalesce(max(attr),0)+1 FROM attribute").value_or(1);
        connection_.run(
            "INSERT INTO attribute(attr,type,path,form) VALUES(?,?,?,'')", number, type_number_,
            path
        );
        found = known_.emplace(path, Known{number, {}}).first;
    }
    Known& known = found->second;
    known.seen = true;
    if (known.form == form) {
        return known.number;
    }
    BASCULE_CHECK(change(known, path, spec, form));
    // What no document can hold yet needs no look at them.
    const bool can_have_values = !is_new || !registry_.spec(type_).declares_all;
    const bool indexed_anew = part_of(known.form, 1) != part_of(form, 1);
    if (has_terms(form) && can_have_values && indexed_anew) {
        stale_.emplace(known.number, attribute);
    }
    if (spec.unique && can_have_values && (indexed_anew || part_of(known.form, 3) != "unique")) {
        newly_unique_.emplace_back(known.number, attribute);
    }
    known.form = form;
    return known.number;
}

Status AttributeForms::change(
    const Known& known, const std::string& path, const AttributeSpec& spec, const std::string& form
) {
    if (!known.form.empty() && !same_shape(known.form, form) && has_values(known, path)) {
        return in_use(
            path, fmt::format(
                      "The attribute {} of {} has another type, or is {} now, but objects have "
                      "values of the former kind. Declare it as before; to change it, remove the "
                      "values first (they are found by the filter: {} pr) or take a new name.",
                      path, type_name(), spec.multi_valued ? "multi-valued" : "single-valued", path
                  )
        );
    }
    if (part_of(known.form, 0) != part_of(form, 0) || part_of(known.form, 1) != part_of(form, 1)) {
        connection_.run("DELETE FROM term WHERE attr=?", known.number);
        remove_value_blocks(connection_, known.number);
    }
    connection_.run("UPDATE attribute SET form=? WHERE attr=?", form, known.number);
    return {};
}

bool AttributeForms::has_values(const Known& known, const std::string& path) {
    if (const auto kind = edge_kind_of(known.form)) {
        return connection_.number("SELECT 1 FROM edge WHERE kind=? LIMIT 1", *kind).has_value();
    }
    if (has_terms(known.form)) {
        return connection_.number("SELECT 1 FROM term WHERE attr=? LIMIT 1", known.number)
            .has_value();
    }
    return is_in_documents(path);
}

bool AttributeForms::is_in_documents(const std::string& text) {
    const AttributePath path = path_of(text);
    auto documents = connection_.rows(
        "SELECT d.body FROM object o CROSS JOIN document d ON d.oid=o.oid WHERE o.type=? AND "
        "o.deleted IS NULL",
        type_number_
    );
    while (documents.next()) {
        if (has_value(documents.text(0), path)) {
            return true;
        }
    }
    return false;
}

Status AttributeForms::finish() {
    BASCULE_CHECK(forget());
    if (!stale_.empty()) {
        write_terms();
    }
    return check_unique();
}

Status AttributeForms::forget() {
    for (const auto& [path, known] : known_) {
        if (known.seen || known.form.empty()) {
            continue;
        }
        if (has_values(known, path)) {
            return in_use(
                path, fmt::format(
                          "The attribute {} of {} is declared no more, but objects have values for "
                          "it. Put its schema back; to give it up, remove the values first (they "
                          "are found by the filter: {} pr).",
                          path, type_name(), path
                      )
            );
        }
        connection_.run("DELETE FROM term WHERE attr=?", known.number);
        remove_value_blocks(connection_, known.number);
        connection_.run("UPDATE attribute SET form='' WHERE attr=?", known.number);
    }
    return {};
}

void AttributeForms::write_terms() {
    auto documents = connection_.rows(
        "SELECT d.oid, d.body FROM object o CROSS JOIN document d ON d.oid=o.oid WHERE o.type=? "
        "AND o.deleted IS NULL",
        type_number_
    );
    std::unordered_map<AttributeId, std::int64_t> wanted;
    for (const auto& [number, attribute] : stale_) {
        wanted.emplace(attribute, number);
    }
    TermRuns terms(sqlite3_db_filename(connection_.handle(), "main"));
    ValueChanges values(connection_);
    bool any = false;
    while (documents.next()) {
        if (!std::exchange(any, true)) {
            log::info(
                "store_reindex", "Searchable attributes changed; their terms are written anew.",
                {{"type", type_name()}, {"attributes", std::to_string(stale_.size())}}
            );
        }
        for (const auto& term : directory::terms_of(registry_, type_, documents.text(1))) {
            const auto found = wanted.find(term.attribute);
            if (found == wanted.end()) {
                continue;
            }
            terms.add(found->second, term.value, documents.integer(0));
            if (is_packed(registry_.spec(term.attribute))) {
                values.add(found->second, documents.integer(0), term.value);
            }
            if (directory::may_be_cut(term.value)) {
                connection_.run(
                    "INSERT OR IGNORE INTO counter(name,value) VALUES(?,1)",
                    cut_counter(found->second)
                );
            }
        }
        if (values.waiting() >= most_waiting_blocks) {
            values.flush();
        }
    }
    values.flush();
    if (any) {
        const auto sorted = terms.merge();
        static_cast<void>(
            insert_terms(connection_, *sorted, std::numeric_limits<std::int64_t>::max())
        );
    }
}

Status AttributeForms::check_unique() {
    for (const auto& [number, attribute] : newly_unique_) {
        auto doubles = connection_.rows(
            "SELECT value FROM term WHERE attr=? GROUP BY value HAVING count(*)>1", number
        );
        while (doubles.next()) {
            // Of values this long only the beginning is known to be the same.
            if (directory::may_be_cut(doubles.text(0))) {
                continue;
            }
            const std::string path = registry_.spec(attribute).path.to_string();
            return in_use(
                path, fmt::format(
                          "The attribute {} of {} is to be unique, but objects share values of it. "
                          "Give each a value of its own first, or leave out the uniqueness.",
                          path, type_name()
                      )
            );
        }
    }
    return {};
}

Status check_known_types(Connection& connection, const directory::Registry& registry) {
    auto types = connection.rows("SELECT name, number FROM type");
    while (types.next()) {
        const std::string name = types.string(0);
        if (registry.find_type(name)) {
            continue;
        }
        if (connection.number(
                "SELECT 1 FROM object WHERE type=? AND deleted IS NULL LIMIT 1", types.integer(1)
            )) {
            return in_use(
                name,
                fmt::format(
                    "The resource type {} is declared no more, but there are objects of it. Put it "
                    "back; to give it up, delete its objects first.",
                    name
                )
            );
        }
    }
    return {};
}

}  // namespace bascule::store
