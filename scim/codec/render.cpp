#include <utility>

#include "directory/base/json_text.hpp"
#include "scim/codec/projection.hpp"

namespace bascule::scim {
namespace {

/// The extension that shows a user's manager, which is an edge, or null.
const Schema* manager_extension(const ResourceType& type, const Attribute** attribute) {
    for (const auto& extension : type.extensions) {
        for (const Attribute& candidate : extension.schema->attributes) {
            if (candidate.edge == directory::EdgeKind::manager) {
                *attribute = &candidate;
                return extension.schema;
            }
        }
    }
    return nullptr;
}

void append_meta(
    std::string& out, const ResourceType& type, const directory::ObjectRow& row,
    std::string_view base_url
) {
    out += R"({"resourceType":")";
    out += type.name;
    out += R"(","created":")";
    append_time(out, row.created);
    out += R"(","lastModified":")";
    append_time(out, row.modified);
    out += R"(","location":")";
    append_location(out, type, row.id, base_url);
    out += R"(","version":)";
    append_json_string(out, entity_tag(row.version));
    out += '}';
}

/// Puts the manager into the stored document: into its extension, or with a new one at the end.
void append_body_with_manager(
    std::string& out, std::string_view body, const std::string& urn, std::string_view manager
) {
    const std::string member = "\"manager\":" + std::string(manager);
    // Inside a string every quote is escaped, so this text can only be a name with its object.
    const std::string opening = "\"" + urn + "\":{";
    const std::size_t found = body.find(opening);
    if (found != std::string_view::npos) {
        const std::size_t inside = found + opening.size();
        out.append(body.substr(0, inside)).append(member);
        out += body[inside] == '}' ? "" : ",";
        out.append(body.substr(inside));
        return;
    }
    const std::size_t end_of_schemas = body.find(']');
    out.append(body.substr(0, end_of_schemas)).append(",\"").append(urn).append("\"");
    out.append(body.substr(end_of_schemas, body.size() - end_of_schemas - 1));
    out.append(",").append(opening).append(member).append("}}");
}

std::string render_whole(
    const ResourceType& type, const directory::Object& object, const RenderParts& parts
) {
    std::string out;
    out.reserve(object.body.size() + parts.edge_members.size() + parts.manager.size() + 512);
    const Attribute* manager = nullptr;
    const Schema* extension = parts.manager.empty() ? nullptr : manager_extension(type, &manager);
    if (extension == nullptr) {
        out += object.body;
    } else {
        append_body_with_manager(out, object.body, extension->id, parts.manager);
    }
    out.pop_back();
    if (!parts.edge_members.empty()) {
        out += ',';
        out += parts.edge_members;
    }
    out += ",\"meta\":";
    append_meta(out, type, object.row, parts.base_url);
    out += '}';
    return out;
}

/// Writes the parts of a document that a projection shows.
class SelectiveRenderer {
  public:
    SelectiveRenderer(const ResourceType& type, const Projection& projection)
        : type_(type), projection_(projection) {}

    std::string render(const directory::Object& object, const RenderParts& parts) {
        const Attribute* manager = nullptr;
        const Schema* manager_schema = manager_extension(type_, &manager);
        if (parts.manager.empty()) {
            manager_schema = nullptr;
        }
        JsonMembers members(object.body);
        while (const auto member = members.next()) {
            if (member->key.find(':') == std::string_view::npos) {
                add_core(*member);
            } else if (const Schema* extension = extension_of(member->key)) {
                const bool with_manager = extension == manager_schema;
                add_extension(
                    *extension, member->value, with_manager ? manager : nullptr, parts.manager
                );
                manager_schema = with_manager ? nullptr : manager_schema;
            }
        }
        if (manager_schema != nullptr) {
            add_extension(*manager_schema, "{}", manager, parts.manager);
        }
        add_edges(parts.edge_members);
        add_meta(object.row, parts.base_url);
        return finish();
    }

  private:
    [[nodiscard]] const Schema* extension_of(std::string_view urn) const {
        for (const auto& extension : type_.extensions) {
            if (extension.schema->id == urn) {
                return extension.schema;
            }
        }
        return nullptr;
    }

