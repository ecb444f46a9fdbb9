// What an object shows of the entries of other sources that are part of it.
#include "directory/mirror/joined_values.hpp"

#include <algorithm>
#include <utility>

#include "directory/mirror/document.hpp"
#include "directory/mirror/entry_applier.hpp"
#include "directory/model/internal_types.hpp"

namespace bascule::mirror {

using directory::AttributePath;
using directory::joined_edge;
using directory::ObjectRow;
using directory::Oid;

namespace {

constexpr std::size_t page = 1000;

}  // namespace

bool has_path(const std::vector<AttributePath>& paths, const AttributePath& path) {
    return std::ranges::find(paths, path) != paths.end();
}

std::vector<AttributePath> paths_of(std::string_view object) {
    std::vector<AttributePath> out;
    if (!object.empty())
        each_attribute(object, [&](const AttributePath& path, std::string_view) {
            out.push_back(path);
        });
    return out;
}

bool is_unique_attribute(
    const directory::Registry& registry, directory::TypeId type, const AttributePath& path
) {
    return std::ranges::any_of(registry.attributes(type), [&](directory::AttributeId id) {
        const auto& spec = registry.spec(id);
        return spec.unique && spec.path.extension == path.extension && spec.path.name == path.name;
    });
}

/// What the joined rows of an object give it beside its own attributes, in the order of precedence.
Result<std::vector<EntryApplier::Contribution>> EntryApplier::contributions(
    Oid master, std::string_view own
) {
    std::vector<Contribution> out;
    BASCULE_TRY(const auto parts, transaction_.edge_sources(joined_edge, master, {}, page));
    for (const ObjectRow& part : parts) {
        BASCULE_TRY(auto row, transaction_.find(part.oid));
        if (row)
            out.push_back({*std::move(row), {}});
    }
    std::ranges::sort(out, [&](const Contribution& left, const Contribution& right) {
        const auto place = [&](const Contribution& one) {
            return context_.joins == nullptr ? 0 : context_.joins->place(one.row.row.source);
        };
        return std::pair(place(left), left.row.row.id) < std::pair(place(right), right.row.row.id);
    });
    std::vector<AttributePath> taken = paths_of(own);
    for (Contribution& one : out) {
        one.gives = filter_attributes(one.row.body, [&](const AttributePath& path) {
            const bool is_key = path.extension.empty() && path.name == "key";
            return !is_key && !has_path(taken, path) &&
                   !is_unique_attribute(context_.registry, user_, path);
        });
        for (AttributePath& path : paths_of(one.gives))
            taken.push_back(std::move(path));
    }
    return out;
}

std::string EntryApplier::given_by(const std::vector<Contribution>& all) {
    std::string out;
    for (const Contribution& one : all)
        out = join_attributes(out, one.gives);
    return out;
}

Status EntryApplier::store_gives(const std::vector<Contribution>& all) {
    for (const Contribution& one : all) {
        if (one.row.local == one.gives)
            continue;
        BASCULE_TRY(
            [[maybe_unused]] const bool changed,
            transaction_.update(one.row.row.oid, one.row.body, one.gives, one.row.row.display)
        );
        // A value that goes from the master to a contribution stays in the document and does not
        // count as the master's any more.
        BASCULE_CHECK(note_values(one.row.local, one.gives));
    }
    return {};
}

/// Puts the document of an object together again after a contribution has changed. `left` is what a
/// row gave that is not joined any more.
Status EntryApplier::refresh_master(Oid master, std::string_view left) {
    BASCULE_TRY(const auto object, transaction_.find(master));
    if (!object || object->row.type != user_)
        return {};
    BASCULE_TRY(const auto before, contributions(master, {}));
    std::vector<AttributePath> foreign = paths_of(object->local);
    for (AttributePath& path : paths_of(left))
        foreign.push_back(std::move(path));
    bool still_joined = false;
    for (const Contribution& one : before) {
        for (AttributePath& path : paths_of(one.row.local))
            foreign.push_back(std::move(path));
        still_joined = still_joined || one.row.row.source == context_.source;
    }
    const std::string own = filter_attributes(object->body, [&](const AttributePath& path) {
        return !has_path(foreign, path);
    });
    const std::string local = filter_attributes(object->local, [&](const AttributePath& path) {
        return !still_joined || object->row.source == context_.source ||
               !context_.mapper.fills(user_, path);
    });
    BASCULE_TRY(const auto given, contributions(master, own));
    const std::string body = assemble_document(
        context_.registry, user_, object->row.id, own.empty() ? "{}" : own,
        join_attributes(given_by(given), local)
    );
    BASCULE_CHECK(store_gives(given));
    BASCULE_TRY(const bool changed, transaction_.update(master, body, local, object->row.display));
    if (!changed)
        return {};
    ++counts_.writes;
    BASCULE_CHECK(note_values(object->body, body));
    if (differing_attributes(object->body, body).empty())
        return {};
    return journal("Update", object->row, changes_of(user_, object->body, body));
}

}  // namespace bascule::mirror
