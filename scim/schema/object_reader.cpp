#include "scim/schema/object_reader.hpp"

#include <algorithm>
#include <utility>

namespace bascule::scim {

using Json = nlohmann::ordered_json;

tl::unexpected<Error> invalid(const std::string& place, const std::string& reason) {
    return fail(Error{
        ErrorKind::invalid_input,
        "invalid_schema",
        place.empty() ? reason : place + ": " + reason,
        place,
        {}});
}

std::string below(const std::string& place, std::string_view key) {
    return place.empty() ? std::string(key) : place + "." + std::string(key);
}

std::string element(const std::string& list, std::size_t index) {
    return list + "[" + std::to_string(index) + "]";
}

ObjectReader::ObjectReader(const Json& object, std::string place)
    : object_(object), place_(std::move(place)) {}

Status ObjectReader::expect_only(std::initializer_list<std::string_view> known) const {
    if (!object_.is_object()) {
        return invalid(place_, "expected a JSON object.");
    }
    for (const auto& [key, value] : object_.items()) {
        if (std::find(known.begin(), known.end(), key) == known.end()) {
            return unknown_keyword(key, known);
        }
    }
    return {};
}

Status ObjectReader::text(const char* key, std::string& out) const {
    const auto found = object_.find(key);
    if (found == object_.end()) {
        return {};
    }
    if (!found->is_string()) {
        return invalid(below(place_, key), "expected a text in quotes.");
    }
    out = found->get<std::string>();
    return {};
}

Status ObjectReader::flag(const char* key, bool& out) const {
    const auto found = object_.find(key);
    if (found == object_.end()) {
        return {};
    }
    if (!found->is_boolean()) {
        return invalid(below(place_, key), "expected true or false, without quotes.");
    }
    out = found->get<bool>();
    return {};
}

Status ObjectReader::texts(const char* key, std::vector<std::string>& out) const {
    const auto found = object_.find(key);
    if (found == object_.end()) {
        return {};
    }
    const bool good =
        found->is_array() && std::all_of(found->begin(), found->end(), [](const Json& item) {
            return item.is_string();
        });
    if (!good) {
        return invalid(below(place_, key), "expected a list of texts.");
    }
    out = found->get<std::vector<std::string>>();
    return {};
}

Status ObjectReader::unknown_keyword(
    const std::string& key, std::initializer_list<std::string_view> known
) const {
    std::vector<std::string> words(known.begin(), known.end());
    const std::string near = nearest(key, words);
    std::string reason = "unknown keyword";
    reason += near.empty() ? "." : "; did you mean \"" + near + "\"?";
    return invalid(below(place_, printable(key, 60)), reason);
}

}  // namespace bascule::scim
