#include "scim/service/mastered_attributes.hpp"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "directory/base/json_text.hpp"
#include "scim/codec/document.hpp"
#include "scim/service/attribute_access.hpp"
#include "scim/service/source_dn.hpp"

namespace bascule::scim {
namespace {

using directory::AttributePath;
using directory::Object;
using directory::ObjectRow;
using nlohmann::ordered_json;

const Schema* extension_of(const ResourceType& type, std::string_view key) {
    for (const ResourceType::Extension& extension : type.extensions) {
        if (extension.schema->id == key) {
            return extension.schema;
        }
    }
    return nullptr;
}

bool is_bookkeeping(std::string_view key) {
    return key == "schemas" || key == "id";
}

/// What the object's own source leaves alone may be mastered by that of a part. References are not:
/// they stay with the object's own source.
Status may_write_here(
    const Engine& engine, const authority::Authority& authority, const ObjectRow& row,
    const JoinedParts& parts, const AttributePath& path, std::string_view dn = {}
) {
    BASCULE_CHECK(authority.may_write(engine.registry, row, path, dn));
    for (const authority::JoinedPart& part : parts) {
        if (path.name == "manager") {
            continue;
        }
        ObjectRow as_mastered = row;
        as_mastered.source = part.source;
        BASCULE_CHECK(authority.may_write(engine.registry, as_mastered, path, part.dn));
    }
    return {};
}

/// A source of the object takes the attribute; which one, and whether, SourceWrite decides.
bool goes_to_a_source(
    const Engine& engine, const authority::Authority& authority, const ObjectRow& row,
    const JoinedParts& parts, const AttributePath& path
) {
    return authority.writes_back(engine.registry, row, path) ||
           std::ranges::any_of(parts, [&](const authority::JoinedPart& part) {
               ObjectRow as_mastered = row;
               as_mastered.source = part.source;
               return authority.writes_back(engine.registry, as_mastered, path);
           });
}

/// Writes the members of one level that may be written here.
void write_local_members(
    JsonWriter& json, const Engine& engine, const authority::Authority& authority,
    const ObjectRow& row, const JoinedParts& parts, std::string_view object,
    const std::string& extension
) {
    JsonMembers members(object);
    while (const auto member = members.next()) {
        const AttributePath path{extension, std::string(member->key), {}};
        if (may_write_here(engine, authority, row, parts, path)) {
            json.key(member->key).raw(member->value);
        }
    }
}

/// Copies what a PUT left out and may not change.
class Keeper {
  public:
    using MayWrite = std::function<bool(const AttributePath&)>;
    Keeper(const TypeView& view, MayWrite may_write, const std::vector<std::string>& cleared)
        : view_(view), may_write_(std::move(may_write)), cleared_(cleared) {}

    /// True when something was missing in `wanted`.
    bool fill(const ordered_json& before, ordered_json& wanted, const std::string& extension)
        const {
        bool filled = false;
        for (const auto& [key, value] : before.items()) {
            if (extension.empty() && extension_of(*view_.type, key) != nullptr) {
                filled = fill_extension(key, value, wanted) || filled;
            } else if (!is_bookkeeping(key) && !wanted.contains(key) && keeps({extension, key, {}})) {
                wanted[key] = value;
                filled = true;
            }
        }
        return filled;
    }

  private:
    [[nodiscard]] bool keeps(const AttributePath& path) const {
        const bool cleared =
            std::find(cleared_.begin(), cleared_.end(), path.to_string()) != cleared_.end();
        return !cleared && !may_write_(path);
    }

    bool fill_extension(const std::string& urn, const ordered_json& before, ordered_json& wanted)
        const {
        ordered_json part = wanted.contains(urn) ? wanted[urn] : ordered_json::object();
        if (!fill(before, part, urn)) {
            return false;
        }
        wanted[urn] = std::move(part);
        ordered_json& schemas = wanted["schemas"];
        if (std::find(schemas.begin(), schemas.end(), urn) == schemas.end()) {
            schemas.push_back(urn);
        }
        return true;
    }

    const TypeView& view_;
    MayWrite may_write_;
    const std::vector<std::string>& cleared_;
};

}  // namespace

Status check_changes(
    const Engine& engine, directory::Reader& reader, const authority::Authority& authority,
    const Object& before, const JoinedParts& parts, std::string_view body
) {
    if (!before.row.is_synced()) {
        return {};
    }
    BASCULE_TRY(const std::string dn, source_dn(reader, before.row));
    for (const AttributePath& path : changed_attributes(before.body, body)) {
        const bool counts = !path.extension.empty() || !is_bookkeeping(path.name);
        if (counts && !goes_to_a_source(engine, authority, before.row, parts, path)) {
            BASCULE_CHECK(may_write_here(engine, authority, before.row, parts, path, dn));
        }
    }
    return {};
}

std::string local_part(
    const Engine& engine, const authority::Authority& authority, const ObjectRow& row,
    const JoinedParts& parts, std::string_view body
) {
    std::string text;
    if (!row.is_synced()) {
        return text;
    }
    const TypeView* view = engine.view_of(row.type);
    JsonWriter json(text);
    json.begin_object();
    JsonMembers members(body);
    while (const auto member = members.next()) {
        const std::string key(member->key);
        if (view != nullptr && extension_of(*view->type, key) != nullptr) {
            std::string part;
            JsonWriter nested(part);
            nested.begin_object();
            write_local_members(nested, engine, authority, row, parts, member->value, key);
            nested.end_object();
            if (part != "{}") {
                json.key(key).raw(part);
            }
        } else if (!is_bookkeeping(key) && may_write_here(engine, authority, row, parts, {{}, key, {}})) {
            json.key(key).raw(member->value);
        }
    }
    json.end_object();
    return text == "{}" ? std::string{} : text;
}

Status keep_unwritable(
    const Engine& engine, const TypeView& view, const authority::Authority& authority,
    const access::Caller& caller, const ObjectRow& row, const JoinedParts& parts,
    std::string_view seen, ResourceDraft& draft
) {
    const bool may_all =
        !caller.attributes && !caller.own_entry && caller.has_scope("privileges:write");
    if (!row.is_synced() && may_all) {
        return {};
    }
    const auto writable = [&](const AttributePath& path) {
        return may_write(caller, view, path) &&
               (!row.is_synced() || may_write_here(engine, authority, row, parts, path));
    };
    BASCULE_TRY(ordered_json wanted, parse_json(draft.body));
    BASCULE_TRY(const ordered_json present, parse_json(seen));
    if (Keeper(view, writable, draft.cleared).fill(present, wanted, {})) {
        draft.body = to_text(wanted);
    }
    return {};
}

}  // namespace bascule::scim
