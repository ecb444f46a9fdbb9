#include "scim/service/list_request.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/codec/document.hpp"

namespace bascule::scim {
namespace {

constexpr std::string_view search_schema = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

Error invalid_value(std::string_view field, std::string detail) {
    return Error{
        ErrorKind::invalid_input, "invalid_value", std::move(detail), std::string(field), {}};
}

Error cursor_unsupported() {
    return Error{
        ErrorKind::invalid_input,
        "invalid_cursor",
        "Cursor paging is not offered here; page with startIndex and count.",
        "cursor",
        {}};
}

Result<std::int64_t> whole_number(std::string_view name, std::string_view text) {
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || problem != std::errc{} || end != text.data() + text.size()) {
        return fail(invalid_value(
            name, std::string(name) + " must be a whole number, not '" + printable(text) + "'."
        ));
    }
    return value;
}

void set_start_index(ListRequest& request, std::int64_t value) {
    request.start_index = static_cast<std::uint64_t>(std::max<std::int64_t>(value, 1));
}

void set_count(ListRequest& request, std::int64_t value, const ListLimits& limits) {
    request.count =
        std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)), limits.max_count);
}

Status set_filter(ListRequest& request, std::string text) {
    if (text.find_first_not_of(" \t") == std::string::npos) {
        return fail(
            ErrorKind::invalid_input, "invalid_filter",
            "The filter is empty; leave it out to list everything."
        );
    }
    request.filter = std::move(text);
    return {};
}

Status set_sort_order(ListRequest& request, std::string_view order) {
    if (equals_ignoring_ascii_case(order, "descending")) {
        request.descending = true;
        return {};
    }
    if (equals_ignoring_ascii_case(order, "ascending")) {
        return {};
    }
    return fail(invalid_value(
        "sortOrder", "sortOrder is 'ascending' or 'descending', not '" + printable(order) + "'."
    ));
}

Status refuse_both(const ListRequest& request) {
    if (request.attributes.empty() || request.excluded_attributes.empty()) {
        return {};
    }
    return fail(invalid_value(
        "excludedAttributes",
        "attributes and excludedAttributes exclude each other; give one of them."
    ));
}

Result<std::string> text_of(std::string_view name, const nlohmann::ordered_json& value) {
    if (!value.is_string()) {
        return fail(invalid_value(name, std::string(name) + " must be a string."));
    }
    return value.get<std::string>();
}

Result<std::vector<std::string>> names_of(
    std::string_view name, const nlohmann::ordered_json& value
) {
    if (value.is_string()) {
        return split_names(value.get_ref<const std::string&>());
    }
    std::vector<std::string> names;
    if (!value.is_array()) {
        return fail(invalid_value(name, std::string(name) + " must be an array of attribute names.")
        );
    }
    for (const auto& element : value) {
        BASCULE_TRY(std::string text, text_of(name, element));
        names.push_back(std::move(text));
    }
    return names;
}

Result<std::int64_t> number_of(std::string_view name, const nlohmann::ordered_json& value) {
    if (value.is_number_integer()) {
        return value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX
                   ? INT64_MAX
                   : value.get<std::int64_t>();
    }
    return fail(invalid_value(name, std::string(name) + " must be a whole number."));
}

Status set_search_member(
    ListRequest& request, std::string_view key, const nlohmann::ordered_json& value,
    const ListLimits& limits
) {
    const auto is = [&](std::string_view name) { return equals_ignoring_ascii_case(key, name); };
    if (is("cursor")) {
        return fail(cursor_unsupported());
    }
    if (value.is_null()) {
        return {};
    }
    if (is("filter")) {
        BASCULE_TRY(std::string text, text_of("filter", value));
        return set_filter(request, std::move(text));
    }
    if (is("sortBy")) {
        BASCULE_TRY(request.sort_by, text_of("sortBy", value));
    } else if (is("sortOrder")) {
        BASCULE_TRY(const std::string order, text_of("sortOrder", value));
        return set_sort_order(request, order);
    } else if (is("startIndex")) {
        BASCULE_TRY(const std::int64_t number, number_of("startIndex", value));
        set_start_index(request, number);
    } else if (is("count")) {
        BASCULE_TRY(const std::int64_t number, number_of("count", value));
        set_count(request, number, limits);
    } else if (is("attributes")) {
        BASCULE_TRY(request.attributes, names_of("attributes", value));
    } else if (is("excludedAttributes")) {
        BASCULE_TRY(request.excluded_attributes, names_of("excludedAttributes", value));
    }
    return {};
}

