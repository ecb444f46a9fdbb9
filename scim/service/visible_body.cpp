#include "scim/service/visible_body.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "scim/codec/document.hpp"
#include "scim/service/attribute_access.hpp"

namespace bascule::scim {
namespace {

using nlohmann::ordered_json;

const Schema* extension_of(const ResourceType& type, std::string_view urn) {
    for (const auto& extension : type.extensions) {
        if (extension.schema->id == urn) {
            return extension.schema;
        }
    }
    return nullptr;
}

/// Goes through a stored document and its visible part side by side.
class Lens {
  public:
    explicit Lens(const ResourceType& type) : type_(type) {}

    [[nodiscard]] ordered_json visible(const ordered_json& stored) const {
        ordered_json seen = ordered_json::object();
        for (const auto& [key, value] : stored.items()) {
            if (key == "schemas") {
                seen[key] = visible_urns(value);
            } else if (const Schema* extension = extension_of(type_, key)) {
                if (auto part = visible_members(*extension, value); !part.empty()) {
                    seen[key] = std::move(part);
                }
            } else if (common_schema().find(key) != nullptr) {
                seen[key] = value;
            } else if (const Attribute* attribute = type_.schema->find(key)) {
                seen[key] = visible_value(*attribute, value);
            }
        }
        return seen;
    }

    /// Puts what is not visible of `stored` into `wanted`.
    Status restore(const ordered_json& stored, ordered_json& wanted) const {
        for (const auto& [key, value] : stored.items()) {
            if (common_schema().find(key) != nullptr) {
                continue;
            }
            if (key.find(':') == std::string::npos) {
                BASCULE_CHECK(restore_member(type_.schema->find(key), key, value, wanted));
                continue;
            }
            const Schema* extension = extension_of(type_, key);
            ordered_json part = wanted.contains(key) ? wanted[key] : ordered_json::object();
            for (const auto& [name, inner] : value.items()) {
                const Attribute* attribute = extension == nullptr ? nullptr : extension->find(name);
                BASCULE_CHECK(restore_member(attribute, name, inner, part));
            }
            if (!part.empty()) {
                wanted[key] = std::move(part);
            }
        }
        return {};
    }

  private:
    [[nodiscard]] ordered_json visible_urns(const ordered_json& urns) const {
        ordered_json seen = ordered_json::array();
        for (const ordered_json& urn : urns) {
            const auto& text = urn.get_ref<const std::string&>();
            if (text == type_.schema->id || extension_of(type_, text) != nullptr) {
                seen.push_back(urn);
            }
        }
        return seen;
    }

    static ordered_json visible_members(const Schema& schema, const ordered_json& object) {
        ordered_json seen = ordered_json::object();
        for (const auto& [key, value] : object.items()) {
            if (const Attribute* attribute = schema.find(key)) {
                seen[key] = visible_value(*attribute, value);
            }
        }
        return seen;
    }

    static ordered_json visible_value(const Attribute& attribute, const ordered_json& value) {
        if (!attribute.partial || !(value.is_object() || value.is_array())) {
            return value;
        }
        if (value.is_object()) {
            ordered_json seen = ordered_json::object();
            for (const auto& [key, part] : value.items()) {
                if (attribute.sub(key) != nullptr) {
                    seen[key] = part;
                }
            }
            return seen;
        }
        ordered_json seen = ordered_json::array();
        for (const ordered_json& element : value) {
            seen.push_back(visible_value(attribute, element));
        }
        return seen;
    }

    static Status restore_member(
        const Attribute* attribute, const std::string& name, const ordered_json& stored,
        ordered_json& holder
    ) {
        if (attribute == nullptr) {
            holder[name] = stored;
            return {};
        }
        if (!attribute->partial) {
            return {};
        }
        if (stored.is_array()) {
            if (!holder.contains(name) || holder[name] != visible_value(*attribute, stored)) {
                return not_writable(name);
            }
            holder[name] = stored;
            return {};
        }
        for (const auto& [key, part] : stored.items()) {
            if (attribute->sub(key) == nullptr) {
                holder[name][key] = part;
            }
        }
        return {};
    }

    const ResourceType& type_;
};

}  // namespace

std::string visible_body(const Engine& engine, const TypeView& view, std::string_view stored) {
    if (engine.sees_everything()) {
        return std::string(stored);
    }
    const ordered_json document = ordered_json::parse(stored, nullptr, false);
    return document.is_object() ? to_text(Lens(*view.type).visible(document)) : std::string("{}");
}

Result<std::string> whole_body(
    const Engine& engine, const TypeView& view, std::string_view stored, std::string wanted
) {
    if (engine.sees_everything()) {
        return wanted;
    }
    if (wanted == visible_body(engine, view, stored)) {
        return std::string(stored);
    }
    BASCULE_TRY(const ordered_json before, parse_json(stored));
    BASCULE_TRY(ordered_json after, parse_json(wanted));
    BASCULE_CHECK(Lens(*view.type).restore(before, after));
    const TypeView& whole = *engine.base->view_of(view.type->type);
    return canonical_body(after, engine.base->with.schemas, *whole.type);
}

}  // namespace bascule::scim
