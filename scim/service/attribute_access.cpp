#include "scim/service/attribute_access.hpp"

#include <algorithm>
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

bool is_known(const SchemaRegistry& schemas, const std::string& name) {
    return std::any_of(schemas.types().begin(), schemas.types().end(), [&](const auto& type) {
        return schemas.resolve(*type, name).has_value();
    });
}

}  // namespace

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
        const bool sees = std::ranges::any_of(view.type->extensions, [&](const auto& seen) {
            return seen.schema->id == extension.schema->id;
        });
        if (extension.required && !sees) {
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
