#include "directory/authority/authority.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::authority {
namespace {

using directory::AttributePath;
using directory::EdgeKind;
using directory::ObjectRow;
using directory::Registry;

constexpr std::string_view enterprise_user =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// "Group 'Sales EMEA'"; the id when there is no name.
std::string name_of(const Registry& registry, const ObjectRow& object) {
    const std::string display = object.display.empty() ? object.id.to_string() : object.display;
    return registry.spec(object.type).name + " '" + printable(display) + "'";
}

/// " 'corp' (cn=…)".
std::string master_of(const std::string& source, std::string_view dn) {
    std::string text = " '" + source + "'";
    if (!dn.empty()) {
        text += " (" + printable(dn, 500) + ")";
    }
    return text;
}

auto refuse(std::string what, const std::string& source, std::string_view dn) {
    return fail(
        ErrorKind::conflict, "mutability",
        std::move(what) + " is mastered by source" + master_of(source, dn) + "; change it there."
    );
}

}  // namespace

Authority::Authority(std::unordered_map<directory::SourceId, Master> masters)
    : masters_(std::move(masters)) {}

std::string Authority::source_name(directory::SourceId source) const {
    const auto found = masters_.find(source);
    return found == masters_.end() ? "#" + std::to_string(static_cast<std::int32_t>(source))
                                   : found->second.name;
}

Status Authority::may_write(
    const Registry& registry, const ObjectRow& object, const AttributePath& path,
    std::string_view dn
) const {
    if (!object.is_synced()) {
        return {};
    }
    const auto master = masters_.find(object.source);
    const bool known = master != masters_.end() && master->second.mapper != nullptr;
    // Of a source that is not configured nothing is known, so nothing of it is given away.
    if (known && !master->second.mapper->fills(object.type, path)) {
        return {};
    }
    auto refusal = refuse(
        "'" + path.to_string() + "' of " + name_of(registry, object), source_name(object.source), dn
    );
    refusal.value().field = path.to_string();
    return refusal;
}

bool Authority::writes_back(
    const Registry& registry, const ObjectRow& object, const AttributePath& path
) const {
    const auto master = masters_.find(object.source);
    if (!object.is_synced() || master == masters_.end() || !path.extension.empty() ||
        registry.spec(object.type).name != "User") {
        return false;
    }
    const auto& written = master->second.written_back;
    return std::ranges::find(written, path.name) != written.end();
}

Status Authority::may_write_edges(
    const Registry& registry, const ObjectRow& object, EdgeKind kind, std::string_view dn
) const {
    if (!object.is_synced()) {
        return {};
    }
    const bool is_group = registry.spec(object.type).name == "Group";
    switch (kind) {
        case EdgeKind::member:
        case EdgeKind::owner:
            // A synced user may be a member of local groups: only the group's own side is mastered.
            if (is_group) {
                return refuse(name_of(registry, object), source_name(object.source), dn);
            }
            return {};
        case EdgeKind::manager:
            return may_write(registry, object, {std::string(enterprise_user), "manager", ""}, dn);
        case EdgeKind::unit_member:
            return {};
    }
    return {};  // references of an operator's schema are kept here
}

Status Authority::may_delete(const Registry& registry, const ObjectRow& object, std::string_view dn)
    const {
    if (!object.is_synced()) {
        return {};
    }
    return fail(
        ErrorKind::conflict, "mutability",
        name_of(registry, object) + " is mastered by source" +
            master_of(source_name(object.source), dn) + "; delete it there."
    );
}

Status Authority::require_self_service_target(const ObjectRow& group) const {
    if (!group.is_synced()) {
        return {};
    }
    return fail(
        ErrorKind::policy_rejected, "on_premises_group",
        "'" + printable(group.display.empty() ? group.id.to_string() : group.display) +
            "' comes from the directory '" + source_name(group.source) +
            "' and is managed there. Choose a local group, or create one."
    );
}

}  // namespace bascule::authority
