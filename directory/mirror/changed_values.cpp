#include "directory/mirror/changed_values.hpp"

#include <algorithm>

#include "directory/base/json_text.hpp"
#include "directory/mirror/document.hpp"

namespace bascule::mirror {

using directory::AttributePath;
using directory::Registry;
using directory::TypeId;

namespace {

constexpr std::size_t longest_value = 256;
constexpr std::size_t longest_record = 4096;

/// The first part of the text, not cut inside a character.
std::string beginning(std::string_view text) {
    std::size_t end = longest_value;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
        --end;
    return std::string(text.substr(0, end)) + "…";
}

void write_value(JsonWriter& json, std::string_view name, std::string_view value) {
    if (value.empty())
        return;
    json.key(name);
    if (value.size() <= longest_value) {
        json.raw(value);
        return;
    }
    const std::string text = value.front() == '"' ? decode_json_string(value) : std::string(value);
    json.text(text.size() <= longest_value ? text : beginning(text));
}

bool is_secret(const Registry& registry, TypeId type, const AttributePath& path) {
    const auto& ids = registry.attributes(type);
    return std::any_of(ids.begin(), ids.end(), [&](const auto id) {
        const auto& spec = registry.spec(id);
        return spec.secret && spec.path.extension == path.extension && spec.path.name == path.name;
    });
}

struct Change {
    AttributePath path;
    std::string_view before;
    std::string_view after;
};

std::vector<Change> changes_between(std::string_view before, std::string_view after) {
    std::vector<Change> changes;
    each_attribute(before, [&](const AttributePath& path, std::string_view value) {
        changes.push_back({path, value, {}});
    });
    each_attribute(after, [&](const AttributePath& path, std::string_view value) {
        const auto known = std::find_if(changes.begin(), changes.end(), [&](const Change& one) {
            return one.path == path;
        });
        if (known == changes.end()) {
            changes.push_back({path, {}, value});
        } else {
            known->after = value;
        }
    });
    std::erase_if(changes, [](const Change& one) { return one.before == one.after; });
    return changes;
}

}  // namespace

std::string changed_values(
    const Registry& registry, TypeId type, std::string_view before, std::string_view after
) {
    const std::vector<Change> changes = changes_between(before, after);
    std::string text;
    if (changes.empty())
        return text;
    JsonWriter json(text);
    json.begin_array();
    std::size_t written = 0;
    for (; written < changes.size() && text.size() < longest_record; ++written) {
        const Change& change = changes[written];
        json.begin_object().field("attribute", change.path.to_string());
        if (!is_secret(registry, type, change.path)) {
            write_value(json, "before", change.before);
            write_value(json, "after", change.after);
        }
        json.end_object();
    }
    if (written < changes.size()) {
        json.begin_object().key("more").number(static_cast<std::int64_t>(changes.size() - written));
        json.end_object();
    }
    json.end_array();
    return text;
}

}  // namespace bascule::mirror
