#include "store/sql/attribute_values.hpp"

#include <algorithm>

#include "directory/base/json_text.hpp"

namespace bascule::store {
namespace {

std::vector<std::string_view> elements_of(std::string_view json) {
    std::vector<std::string_view> elements;
    if (!json.starts_with('[')) {
        if (!json.empty()) {
            elements.push_back(json);
        }
        return elements;
    }
    JsonElements walk(json);
    while (const auto element = walk.next()) {
        elements.push_back(*element);
    }
    return elements;
}

}  // namespace

std::vector<std::string> attribute_values(
    const directory::AttributeSpec& spec, std::string_view body
) {
    const auto& path = spec.path;
    const auto holder = path.extension.empty() ? body : json_member(body, path.extension);
    std::vector<std::string> values;
    if (holder.empty()) {
        return values;
    }
    auto elements = elements_of(json_member(holder, path.name));
    std::stable_partition(elements.begin(), elements.end(), [](std::string_view element) {
        return element.starts_with('{') && json_member(element, "primary") == "true";
    });
    for (const auto element : elements) {
        const bool inside = !path.sub.empty() && element.starts_with('{');
        for (const auto json : elements_of(inside ? json_member(element, path.sub) : element)) {
            if (auto text = directory::term_value(spec, json)) {
                values.push_back(*std::move(text));
            }
        }
    }
    return values;
}

std::optional<std::string> sort_key(const directory::AttributeSpec& spec, std::string_view body) {
    const auto values = attribute_values(spec, body);
    return values.empty() ? std::nullopt : std::optional(directory::term_key(values.front()));
}

bool is_packed(const directory::AttributeSpec& spec) {
    using directory::ValueType;
    return spec.searchable && (spec.type == ValueType::text || spec.type == ValueType::reference ||
                               spec.type == ValueType::binary || spec.type == ValueType::complex);
}

}  // namespace bascule::store
