#include "scim/codec/values.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "directory/base/text.hpp"
#include "directory/base/time.hpp"

namespace bascule::scim {
namespace {

using Json = nlohmann::ordered_json;
using directory::ValueType;

tl::unexpected<Error> invalid_value(const std::string& path, const std::string& reason) {
    return tl::unexpected<Error>(Error{
        ErrorKind::invalid_input, "invalid_value", path + " " + reason, path, {}, {}});
}

bool is_base64(std::string_view text) {
    const std::size_t end = std::min(text.find('='), text.size());
    const std::string_view padding = text.substr(end);
    const bool good_letters =
        std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), [](char c) {
            return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                   c == '+' || c == '/' || c == '-' || c == '_';
        });
    return good_letters && text.size() % 4 == 0 &&
           (padding.empty() || padding == "=" || padding == "==");
}

Result<Json> text_value(const Attribute& attribute, const Json& json, const std::string& path) {
    if (!json.is_string()) {
        return invalid_value(path, "must be a JSON string.");
    }
    const auto& text = json.get_ref<const std::string&>();
    if (text.find('\0') != std::string::npos) {
        return invalid_value(path, "must not contain the character U+0000.");
    }
    if (attribute.type == ValueType::date_time && !parse_time(text)) {
        return invalid_value(
            path, "must be a date with time and zone, such as 2026-01-31T08:00:00Z."
        );
    }
    if (attribute.type == ValueType::binary && !is_base64(text)) {
        return invalid_value(path, "must be base64.");
    }
    return json;
}

Result<Json> integer_value(const Json& json, const std::string& path) {
    constexpr double limit = 9223372036854775808.0;
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > std::uint64_t{INT64_MAX}) {
        return invalid_value(path, "is a larger number than can be kept.");
    }
    if (json.is_number_integer()) {
        return json;
    }
    const double value = json.is_number_float() ? json.get<double>() : 0.5;
    if (value != std::trunc(value) || value < -limit || value >= limit) {
        return invalid_value(path, "must be a whole number.");
    }
    return Json(static_cast<std::int64_t>(value));
}

Result<Json> complex_value(
    const Attribute& attribute, const Json& json, Origin origin, const std::string& path
) {
    if (!json.is_object()) {
        return invalid_value(path, "must be a JSON object.");
    }
    std::vector<const Json*> given(attribute.sub_attributes.size(), nullptr);
    for (const auto& [key, value] : json.items()) {
        const Attribute* sub = attribute.sub(key);
        if (sub == nullptr ||
            (origin == Origin::client && sub->mutability == Mutability::read_only)) {
            continue;
        }
        const Json*& slot = given[static_cast<std::size_t>(sub - attribute.sub_attributes.data())];
        if (slot != nullptr) {
            return fail(
                ErrorKind::invalid_input, "invalid_syntax",
                path + " has " + sub->name + " twice, in different spellings."
            );
        }
        slot = &value;
    }
    Json out = Json::object();
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (given[i] == nullptr) {
            continue;
        }
        const Attribute& sub = attribute.sub_attributes[i];
        BASCULE_TRY(Json value, canonical_value(sub, *given[i], origin, path + "." + sub.name));
        if (!value.is_null()) {
            out.emplace(sub.name, std::move(value));
        }
    }
    if (out.empty()) {
        return Json(nullptr);
    }
    for (const Attribute& sub : attribute.sub_attributes) {
        if (sub.required && !out.contains(sub.name)) {
            return invalid_value(path + "." + sub.name, "is required.");
        }
    }
    return out;
}

/// What must not be there twice: the (type, value) pair, or the whole element when it has no value.
std::string identity_of(const Json& element) {
    if (!element.is_object() || !element.contains("value")) {
        return element.dump();
    }
    const auto type = element.find("type");
    return element["value"].dump() + (type == element.end() ? std::string() : type->dump());
}

