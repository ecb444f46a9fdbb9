#include "scim/patch/edge_patch.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "scim/codec/values.hpp"
#include "scim/patch/quirks.hpp"

namespace bascule::scim {

using Json = nlohmann::ordered_json;
using directory::Filter;

namespace {

tl::unexpected<Error> failure(
    const char* code, const std::string& path, const std::string& reason
) {
    return fail(Error{ErrorKind::invalid_input, code, path + " " + reason, path, {}, {}});
}

/// The ids that a filter on members names: value eq "x", also joined by or.
bool collect_ids(const Filter& filter, std::vector<std::string>& ids) {
    if (filter.kind == Filter::Kind::any_of) {
        return std::all_of(
            filter.children.begin(), filter.children.end(),
            [&](const Filter& child) { return collect_ids(child, ids); }
        );
    }
    const auto* id = std::get_if<std::string>(&filter.value);
    if (filter.kind != Filter::Kind::comparison || filter.op != directory::Operator::eq ||
        id == nullptr || filter.spec.path.sub != "value") {
        return false;
    }
    ids.push_back(*id);
    return true;
}

}  // namespace

Status EdgePatch::apply(PatchKind kind, const PatchPath& path, const Json* value) {
    return path.name.attribute->multi_valued ? apply_to_list(kind, path, value)
                                             : apply_to_single(kind, path, value);
}

void EdgePatch::add(
    EdgeChange::Action action, directory::EdgeKind kind, std::vector<std::string> targets
) {
    const bool joins = action == EdgeChange::Action::add || action == EdgeChange::Action::remove;
    if (joins && targets.empty()) {
        return;
    }
    if (joins && !changes_.empty() && changes_.back().action == action &&
        changes_.back().kind == kind) {
        auto& all = changes_.back().targets;
        all.insert(
            all.end(), std::make_move_iterator(targets.begin()),
            std::make_move_iterator(targets.end())
        );
        return;
    }
    changes_.push_back(EdgeChange{action, kind, std::move(targets)});
}

Status EdgePatch::apply_to_list(PatchKind kind, const PatchPath& path, const Json* value) {
    const Attribute& attribute = *path.name.attribute;
    const directory::EdgeKind edge = *attribute.edge;
    if (path.name.sub != nullptr || (path.element_filter && kind != PatchKind::remove)) {
        return failure(
            "mutability", path.text, "is immutable: remove the member and add another one instead."
        );
    }
    if (path.element_filter) {
        std::vector<std::string> ids;
        if (!collect_ids(*path.element_filter, ids)) {
            return failure(
                "invalid_filter", path.text,
                "is not supported: select members by value eq \"<id>\", joined by or."
            );
        }
        add(EdgeChange::Action::remove, edge, std::move(ids));
        return {};
    }
    if (kind == PatchKind::remove && !quirks::names_elements(attribute, value)) {
        add(EdgeChange::Action::clear, edge, {});
        return {};
    }
    BASCULE_TRY(auto targets, edge_targets(attribute, *value, path.text));
    if (kind == PatchKind::replace) {
        const auto action =
            targets.empty() ? EdgeChange::Action::clear : EdgeChange::Action::replace;
        add(action, edge, std::move(targets));
    } else {
        const auto action =
            kind == PatchKind::add ? EdgeChange::Action::add : EdgeChange::Action::remove;
        add(action, edge, std::move(targets));
    }
    return {};
}

Status EdgePatch::apply_to_single(PatchKind kind, const PatchPath& path, const Json* value) {
    const Attribute& attribute = *path.name.attribute;
    if (path.name.sub != nullptr && path.name.sub->name != "value") {
        return failure(
            "invalid_path", path.text, "follows from the value: set " + attribute.name + ".value."
        );
    }
    const Json given = value == nullptr ? Json(nullptr) : quirks::unwrap_single(attribute, *value);
    if (kind == PatchKind::remove || quirks::means_remove(attribute, given)) {
        add(EdgeChange::Action::clear, *attribute.edge, {});
        return {};
    }
    BASCULE_TRY(auto targets, edge_targets(attribute, given, path.text));
    add(EdgeChange::Action::replace, *attribute.edge, std::move(targets));
    return {};
}

}  // namespace bascule::scim
