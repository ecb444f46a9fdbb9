#include "scim/patch/patch_message.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "directory/base/text.hpp"

namespace bascule::scim {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view patch_urn = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
constexpr std::size_t maximum_operations = 10'000;

tl::unexpected<Error> failure(
    const char* code, const std::string& path, const std::string& reason
) {
    return tl::unexpected<Error>(Error{
        ErrorKind::invalid_input, code, path + " " + reason, path, {}, {}});
}

}  // namespace

const Json* member(const Json& object, std::string_view name) {
    for (const auto& [key, value] : object.items()) {
        if (equals_ignoring_ascii_case(key, name)) {
            return &value;
        }
    }
    return nullptr;
}

Result<PatchKind> kind_of(const Json* op) {
    if (op != nullptr && op->is_string()) {
        const auto& word = op->get_ref<const std::string&>();
        if (equals_ignoring_ascii_case(word, "add")) {
            return PatchKind::add;
        }
        if (equals_ignoring_ascii_case(word, "remove")) {
            return PatchKind::remove;
        }
        if (equals_ignoring_ascii_case(word, "replace")) {
            return PatchKind::replace;
        }
    }
    return failure("invalid_syntax", "op", "must be add, remove or replace.");
}

Status check_message(const Json& message) {
    if (!message.is_object()) {
        return fail(ErrorKind::invalid_input, "invalid_syntax", "A patch must be a JSON object.");
    }
    const Json* schemas = member(message, "schemas");
    const bool names_it =
        schemas != nullptr && schemas->is_array() &&
        std::any_of(schemas->begin(), schemas->end(), [](const Json& urn) {
            return urn.is_string() &&
                   equals_ignoring_ascii_case(urn.get_ref<const std::string&>(), patch_urn);
        });
    if (!names_it) {
        return failure("invalid_syntax", "schemas", "must name " + std::string(patch_urn) + ".");
    }
    const Json* operations = member(message, "Operations");
    if (operations == nullptr || !operations->is_array() || operations->empty()) {
        return failure(
            "invalid_syntax", "Operations", "must be a list with at least one operation."
        );
    }
    if (operations->size() > maximum_operations) {
        return fail(
            ErrorKind::too_large, "too_large",
            "A patch may have " + std::to_string(maximum_operations) + " operations; split it."
        );
    }
    return {};
}

}  // namespace bascule::scim