Result<Json> list_value(
    const Attribute& attribute, const Json& list, Origin origin, const std::string& path
) {
    Json out = Json::array();
    std::unordered_set<std::string> seen;
    bool has_primary = false;
    for (const Json& item : list) {
        if (is_unassigned(item)) {
            continue;
        }
        BASCULE_TRY(Json element, canonical_element(attribute, item, origin, path));
        if (element.is_null() || !seen.insert(identity_of(element)).second) {
            continue;
        }
        if (element.is_object() && element.value("primary", Json(false)) == Json(true)) {
            if (has_primary) {
                return invalid_value(path, "has more than one element with primary true.");
            }
            has_primary = true;
        }
        out.push_back(std::move(element));
    }
    return out.empty() ? Json(nullptr) : out;
}

Result<std::string> edge_target(
    const Attribute& attribute, const Json& item, const std::string& path
) {
    const Json* value = &item;
    if (item.is_object()) {
        value = nullptr;
        for (const auto& [key, member] : item.items()) {
            if (equals_ignoring_ascii_case(key, "value")) {
                value = &member;
            }
        }
    }
    if (value == nullptr || !value->is_string() || value->get_ref<const std::string&>().empty()) {
        return invalid_value(
            path, attribute.multi_valued ? "needs elements of the form {\"value\": \"<id>\"}."
                                         : "needs the form {\"value\": \"<id>\"}."
        );
    }
    return value->get<std::string>();
}

}  // namespace

bool is_unassigned(const Json& json) {
    return json.is_null() || ((json.is_array() || json.is_object()) && json.empty()) ||
           (json.is_string() && json.get_ref<const std::string&>().empty());
}

Result<Json> canonical_element(
    const Attribute& attribute, const Json& json, Origin origin, const std::string& path
) {
    switch (attribute.type) {
        case ValueType::boolean:
            if (!json.is_boolean()) {
                return invalid_value(path, "must be true or false, without quotes.");
            }
            return json;
        case ValueType::integer:
            return integer_value(json, path);
        case ValueType::decimal:
            if (!json.is_number()) {
                return invalid_value(path, "must be a number.");
            }
            return json;
        case ValueType::complex:
            return complex_value(attribute, json, origin, path);
        case ValueType::text:
        case ValueType::date_time:
        case ValueType::binary:
        case ValueType::reference:
            return text_value(attribute, json, path);
    }
    return invalid_value(path, "has an unknown type.");
}

Result<Json> canonical_value(
    const Attribute& attribute, const Json& json, Origin origin, const std::string& path
) {
    if (is_unassigned(json)) {
        return Json(nullptr);
    }
    if (!attribute.multi_valued) {
        if (json.is_array()) {
            return invalid_value(path, "takes one value, not a list.");
        }
        return canonical_element(attribute, json, origin, path);
    }
    return list_value(attribute, json.is_array() ? json : Json::array({json}), origin, path);
}

Result<std::vector<std::string>> edge_targets(
    const Attribute& attribute, const Json& json, const std::string& path
) {
    std::vector<std::string> targets;
    if (is_unassigned(json)) {
        return targets;
    }
    std::unordered_set<std::string> seen;
    const auto add = [&](const Json& item) -> Status {
        if (is_unassigned(item)) {
            return {};
        }
        BASCULE_TRY(std::string target, edge_target(attribute, item, path));
        if (seen.insert(target).second) {
            targets.push_back(std::move(target));
        }
        return {};
    };
    if (!json.is_array()) {
        BASCULE_CHECK(add(json));
        return targets;
    }
    for (const Json& item : json) {
        BASCULE_CHECK(add(item));
    }
    if (!attribute.multi_valued && targets.size() > 1) {
        return invalid_value(path, "takes one value, not a list.");
    }
    return targets;
}

bool same_value(const Attribute& attribute, const Json& left, const Json& right) {
    if (left.is_string() && right.is_string() && attribute.type == ValueType::text &&
        !attribute.case_exact) {
        return fold_case(left.get_ref<const std::string&>()) ==
               fold_case(right.get_ref<const std::string&>());
    }
    const Attribute* value = attribute.sub("value");
    if (value != nullptr && left.is_object() && right.is_object() && left.contains("value") &&
        right.contains("value")) {
        return same_value(*value, left["value"], right["value"]);
    }
    return left == right;
}

}  // namespace bascule::scim