    void add_core(const JsonMembers::Member& member) {
        const Attribute* attribute = type_.schema->find(member.key);
        if (attribute == nullptr) {
            attribute = common_schema().find(member.key);
        }
        if (attribute != nullptr && attribute->name != "schemas") {
            add(rest_, nullptr, *attribute, member.value);
        }
    }

    void add_extension(
        const Schema& extension, std::string_view object, const Attribute* manager,
        std::string_view manager_value
    ) {
        std::string inside;
        if (manager != nullptr) {
            add(inside, &extension, *manager, manager_value);
        }
        JsonMembers members(object);
        while (const auto member = members.next()) {
            if (const Attribute* attribute = extension.find(member->key)) {
                add(inside, &extension, *attribute, member->value);
            }
        }
        // An extension of which nothing is left is neither shown nor listed.
        if (!inside.empty()) {
            schemas_.append(",\"").append(extension.id).append("\"");
            rest_.append(",\"").append(extension.id).append("\":{");
            rest_.append(inside, 1).append("}");
        }
    }

    void add_edges(std::string_view edge_members) {
        if (edge_members.empty()) {
            return;
        }
        const std::string object = "{" + std::string(edge_members) + "}";
        JsonMembers members(object);
        while (const auto member = members.next()) {
            add_core(*member);
        }
    }

    void add_meta(const directory::ObjectRow& row, std::string_view base_url) {
        std::string meta;
        append_meta(meta, type_, row, base_url);
        add(rest_, nullptr, *common_schema().find("meta"), meta);
    }

    /// Appends `,"name":value` with what is shown of the value, or nothing.
    void add(
        std::string& out, const Schema* extension, const Attribute& attribute,
        std::string_view value
    ) {
        const auto extent = projection_.extent(extension, attribute);
        if (extent == Projection::Extent::none) {
            return;
        }
        const std::size_t before = out.size();
        out.append(",\"").append(attribute.name).append("\":");
        if (extent == Projection::Extent::whole) {
            out.append(value);
        } else if (!append_part(out, extension, attribute, value)) {
            out.resize(before);
        }
    }

    bool append_part(
        std::string& out, const Schema* extension, const Attribute& attribute,
        std::string_view value
    ) {
        if (!value.starts_with('[')) {
            return append_object(out, extension, attribute, value);
        }
        bool any = false;
        out += '[';
        JsonElements elements(value);
        while (const auto element = elements.next()) {
            const std::size_t before = out.size();
            out += any ? "," : "";
            if (append_object(out, extension, attribute, *element)) {
                any = true;
            } else {
                out.resize(before);
            }
        }
        out += ']';
        return any;
    }

    bool append_object(
        std::string& out, const Schema* extension, const Attribute& attribute,
        std::string_view object
    ) {
        if (!object.starts_with('{')) {
            return false;
        }
        bool any = false;
        out += '{';
        JsonMembers members(object);
        while (const auto member = members.next()) {
            const Attribute* sub = attribute.sub(member->key);
            if (sub != nullptr && projection_.shows_part(extension, attribute, *sub)) {
                out.append(any ? ",\"" : "\"")
                    .append(member->key)
                    .append("\":")
                    .append(member->value);
                any = true;
            }
        }
        out += '}';
        return any;
    }

    std::string finish() {
        std::string out =
            R"({"schemas":[")" + type_.schema->id + "\"" + schemas_ + "]" + rest_ + "}";
        return out;
    }

    const ResourceType& type_;
    const Projection& projection_;
    std::string schemas_;  ///< of shown extensions, each with a comma before it
    std::string rest_;     ///< members, each with a comma before it
};

}  // namespace

std::string render(
    const ResourceType& type, const directory::Object& object, const Projection& projection,
    const RenderParts& parts
) {
    if (projection.is_default() && type.shows_all_by_default) {
        return render_whole(type, object, parts);
    }
    return SelectiveRenderer(type, projection).render(object, parts);
}

std::string entity_tag(std::uint64_t version) {
    return "W/\"" + std::to_string(version) + "\"";
}

std::string location_of(const ResourceType& type, const Uuid& id, std::string_view base_url) {
    std::string location;
    append_location(location, type, id, base_url);
    return location;
}

void append_location(
    std::string& out, const ResourceType& type, const Uuid& id, std::string_view base_url
) {
    out += base_url;
    out += type.endpoint;
    out += '/';
    out += id.to_string();
}

}  // namespace bascule::scim
