#include "scim/service/attribute_access.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "scim/codec/document.hpp"

namespace bascule::scim {
namespace {

using access::Caller;
using access::NameRule;
using directory::AttributePath;
using nlohmann::ordered_json;
using Names = std::vector<std::string>;

/// An attribute as rules name it: with its schema, or without for the schema of a type.
struct Subject {
    std::string_view schema;
    bool is_core = false;
    std::string_view name;
};

bool contains(const Names& names, const std::string& wanted) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return equals_ignoring_ascii_case(name, wanted);
    });
}

/// Whether an entry covers the attribute; with `sub`, whether one names this part of it.
bool names(const Names& names, const Subject& subject, std::string_view sub = {}) {
    std::string plain(subject.name);
    if (!sub.empty()) {
        plain.append(".").append(sub);
    } else if (contains(names, std::string(subject.schema))) {
        return true;
    }
    return (subject.is_core && contains(names, plain)) ||
           contains(names, std::string(subject.schema) + ":" + plain);
}

bool covers(const Names& list, const Subject& subject, std::string_view sub) {
    return names(list, subject) || (!sub.empty() && names(list, subject, sub));
}

bool allows(const NameRule& rule, const Subject& subject, std::string_view sub = {}) {
    return (rule.only.empty() || covers(rule.only, subject, sub)) &&
           !covers(rule.except, subject, sub);
}

Subject subject_of(const TypeView& view, const AttributePath& path) {
    const bool is_core = path.extension.empty();
    return {is_core ? std::string_view(view.type->schema->id) : path.extension, is_core, path.name};
}

bool is_privilege(const TypeView& view, const AttributePath& path) {
    return view.type->name == "User" && path.extension.empty() &&
           (path.name == "roles" || path.name == "entitlements");
}

bool lacks_privilege(const Caller& caller, const TypeView& view, const AttributePath& path) {
    return is_privilege(view, path) && !caller.has_scope("privileges:write");
}

tl::unexpected<Error> not_writable(const std::string& path) {
    return fail(Error{
        ErrorKind::forbidden,
        "attribute_not_writable",
        "This client may not write '" + path +
            "'; an operator gives the right with 'bascule client "
            "set'.",
        path,
        {},
        {}});
}

using Refusal = tl::unexpected<Error> (*)(const std::string& path);

tl::unexpected<Error> not_of_oneself(const std::string& path) {
    return fail(Error{
        ErrorKind::forbidden,
        "read_only_profile",
        "'" + path +
            "' is not among what people change of themselves "
            "(self_service.account.attributes); ask an administrator. The password has POST "
            "/api/v1/account/change-password.",
        path,
        {},
        {}});
}

/// The definition of a path in the caller's view of the schemas, or null.
const Attribute* definition(const TypeView& view, const AttributePath& path) {
    if (path.extension.empty()) {
        return view.type->schema->find(path.name);
    }
    for (const auto& extension : view.type->extensions) {
        if (extension.schema->id == path.extension) {
            return extension.schema->find(path.name);
        }
    }
    return nullptr;
}

std::string_view value_at(std::string_view body, const AttributePath& path) {
    const std::string_view holder =
        path.extension.empty() ? body : json_member(body, path.extension);
    return holder.empty() ? holder : json_member(holder, path.name);
}

/// The values of one sub-attribute in every element, as one text to compare.
std::string parts_of(std::string_view value, std::string_view sub) {
    if (value.starts_with('{')) {
        return std::string(json_member(value, sub));
    }
    std::string all;
    if (value.starts_with('[')) {
        JsonElements elements(value);
        while (const auto element = elements.next()) {
            all += element->starts_with('{') ? std::string(json_member(*element, sub)) : "";
            all += '\n';
        }
    }
    return all;
}

/// Where parts of the attribute are ruled on their own, only those that changed count.
Status check_parts(
    const NameRule& rule, Refusal refusal, const TypeView& view, const AttributePath& path,
    std::string_view before, std::string_view after
) {
    const Subject subject = subject_of(view, path);
    const Attribute* attribute = definition(view, path);
    const bool by_parts = attribute != nullptr &&
                          std::any_of(
                              attribute->sub_attributes.begin(), attribute->sub_attributes.end(),
                              [&](const Attribute& sub) {
                                  return allows(rule, subject, sub.name) != allows(rule, subject);
                              }
                          );
    if (!by_parts) {
        return allows(rule, subject) ? Status{} : Status(refusal(path.to_string()));
    }
    for (const Attribute& sub : attribute->sub_attributes) {
        const bool changed =
            parts_of(value_at(before, path), sub.name) != parts_of(value_at(after, path), sub.name);
        if (changed && !allows(rule, subject, sub.name)) {
            return refusal(path.to_string() + "." + sub.name);
        }
    }
    return {};
}

