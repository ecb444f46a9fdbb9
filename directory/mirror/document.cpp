#include "directory/mirror/document.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "directory/base/json_text.hpp"

namespace bascule::mirror {

namespace {

using directory::AttributePath;
using directory::Registry;
using directory::TypeId;

constexpr std::string_view core_schema_prefix = "urn:ietf:params:scim:schemas:core:2.0:";

bool is_extension(std::string_view key) {
    return key.starts_with("urn:");
}

struct Attribute {
    AttributePath path;
    std::string_view value;
};

std::vector<Attribute> attributes_of(std::string_view object) {
    std::vector<Attribute> out;
    if (object.empty())
        return out;
    each_attribute(object, [&](const AttributePath& path, std::string_view value) {
        out.push_back({path, value});
    });
    return out;
}

const Attribute* find(const std::vector<Attribute>& attributes, const AttributePath& path) {
    const auto found = std::find_if(
        attributes.begin(), attributes.end(), [&](const Attribute& one) { return one.path == path; }
    );
    return found == attributes.end() ? nullptr : &*found;
}

/// Place of an attribute in the canonical order; extensions come last and stay together.
std::size_t rank(const Registry& registry, TypeId type, const AttributePath& path) {
    if (path.extension.empty() && path.name == "externalId")
        return 0;
    const auto& ids = registry.attributes(type);
    for (std::size_t index = 0; index < ids.size(); ++index) {
        const AttributePath& known = registry.spec(ids[index]).path;
        if (known.extension == path.extension && known.name == path.name)
            return index + 1 + (path.extension.empty() ? 0 : ids.size());
    }
    return std::numeric_limits<std::size_t>::max() - (path.extension.empty() ? 1 : 0);
}

/// Writes attributes that are in order already.
void write_attributes(JsonWriter& json, const std::vector<Attribute>& attributes) {
    std::string_view extension;
    for (const Attribute& attribute : attributes) {
        if (attribute.path.extension != extension) {
            if (!extension.empty())
                json.end_object();
            extension = attribute.path.extension;
            if (!extension.empty())
                json.key(extension).begin_object();
        }
        json.key(attribute.path.name).raw(attribute.value);
    }
    if (!extension.empty())
        json.end_object();
}

std::vector<std::string_view> extensions_of(std::string_view object) {
    std::vector<std::string_view> out;
    JsonMembers members(object);
    while (const auto member = members.next()) {
        if (is_extension(member->key))
            out.push_back(member->key);
    }
    return out;
}

void write_head(
    JsonWriter& json, const Registry& registry, TypeId type, const Uuid& id,
    const std::vector<std::string_view>& extensions
) {
    json.begin_object().key("schemas").begin_array();
    json.text(std::string(core_schema_prefix) + registry.spec(type).name);
    for (const std::string_view extension : extensions)
        json.text(extension);
    json.end_array().field("id", id.to_string());
}

}  // namespace

void each_attribute(
    std::string_view body, const std::function<void(const AttributePath&, std::string_view)>& visit
) {
    JsonMembers members(body);
    while (const auto member = members.next()) {
        if (member->key == "schemas" || member->key == "id")
            continue;
        if (!is_extension(member->key)) {
            visit({{}, std::string(member->key), {}}, member->value);
            continue;
        }
        JsonMembers inner(member->value);
        while (const auto attribute = inner.next()) {
            visit({std::string(member->key), std::string(attribute->key), {}}, attribute->value);
        }
    }
}

std::string assemble_document(
    const Registry& registry, TypeId type, const Uuid& id, std::string_view mapped,
    std::string_view kept
) {
    std::string out;
    out.reserve(mapped.size() + kept.size() + 200);
    JsonWriter json(out);
    if (kept.empty() || kept == "{}") {
        // The mapper writes in canonical order already: copy.
        write_head(json, registry, type, id, extensions_of(mapped));
        JsonMembers members(mapped);
        while (const auto member = members.next())
            json.key(member->key).raw(member->value);
        json.end_object();
        return out;
    }
    const std::string joined = join_attributes(mapped, kept);
    std::vector<Attribute> attributes = attributes_of(joined);
    std::stable_sort(
        attributes.begin(), attributes.end(),
        [&](const Attribute& left, const Attribute& right) {
            return std::pair(rank(registry, type, left.path), left.path.extension) <
                   std::pair(rank(registry, type, right.path), right.path.extension);
        }
    );
    std::vector<std::string_view> extensions;
    for (const Attribute& attribute : attributes) {
        const std::string_view extension = attribute.path.extension;
        if (!extension.empty() && (extensions.empty() || extensions.back() != extension))
            extensions.push_back(extension);
    }
    write_head(json, registry, type, id, extensions);
    write_attributes(json, attributes);
    json.end_object();
    return out;
}

std::string filter_attributes(
    std::string_view object, const std::function<bool(const AttributePath&)>& keep
) {
    std::vector<Attribute> attributes = attributes_of(object);
    std::erase_if(attributes, [&](const Attribute& attribute) { return !keep(attribute.path); });
    if (attributes.empty())
        return {};
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_attributes(json, attributes);
    json.end_object();
    return out;
}

std::string join_attributes(std::string_view object, std::string_view added) {
    std::vector<Attribute> attributes = attributes_of(object);
    for (Attribute& attribute : attributes_of(added)) {
        if (find(attributes, attribute.path) == nullptr)
            attributes.push_back(std::move(attribute));
    }
    if (attributes.empty())
        return {};
    std::stable_sort(
        attributes.begin(), attributes.end(),
        [](const Attribute& left, const Attribute& right) {
            return left.path.extension < right.path.extension;
        }
    );
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_attributes(json, attributes);
    json.end_object();
    return out;
}

std::vector<AttributePath> vanished_attributes(std::string_view before, std::string_view after) {
    std::vector<AttributePath> out;
    const std::vector<Attribute> remaining = attributes_of(after);
    for (const Attribute& attribute : attributes_of(before)) {
        if (find(remaining, attribute.path) == nullptr)
            out.push_back(attribute.path);
    }
    return out;
}

std::vector<std::string> differing_attributes(std::string_view before, std::string_view after) {
    std::vector<std::string> out;
    const std::vector<Attribute> old_ones = attributes_of(before);
    const std::vector<Attribute> new_ones = attributes_of(after);
    for (const Attribute& attribute : new_ones) {
        const Attribute* old_one = find(old_ones, attribute.path);
        if (old_one == nullptr || old_one->value != attribute.value)
            out.push_back(attribute.path.to_string());
    }
    for (const Attribute& attribute : old_ones) {
        if (find(new_ones, attribute.path) == nullptr)
            out.push_back(attribute.path.to_string());
    }
    return out;
}

}  // namespace bascule::mirror
