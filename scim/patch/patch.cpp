#include "scim/patch/patch.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/codec/document.hpp"
#include "scim/codec/values.hpp"
#include "scim/patch/attribute_patch.hpp"
#include "scim/patch/edge_patch.hpp"
#include "scim/patch/patch_message.hpp"
#include "scim/patch/quirks.hpp"
#include "scim/profile/conformity.hpp"

namespace bascule::scim {
namespace {

using Json = nlohmann::ordered_json;

tl::unexpected<Error> failure(
    const char* code, const std::string& path, const std::string& reason
) {
    return tl::unexpected<Error>(Error{
        ErrorKind::invalid_input, code, path + " " + reason, path, {}, {}});
}

/// Carries out the operations of one message on a copy of the document.
class Patcher {
  public:
    Patcher(
        Json document, const SchemaRegistry& schemas, const ResourceType& type,
        const directory::Registry& registry, const ClientProfile& profile
    )
        : document_(std::move(document)),
          schemas_(schemas),
          type_(type),
          registry_(registry),
          profile_(profile) {
        dialect_.loose_literals = profile.loose_literals == Rule::accept;
    }

    Status apply(const Json& operation) {
        if (!operation.is_object()) {
            return failure("invalid_syntax", "Operations", "must hold JSON objects.");
        }
        BASCULE_TRY(const PatchKind kind, kind_of(member(operation, "op")));
        BASCULE_CHECK(check_case(*member(operation, "op")));
        const Json* path = member(operation, "path");
        const Json* value = member(operation, "value");
        if (kind != PatchKind::remove && value == nullptr) {
            return failure("invalid_value", "value", "is needed by add and replace.");
        }
        if (path == nullptr || is_unassigned(*path)) {
            return apply_without_path(kind, value);
        }
        if (!path->is_string()) {
            return failure("invalid_path", "path", "must be a JSON string.");
        }
        return apply_to(kind, path->get_ref<const std::string&>(), value);
    }

    [[nodiscard]] const Json& document() const { return document_; }
    std::vector<EdgeChange> take_edges() { return edges_.take(); }
    std::optional<Secret> take_password() { return std::move(password_); }
    std::vector<std::string> take_ignored() { return std::move(ignored_); }

  private:
    [[nodiscard]] tl::unexpected<Error> refuse(
        std::string_view which, const char* code, const std::string& what,
        const std::string& advice, const std::string& path
    ) const {
        return fail(profile_refusal(profile_, which, code, what, advice, path));
    }

    [[nodiscard]] Status check_case(const Json& op) const {
        const auto& word = op.get_ref<const std::string&>();
        if (profile_.operation_case == Rule::accept || to_ascii_lower(word) == word) {
            return {};
        }
        return refuse(
            "operation_case", "invalid_syntax",
            "op '" + printable(word, 20) + "' has capital letters", "write add, remove or replace.",
            "op"
        );
    }

    Status apply_to(PatchKind kind, const std::string& path, const Json* value) {
        const auto target = compile_path(path, schemas_, type_, registry_, dialect_);
        if (target) {
            return apply_to(kind, *target, value);
        }
        if (!names_unknown_attribute(path, schemas_, type_)) {
            return fail(target.error());
        }
        if (profile_.unknown_path == Rule::refuse) {
            return refuse(
                "unknown_path", "invalid_path",
                type_.name + " has no attribute " + printable(path, 100), "correct the path.", path
            );
        }
        ignored_.push_back(printable(path, 100));
        return {};
    }

    Status apply_without_path(PatchKind kind, const Json* value) {
        if (kind == PatchKind::remove) {
            return fail(ErrorKind::invalid_input, "no_target", "remove needs a path.");
        }
        if (profile_.patch_without_path == Rule::refuse) {
            return refuse(
                "patch_without_path", "invalid_syntax", "An operation has no path",
                "name the attribute in path.", "path"
            );
        }
        if (!value->is_object()) {
            return failure(
                "invalid_value", "value", "must be a JSON object when there is no path."
            );
        }
        return apply_members(kind, {}, *value);
    }

