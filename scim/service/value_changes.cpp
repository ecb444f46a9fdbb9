#include "scim/service/value_changes.hpp"

#include <algorithm>
#include <cstddef>

#include "directory/base/json_text.hpp"
#include "scim/codec/document.hpp"

namespace bascule::scim {
namespace {

using directory::AttributePath;

constexpr std::size_t longest_value = 256;
constexpr std::size_t longest_record = 4096;
constexpr std::string_view empty_document = "{}";

bool is_secret(const Attribute& attribute) {
    return attribute.returned == Returned::never ||
           attribute.mutability == Mutability::write_only ||
           std::any_of(attribute.sub_attributes.begin(), attribute.sub_attributes.end(), is_secret);
}

/// What the schema does not know is not shown either.
bool may_be_shown(const ResourceType& type, const AttributePath& path) {
    const Schema* schema = path.extension.empty() ? type.schema : nullptr;
    for (const ResourceType::Extension& extension : type.extensions) {
        if (extension.schema->id == path.extension) {
            schema = extension.schema;
        }
    }
    const Attribute* attribute = schema == nullptr ? nullptr : schema->find(path.name);
    if (attribute == nullptr && path.extension.empty()) {
        attribute = common_schema().find(path.name);
    }
    return attribute != nullptr && !is_secret(*attribute);
}

std::string_view value_in(std::string_view body, const AttributePath& path) {
    const std::string_view object =
        path.extension.empty() ? body : json_member(body, path.extension);
    return object.empty() ? std::string_view{} : json_member(object, path.name);
}

/// The first part of the text, not cut inside a character.
std::string beginning(std::string_view text) {
    std::size_t end = longest_value;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;
    }
    return std::string(text.substr(0, end)) + "…";
}

void write_value(JsonWriter& json, std::string_view name, std::string_view value) {
    if (value.empty()) {
        return;
    }
    json.key(name);
    if (value.size() <= longest_value) {
        json.raw(value);
    } else if (value.front() == '"') {
        const std::string text = decode_json_string(value);
        json.text(text.size() <= longest_value ? text : beginning(text));
    } else {
        json.text(beginning(value));
    }
}

bool is_bookkeeping(const AttributePath& path) {
    return path.extension.empty() && (path.name == "schemas" || path.name == "id");
}

}  // namespace

std::string changed_values(const TypeView& view, std::string_view before, std::string_view after) {
    before = before.empty() ? empty_document : before;
    after = after.empty() ? empty_document : after;
    std::vector<AttributePath> paths = changed_attributes(before, after);
    std::erase_if(paths, is_bookkeeping);
    std::string text;
    if (paths.empty()) {
        return text;
    }
    JsonWriter json(text);
    json.begin_array();
    std::size_t written = 0;
    for (; written < paths.size() && text.size() < longest_record; ++written) {
        const AttributePath& path = paths[written];
        json.begin_object().field("attribute", path.to_string());
        if (may_be_shown(*view.type, path)) {
            write_value(json, "before", value_in(before, path));
            write_value(json, "after", value_in(after, path));
        }
        json.end_object();
    }
    if (written < paths.size()) {
        json.begin_object().key("more").number(static_cast<std::int64_t>(paths.size() - written));
        json.end_object();
    }
    json.end_array();
    return text;
}

}  // namespace bascule::scim
