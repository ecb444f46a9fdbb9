#include "scim/service/bulk_request.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/codec/strict_json.hpp"

namespace bascule::scim {
namespace {

using http::Method;
using nlohmann::ordered_json;

constexpr std::string_view request_urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
constexpr std::string_view patch_urn = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

Error syntax_error(std::string detail) {
    return Error{ErrorKind::invalid_input, "invalid_syntax", std::move(detail), {}, {}};
}

Error too_large(std::string code, std::string_view what, std::size_t limit) {
    return Error{
        ErrorKind::too_large,
        std::move(code),
        "A bulk request takes at most " + std::to_string(limit) + " " + std::string(what) +
            "; send the rest in further requests. Nothing was changed.",
        {},
        {}};
}

/// The member of that name, whatever its letter case; null when there is none.
ordered_json* member(ordered_json& object, std::string_view name) {
    for (auto& [key, value] : object.items()) {
        if (equals_ignoring_ascii_case(key, name)) {
            return &value;
        }
    }
    return nullptr;
}

/// A text member; false when it is there and no text.
bool read_text(ordered_json& object, std::string_view name, std::string& text) {
    const ordered_json* value = member(object, name);
    if (value == nullptr || value->is_null()) {
        return true;
    }
    if (value->is_string()) {
        text = value->get<std::string>();
    }
    return value->is_string();
}

bool names_schema(ordered_json& message, std::string_view urn) {
    const ordered_json* schemas = member(message, "schemas");
    return schemas != nullptr && schemas->is_array() &&
           std::any_of(schemas->begin(), schemas->end(), [&](const ordered_json& item) {
               return item.is_string() &&
                      equals_ignoring_ascii_case(item.get_ref<const std::string&>(), urn);
           });
}

Method method_named(std::string_view name) {
    constexpr std::array methods{Method::post, Method::put, Method::patch, Method::delete_};
    for (const Method method : methods) {
        if (equals_ignoring_ascii_case(name, to_string(method))) {
            return method;
        }
    }
    return Method::other;
}

/// A PATCH may come as its bare list of operations, or without `schemas`: examples of RFC 7644 have
/// both forms.
void complete_patch(ordered_json& data) {
    if (data.is_array()) {
        data = ordered_json{{"Operations", std::move(data)}};
    }
    if (data.is_object() && member(data, "schemas") == nullptr) {
        data["schemas"] = ordered_json::array({patch_urn});
    }
}

Status check_operation(const BulkOperation& operation) {
    if (operation.method == Method::other) {
        return fail(syntax_error(
            "A bulk operation is POST, PUT, PATCH or DELETE, not '" +
            printable(operation.method_name, 20) + "'."
        ));
    }
    if (operation.path.empty()) {
        return fail(syntax_error("A bulk operation needs a path, such as /Users or /Users/<id>."));
    }
    if (operation.method == Method::post && operation.bulk_id.empty()) {
        return fail(syntax_error("A POST in a bulk request needs a bulkId."));
    }
    if (operation.method != Method::delete_ && operation.data.is_null()) {
        return fail(syntax_error(
            "A " + std::string(to_string(operation.method)) + " in a bulk request needs data."
        ));
    }
    return {};
}

BulkOperation read_operation(ordered_json& json) {
    BulkOperation operation;
    if (!json.is_object()) {
        operation.error = syntax_error("A bulk operation must be an object.");
        return operation;
    }
    const bool texts = read_text(json, "method", operation.method_name) &&
                       read_text(json, "bulkId", operation.bulk_id) &&
                       read_text(json, "version", operation.version) &&
                       read_text(json, "path", operation.path);
    operation.method = method_named(operation.method_name);
    if (ordered_json* data = member(json, "data")) {
        operation.data = std::move(*data);
    }
    if (operation.method == Method::patch) {
        complete_patch(operation.data);
    }
    if (!texts) {
        operation.error =
            syntax_error("method, path, bulkId and version of a bulk operation must be strings.");
    } else if (auto checked = check_operation(operation); !checked) {
        operation.error = checked.error();
    }
    return operation;
}

Result<std::size_t> read_fail_on_errors(ordered_json& message) {
    const ordered_json* value = member(message, "failOnErrors");
    if (value == nullptr || value->is_null()) {
        return std::numeric_limits<std::size_t>::max();
    }
    if (!value->is_number_integer() || value->get<std::int64_t>() < 1) {
        return fail(Error{
            ErrorKind::invalid_input,
            "invalid_value",
            "failOnErrors must be a whole number of at least 1; leave it out to carry out every "
            "operation.",
            "failOnErrors",
            {}});
    }
    return value->get<std::size_t>();
}

Status check_bulk_ids(const std::vector<BulkOperation>& operations) {
    std::unordered_set<std::string_view> seen;
    for (const BulkOperation& operation : operations) {
        if (!operation.bulk_id.empty() && !seen.insert(operation.bulk_id).second) {
            return fail(syntax_error(
                "The bulkId '" + printable(operation.bulk_id, 64) +
                "' is given to two operations; each needs one of its own. Nothing was changed."
            ));
        }
    }
    return {};
}

}  // namespace

Result<BulkRequest> read_bulk_request(std::string_view body, const BulkLimits& limits) {
    if (body.size() > limits.max_payload) {
        return fail(too_large("payload_too_large", "bytes (maxPayloadSize)", limits.max_payload));
    }
    BASCULE_TRY(ordered_json message, parse_json(body));
    if (!message.is_object() || !names_schema(message, request_urn)) {
        return fail(syntax_error(
            "A bulk request is an object whose schemas name " + std::string(request_urn) + "."
        ));
    }
    ordered_json* list = member(message, "Operations");
    if (list == nullptr || !list->is_array() || list->empty()) {
        return fail(syntax_error("A bulk request needs Operations, a list that is not empty."));
    }
    if (list->size() > limits.max_operations) {
        return fail(
            too_large("too_many_operations", "operations (maxOperations)", limits.max_operations)
        );
    }
    BulkRequest request;
    BASCULE_TRY(request.fail_on_errors, read_fail_on_errors(message));
    request.operations.reserve(list->size());
    for (ordered_json& json : *list) {
        request.operations.push_back(read_operation(json));
    }
    BASCULE_CHECK(check_bulk_ids(request.operations));
    return request;
}

}  // namespace bascule::scim