    /// Each key is a path: plain, dotted or with a URN, as clients send them.
    Status apply_members(PatchKind kind, const std::string& prefix, const Json& object) {
        for (const auto& [key, value] : object.items()) {
            const std::string notation = prefix + key;
            if (notation.find('[') != std::string::npos) {
                BASCULE_CHECK(apply_to(kind, notation, &value));
            } else if (const auto name = schemas_.resolve(type_, notation)) {
                BASCULE_CHECK(apply_to(kind, PatchPath{*name, std::nullopt, notation}, &value));
            } else if (profile_.unknown_attributes == Rule::accept) {
                ignored_.push_back(printable(notation, 100));
            } else {
                return refuse(
                    "unknown_attributes", "invalid_syntax",
                    type_.name + " has no attribute '" + printable(notation, 100) + "'",
                    "leave it out.", notation
                );
            }
        }
        return {};
    }

    Status apply_to(PatchKind kind, const PatchPath& path, const Json* value) {
        if (path.name.attribute == nullptr) {
            return apply_to_extension(kind, path, value);
        }
        BASCULE_CHECK(check_form(kind, path, value));
        if (value == nullptr || !needs_conforming(*path.name.attribute)) {
            return apply_conforming(kind, path, value);
        }
        Json conforming = *value;
        BASCULE_CHECK(conform_value(conforming, path.name, path.text, profile_, ignored_));
        return apply_conforming(kind, path, &conforming);
    }

    /// Long lists of members are not copied for nothing.
    [[nodiscard]] bool needs_conforming(const Attribute& attribute) const {
        return !attribute.edge || profile_.unknown_attributes == Rule::refuse ||
               profile_.loose_values == Rule::refuse;
    }

    /// What the profile says of the operation as a whole.
    [[nodiscard]] Status check_form(PatchKind kind, const PatchPath& path, const Json* value)
        const {
        const bool removes = kind == PatchKind::remove;
        if (!removes && path.element_filter && path.name.sub == nullptr &&
            profile_.whole_elements == Rule::refuse) {
            return refuse(
                "whole_elements", "invalid_path", path.text + " ends in a value filter",
                "name a sub-attribute behind it.", path.text
            );
        }
        if (removes && !path.element_filter && profile_.remove_by_list == Rule::refuse &&
            quirks::names_elements(*path.name.attribute, value)) {
            return refuse(
                "remove_by_list", "invalid_syntax", "remove of " + path.text + " has a value",
                "select elements with a filter: " + path.text + "[value eq \"…\"].", path.text
            );
        }
        return {};
    }

    Status apply_conforming(PatchKind kind, const PatchPath& path, const Json* value) {
        const Attribute& attribute = *path.name.attribute;
        if (&attribute == common_schema().find("schemas")) {
            return apply_to_schemas(kind, path, value);
        }
        if (attribute.derived) {
            return failure(
                "mutability", path.text,
                "is computed from the groups: change their members instead."
            );
        }
        const bool is_read_only =
            attribute.mutability == Mutability::read_only ||
            (path.name.sub != nullptr && path.name.sub->mutability == Mutability::read_only);
        if (is_read_only) {
            return check_unchanged(kind, path, value);
        }
        if (attribute.edge) {
            return edges_.apply(kind, path, value);
        }
        if (attribute.is_password()) {
            return set_password(kind, path, value);
        }
        if (attribute.mutability == Mutability::write_only) {
            return check_write_only(kind, path, value);
        }
        return apply_to_stored(kind, path, value);
    }

    Status apply_to_stored(PatchKind kind, const PatchPath& path, const Json* value) {
        const Json before = current(path.name);
        BASCULE_TRY(Json after, patched_value(kind, path, before, value, profile_));
        if (after == before) {
            return {};
        }
        const Schema* extension = path.name.extension;
        Json& holder = extension == nullptr ? document_ : document_[extension->id];
        if (after.is_null()) {
            holder.erase(path.name.attribute->name);
        } else {
            holder[path.name.attribute->name] = std::move(after);
        }
        if (extension != nullptr && holder.empty()) {
            document_.erase(extension->id);
        }
        return {};
    }

    /// The stored value of the whole attribute, or null.
    [[nodiscard]] Json current(const ResolvedName& name) const {
        const Json* holder = &document_;
        if (name.extension != nullptr) {
            const auto found = document_.find(name.extension->id);
            if (found == document_.end()) {
                return nullptr;
            }
            holder = &*found;
        }
        const auto found = holder->find(name.attribute->name);
        return found == holder->end() ? Json(nullptr) : *found;
    }