bool names_search_schema(const nlohmann::ordered_json& json) {
    for (const auto& [key, value] : json.items()) {
        if (equals_ignoring_ascii_case(key, "schemas") && value.is_array()) {
            return std::any_of(value.begin(), value.end(), [](const auto& urn) {
                return urn.is_string() &&
                       equals_ignoring_ascii_case(urn.template get<std::string>(), search_schema);
            });
        }
    }
    return false;
}

}  // namespace

std::vector<std::string> split_names(std::string_view list) {
    std::vector<std::string> names;
    while (!list.empty()) {
        const auto comma = list.find(',');
        std::string_view name = list.substr(0, comma);
        const auto first = name.find_first_not_of(' ');
        if (first != std::string_view::npos) {
            names.emplace_back(name.substr(first, name.find_last_not_of(' ') - first + 1));
        }
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    }
    return names;
}

Result<std::string> parameter_once(const http::QueryParameters& parameters, std::string_view name) {
    if (parameters.count(name) > 1) {
        return fail(
            invalid_value(name, "The query parameter " + std::string(name) + " is given twice.")
        );
    }
    return parameters.get(name).value_or(std::string{});
}

Result<ListRequest> list_request_of(
    const http::QueryParameters& parameters, const ListLimits& limits
) {
    ListRequest request;
    request.count = limits.default_count;
    request.dialect = limits.dialect;
    if (parameters.all().empty()) {
        return request;
    }
    for (const std::string_view name : {"filter", "startIndex", "count"}) {
        BASCULE_CHECK(parameter_once(parameters, name).map([](const std::string&) {}));
    }
    if (parameters.count("cursor") != 0) {
        return fail(cursor_unsupported());
    }
    if (auto filter = parameters.get("filter")) {
        BASCULE_CHECK(set_filter(request, *std::move(filter)));
    }
    if (const auto start = parameters.get("startIndex")) {
        BASCULE_TRY(const std::int64_t number, whole_number("startIndex", *start));
        set_start_index(request, number);
    }
    if (const auto count = parameters.get("count")) {
        BASCULE_TRY(const std::int64_t number, whole_number("count", *count));
        set_count(request, number, limits);
    }
    BASCULE_TRY(request.sort_by, parameter_once(parameters, "sortBy"));
    BASCULE_TRY(const std::string order, parameter_once(parameters, "sortOrder"));
    if (!order.empty()) {
        BASCULE_CHECK(set_sort_order(request, order));
    }
    BASCULE_TRY(const std::string attributes, parameter_once(parameters, "attributes"));
    BASCULE_TRY(const std::string excluded, parameter_once(parameters, "excludedAttributes"));
    request.attributes = split_names(attributes);
    request.excluded_attributes = split_names(excluded);
    BASCULE_CHECK(refuse_both(request));
    return request;
}

Result<ListRequest> list_request_of(std::string_view body, const ListLimits& limits) {
    BASCULE_TRY(const nlohmann::ordered_json json, parse_json(body));
    if (!json.is_object() || !names_search_schema(json)) {
        return fail(
            ErrorKind::invalid_input, "invalid_syntax",
            "The body must be an object whose schemas name " + std::string(search_schema) + "."
        );
    }
    ListRequest request;
    request.count = limits.default_count;
    request.dialect = limits.dialect;
    for (const auto& [key, value] : json.items()) {
        BASCULE_CHECK(set_search_member(request, key, value, limits));
    }
    BASCULE_CHECK(refuse_both(request));
    return request;
}

}  // namespace bascule::scim