Status check_privilege(const Caller& caller, const TypeView& view, const AttributePath& path) {
    if (!lacks_privilege(caller, view, path)) {
        return {};
    }
    return fail(Error{
        ErrorKind::forbidden,
        "insufficient_scope",
        "Changing '" + path.name +
            "' needs the scope privileges:write, which the token does not have.",
        path.name,
        {},
        {}});
}

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

bool is_known(const SchemaRegistry& schemas, const std::string& name) {
    return std::any_of(schemas.types().begin(), schemas.types().end(), [&](const auto& type) {
        return schemas.resolve(*type, name).has_value();
    });
}

}  // namespace

Status check_attribute_rules(const SchemaRegistry& schemas, const access::AttributeRules& rules) {
    for (const Names* list :
         {&rules.read.only, &rules.read.except, &rules.write.only, &rules.write.except}) {
        for (const std::string& name : *list) {
            if (!is_known(schemas, name) && schemas.find_schema(name) == nullptr) {
                return fail(Error{
                    ErrorKind::invalid_input,
                    "unknown_attribute",
                    "No resource type has an attribute '" + printable(name, 200) +
                        "'. Write it as in SCIM: emails, name.familyName, or with its schema's URN "
                        "for an extension.",
                    "attributes",
                    {},
                    {}});
            }
        }
    }
    return {};
}

std::unique_ptr<SchemaRegistry> visible_schemas(
    const SchemaRegistry& schemas, const NameRule& read
) {
    return schemas.reduced([&](const Schema& schema, bool is_core, const Attribute& attribute,
                               const Attribute* sub) {
        return allows(
            read, {schema.id, is_core, attribute.name},
            sub == nullptr ? std::string_view{} : std::string_view(sub->name)
        );
    });
}

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

Status check_may_create(const Engine& engine, const TypeView& view) {
    if (engine.sees_everything()) {
        return {};
    }
    const ResourceType& whole = *engine.base->view_of(view.type->type)->type;
    for (const Attribute& attribute : whole.schema->attributes) {
        if (attribute.required && view.type->schema->find(attribute.name) == nullptr) {
            return not_writable(attribute.name);
        }
    }
    for (const auto& extension : whole.extensions) {
        if (extension.required && extension_of(*view.type, extension.schema->id) == nullptr) {
            return not_writable(extension.schema->id);
        }
    }
    return {};
}

bool may_write(const Caller& caller, const TypeView& view, const AttributePath& path) {
    const Subject subject = subject_of(view, path);
    return !lacks_privilege(caller, view, path) &&
           (!caller.attributes || allows(caller.attributes->write, subject)) &&
           (!caller.own_entry || allows(*caller.own_entry, subject));
}

Status check_may_write(const Caller& caller, const TypeView& view, const AttributePath& path) {
    if (caller.own_entry && !allows(*caller.own_entry, subject_of(view, path))) {
        return not_of_oneself(path.to_string());
    }
    BASCULE_CHECK(check_privilege(caller, view, path));
    return may_write(caller, view, path) ? Status{} : Status(not_writable(path.to_string()));
}

Status check_may_write(
    const Caller& caller, const TypeView& view, std::string_view before, std::string_view after
) {
    const bool may_all = !caller.attributes && !caller.own_entry;
    if (may_all && (view.type->name != "User" || caller.has_scope("privileges:write"))) {
        return {};
    }
    for (const AttributePath& path : changed_attributes(before, after)) {
        if (caller.own_entry) {
            BASCULE_CHECK(check_parts(*caller.own_entry, not_of_oneself, view, path, before, after)
            );
        }
        BASCULE_CHECK(check_privilege(caller, view, path));
        if (caller.attributes) {
            BASCULE_CHECK(
                check_parts(caller.attributes->write, not_writable, view, path, before, after)
            );
        }
    }
    return {};
}

Status check_may_delete(const Caller& caller, const TypeView& view) {
    if (!caller.attributes || caller.attributes->write.only.empty()) {
        return {};
    }
    return fail(
        ErrorKind::forbidden, "attribute_not_writable",
        "This client writes named attributes only, so it deletes no " + view.noun + "."
    );
}

}  // namespace bascule::scim