    /// Clients send read-only values back unchanged; that is no fault.
    Status check_unchanged(PatchKind kind, const PatchPath& path, const Json* value) const {
        Json stored = current(path.name);
        if (path.name.sub != nullptr && stored.is_object()) {
            stored = stored.value(path.name.sub->name, Json(nullptr));
        }
        if (kind != PatchKind::remove && !path.element_filter && !stored.is_null() &&
            *value == stored) {
            return {};
        }
        return failure("mutability", path.text, "is set by the server and cannot be changed.");
    }

    Status set_password(PatchKind kind, const PatchPath& path, const Json* value) {
        if (kind == PatchKind::remove) {
            return failure("mutability", path.text, "can be replaced, but not removed.");
        }
        if (!value->is_string() || is_unassigned(*value)) {
            return failure("invalid_value", path.text, "must be a JSON string that is not empty.");
        }
        password_ = Secret(value->get<std::string>());
        return {};
    }

    /// What nobody could ever read is checked, and kept nowhere.
    Status check_write_only(PatchKind kind, const PatchPath& path, const Json* value) const {
        if (kind == PatchKind::remove) {
            return {};
        }
        BASCULE_TRY(
            [[maybe_unused]] const Json after, patched_value(kind, path, nullptr, value, profile_)
        );
        return {};
    }

    Status apply_to_extension(PatchKind kind, const PatchPath& path, const Json* value) {
        const Schema& schema = *path.name.extension;
        if (kind == PatchKind::remove || is_unassigned(*value)) {
            return kind == PatchKind::add ? Status() : remove_extension(schema);
        }
        if (!value->is_object()) {
            return failure("invalid_value", path.text, "must be a JSON object.");
        }
        return apply_members(kind, schema.id + ":", *value);
    }

    Status remove_extension(const Schema& schema) {
        for (const Attribute& attribute : schema.attributes) {
            const PatchPath path{
                {&schema, &attribute, nullptr}, std::nullopt, schema.id + ":" + attribute.name};
            const bool is_set = attribute.edge || !current(path.name).is_null();
            if (is_set && attribute.mutability != Mutability::read_only) {
                BASCULE_CHECK(apply_to(PatchKind::remove, path, nullptr));
            }
        }
        return {};
    }

    /// The list follows from the content, so adding to it changes nothing; removing an extension's
    /// URN removes its content.
    Status apply_to_schemas(PatchKind kind, const PatchPath& path, const Json* value) {
        const Json given = value == nullptr    ? Json::array()
                           : value->is_array() ? *value
                                               : Json::array({*value});
        const auto names = [&](const Schema& schema) {
            return std::any_of(given.begin(), given.end(), [&](const Json& urn) {
                return urn.is_string() &&
                       equals_ignoring_ascii_case(urn.get_ref<const std::string&>(), schema.id);
            });
        };
        const bool loses_base = kind == PatchKind::remove
                                    ? given.empty() || names(*type_.schema)
                                    : kind == PatchKind::replace && !names(*type_.schema);
        if (loses_base) {
            return failure("mutability", path.text, "always holds " + type_.schema->id + ".");
        }
        for (const auto& extension : type_.extensions) {
            if (kind == PatchKind::remove && names(*extension.schema)) {
                BASCULE_CHECK(remove_extension(*extension.schema));
            }
        }
        return {};
    }

    Json document_;
    const SchemaRegistry& schemas_;
    const ResourceType& type_;
    const directory::Registry& registry_;
    const ClientProfile& profile_;
    FilterDialect dialect_;
    EdgePatch edges_;
    std::optional<Secret> password_;
    std::vector<std::string> ignored_;
};

}  // namespace

Result<PatchOutcome> apply_patch(
    const Json& message, std::string_view body, const SchemaRegistry& schemas,
    const ResourceType& type, const directory::Registry& registry, const ClientProfile& profile
) {
    BASCULE_CHECK(check_message(message));
    BASCULE_TRY(const Json stored, parse_json(body));
    Patcher patcher(stored, schemas, type, registry, profile);
    for (const Json& operation : *member(message, "Operations")) {
        BASCULE_CHECK(patcher.apply(operation));
    }
    PatchOutcome outcome;
    outcome.body = body;
    if (patcher.document() != stored) {
        BASCULE_TRY(outcome.body, canonical_body(patcher.document(), schemas, type));
    }
    outcome.edges = patcher.take_edges();
    outcome.password = patcher.take_password();
    outcome.ignored = patcher.take_ignored();
    return outcome;
}

}  // namespace bascule::scim
