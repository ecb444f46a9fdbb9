#include "scim/patch/quirks.hpp"

#include <nlohmann/json.hpp>

#include "scim/codec/values.hpp"

namespace bascule::scim::quirks {

using Json = nlohmann::ordered_json;

Json unwrap_single(const Attribute& attribute, const Json& value) {
    return !attribute.multi_valued && value.is_array() && value.size() == 1 ? value.front() : value;
}

bool means_remove(const Attribute& attribute, const Json& value) {
    if (is_unassigned(value)) {
        return true;
    }
    return attribute.edge && !attribute.multi_valued && value.is_object() && value.size() == 1 &&
           value.contains("value") && is_unassigned(value["value"]);
}

Json wrap_bare_value(const Attribute& attribute, const Json& value) {
    const bool wants_object = !attribute.multi_valued && attribute.sub("value") != nullptr;
    return wants_object && value.is_string() ? Json{{"value", value}} : value;
}

bool names_elements(const Attribute& attribute, const Json* value) {
    return value != nullptr && !value->is_null() && attribute.multi_valued;
}

bool is_named_by(const Json& element, const Json& named, const Attribute& attribute) {
    if (!named.is_object()) {
        const bool by_value = element.is_object() && element.contains("value");
        return same_value(attribute, by_value ? element["value"] : element, named);
    }
    bool says_something = false;
    for (const auto& [key, wanted] : named.items()) {
        const Attribute* sub = attribute.sub(key);
        if (sub == nullptr || is_unassigned(wanted)) {
            continue;
        }
        if (!element.contains(sub->name) || !same_value(*sub, element[sub->name], wanted)) {
            return false;
        }
        says_something = true;
    }
    return says_something;
}

}  // namespace bascule::scim::quirks
