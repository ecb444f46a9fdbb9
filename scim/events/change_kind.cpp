#include "scim/events/change_kind.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace bascule::scim::events {
namespace {

using directory::JournalRecord;
using Kind = ResourceChange::Kind;

std::vector<std::string> split(std::string_view text, std::string_view separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        text = end == std::string_view::npos ? "" : text.substr(end + separator.size());
    }
    return parts;
}

const TypeView* view_named(const Engine& engine, std::string_view name) {
    const auto found = std::ranges::find_if(engine.views, [&](const TypeView& view) {
        return view.type->name == name;
    });
    return found == engine.views.end() ? nullptr : &*found;
}

/// "urn:…:User:manager", or "members" for core attributes.
std::string path_of(const ResolvedName& name) {
    return name.extension == nullptr ? name.attribute->name
                                     : name.extension->id + ":" + name.attribute->name;
}

const EdgeAttribute* edge_of(const TypeView& view, bool multi_valued, directory::EdgeKind kind) {
    const auto found = std::ranges::find_if(view.edges, [&](const EdgeAttribute& edge) {
        return edge.multi_valued == multi_valued &&
               (kind == directory::EdgeKind::owner) == (edge.kind == directory::EdgeKind::owner);
    });
    return found == view.edges.end() ? nullptr : &*found;
}

/// "Add member to group" and kin.
bool read_edge_change(const JournalRecord& record, ResourceChange& change) {
    const std::string_view text = record.activity;
    const bool adds = text.starts_with("Add member to ") || text.starts_with("Add owner to ");
    const bool removes =
        text.starts_with("Remove member from ") || text.starts_with("Remove owner from ");
    if (!adds && !removes) {
        return false;
    }
    const bool owners = text.find(" owner ") != std::string_view::npos;
    change.kind = adds ? Kind::targets_added : Kind::targets_removed;
    change.edge = edge_of(
        *change.view, true, owners ? directory::EdgeKind::owner : directory::EdgeKind::member
    );
    for (const std::string& id : split(detail_of(record, adds ? "added" : "removed"), " ")) {
        if (const auto parsed = parse_uuid(id)) {
            change.targets.push_back(*parsed);
        }
    }
    std::size_t count = 0;
    const std::string_view told = detail_of(record, "count");
    std::from_chars(told.data(), told.data() + told.size(), count);
    change.targets_complete = !change.targets.empty() && change.targets.size() == count;
    return change.edge != nullptr;
}

std::vector<std::string> attributes_in(const JournalRecord& record, const TypeView& view) {
    std::vector<std::string> names = split(detail_of(record, "attributes"), ", ");
    if (names.empty()) {
        names = split(detail_of(record, "changed"), ", ");
    }
    const EdgeAttribute* manager = edge_of(view, false, directory::EdgeKind::manager);
    for (std::string& name : names) {
        if (name == "manager" && manager != nullptr) {
            name = path_of(manager->name);
        }
    }
    return names;
}

/// Activities of other parts of the product that change one attribute of a resource.
struct SingleAttribute {
    std::string_view activity;
    std::string_view attribute;
};
constexpr std::array single_attributes{
    SingleAttribute{"Change password (self-service)", "password"},
    SingleAttribute{"Reset password (by admin)", "password"},
    SingleAttribute{"Update self-service application setting", "selfService"},
};

/// Leaves out what the engine's client does not see; false when nothing is left.
bool keep_visible(const Engine& engine, ResourceChange& change) {
    if (engine.sees_everything() || change.attributes.empty()) {
        return true;
    }
    std::erase_if(change.attributes, [&](const std::string& name) {
        return !engine.with.schemas.resolve(*change.view->type, name).has_value();
    });
    return !change.attributes.empty();
}

bool read_update(const JournalRecord& record, ResourceChange& change) {
    const TypeView& view = *change.view;
    if (record.activity == "Update " + view.noun) {
        change.attributes = attributes_in(record, view);
        change.kind = detail_of(record, "method") == "PUT" && !view.has_member_list ? Kind::replaced
                                                                                    : Kind::updated;
        return true;
    }
    if (record.activity == "Set user manager") {
        const EdgeAttribute* manager = edge_of(view, false, directory::EdgeKind::manager);
        if (manager != nullptr) {
            change.attributes.push_back(path_of(manager->name));
        }
        return manager != nullptr;
    }
    const auto known =
        std::ranges::find(single_attributes, record.activity, &SingleAttribute::activity);
    if (known != single_attributes.end()) {
        change.attributes.emplace_back(known->attribute);
    }
    return known != single_attributes.end();
}

}  // namespace

std::string_view detail_of(const JournalRecord& record, std::string_view name) {
    for (const auto& [key, value] : record.details) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

std::optional<ResourceChange> change_in(const Engine& engine, const JournalRecord& record) {
    if (record.outcome != directory::Outcome::success || !record.target) {
        return std::nullopt;
    }
    ResourceChange change;
    change.view = view_named(engine, record.target_type);
    if (change.view == nullptr) {
        return std::nullopt;
    }
    const bool is_role = record.target_type == "RoleAssignment";
    if (record.activity == "Add " + change.view->noun ||
        (is_role && record.activity.starts_with("Add "))) {
        change.kind = Kind::created;
        return change;
    }
    if (record.activity == "Delete " + change.view->noun ||
        (is_role && record.activity.starts_with("Remove "))) {
        change.kind = Kind::deleted;
        return change;
    }
    if (read_edge_change(record, change) ||
        (read_update(record, change) && keep_visible(engine, change))) {
        return change;
    }
    return std::nullopt;
}

}  // namespace bascule::scim::events
