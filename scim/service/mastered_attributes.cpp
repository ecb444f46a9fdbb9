#include "scim/service/mastered_attributes.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "directory/base/json_text.hpp"
#include "scim/codec/document.hpp"
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

const Attribute* attribute_at(const ResourceType& type, const AttributePath& path) {
    const Schema* schema =
        path.extension.empty() ? type.schema : extension_of(type, path.extension);
    return schema == nullptr ? nullptr : schema->find(path.name);
}

std::string_view value_at(std::string_view body, const AttributePath& path) {
    return path.extension.empty() ? json_member(body, path.name)
                                  : json_member(json_member(body, path.extension), path.name);
}

Status check_immutable(
    const ResourceType& type, const AttributePath& path, std::string_view before
) {
    const Attribute* attribute = attribute_at(type, path);
    if (attribute == nullptr || attribute->mutability != Mutability::immutable ||
        value_at(before, path).empty()) {
        return {};
    }
    return fail(Error{
        ErrorKind::invalid_input,
        "mutability",
        "'" + path.to_string() + "' is set once and cannot be changed afterwards.",
        path.to_string(),
        {}});
}

bool is_bookkeeping(std::string_view key) {
    return key == "schemas" || key == "id";
}

/// Writes the members of one level that may be written here.
void write_local_members(
    JsonWriter& json, const Engine& engine, const authority::Authority& authority,
    const ObjectRow& row, std::string_view object, const std::string& extension
) {
    JsonMembers members(object);
    while (const auto member = members.next()) {
        const AttributePath path{extension, std::string(member->key), {}};
        if (authority.may_write(engine.registry, row, path)) {
            json.key(member->key).raw(member->value);
        }
    }
}

/// Decides which omitted values survive a PUT.
class Keeper {
  public:
    Keeper(
        const Engine& engine, const TypeView& view, const authority::Authority& authority,
        const ObjectRow& row
    )
        : engine_(engine), view_(view), authority_(authority), row_(row) {}

    [[nodiscard]] bool keeps(const AttributePath& path) const {
        if (path.extension.empty() && path.name == "active") {
            return true;
        }
        const Attribute* attribute = attribute_at(*view_.type, path);
        if (attribute != nullptr && attribute->mutability != Mutability::read_write) {
            return true;
        }
        return row_.is_synced() && !authority_.may_write(engine_.registry, row_, path);
    }

    /// Copies what is missing in `wanted` from `before`; true when something was.
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

    const Engine& engine_;
    const TypeView& view_;
    const authority::Authority& authority_;
    const ObjectRow& row_;
};

}  // namespace

Status check_changes(
    const Engine& engine, const TypeView& view, directory::Reader& reader,
    const authority::Authority& authority, const Object& before, std::string_view body
) {
    std::optional<std::string> dn;
    for (const AttributePath& path : changed_attributes(before.body, body)) {
        if (path.extension.empty() && is_bookkeeping(path.name)) {
            continue;
        }
        BASCULE_CHECK(check_immutable(*view.type, path, before.body));
        if (!before.row.is_synced()) {
            continue;
        }
        if (!dn) {
            BASCULE_TRY(dn, source_dn(reader, before.row));
        }
        BASCULE_CHECK(authority.may_write(engine.registry, before.row, path, *dn));
    }
    return {};
}

std::string local_part(
    const Engine& engine, const authority::Authority& authority, const ObjectRow& row,
    std::string_view body
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
            write_local_members(nested, engine, authority, row, member->value, key);
            nested.end_object();
            if (part != "{}") {
                json.key(key).raw(part);
            }
        } else if (!is_bookkeeping(key) && authority.may_write(engine.registry, row, {{}, key, {}})) {
            json.key(key).raw(member->value);
        }
    }
    json.end_object();
    return text == "{}" ? std::string{} : text;
}

Result<std::string> keep_unclearable(
    const Engine& engine, const TypeView& view, const authority::Authority& authority,
    const Object& before, std::string body
) {
    BASCULE_TRY(ordered_json wanted, parse_json(body));
    BASCULE_TRY(const ordered_json present, parse_json(before.body));
    const Keeper keeper(engine, view, authority, before.row);
    if (!keeper.fill(present, wanted, {})) {
        return body;
    }
    return canonical_body(wanted, engine.with.schemas, *view.type);
}

}  // namespace bascule::scim
