#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "http/api/message.hpp"
#include "scim/filter/filter.hpp"

namespace bascule::scim {

/// What a list or a search asks for (RFC 7644 sections 3.4.2 and 3.4.3), numbers already in their
/// ranges.
struct ListRequest {
    std::optional<std::string> filter;
    std::string sort_by;  ///< empty: creation order
    bool descending = false;
    std::uint64_t start_index = 1;  ///< from 1
    std::uint64_t count = 0;
    std::vector<std::string> attributes;
    std::vector<std::string> excluded_attributes;
    FilterDialect dialect;
};

struct ListLimits {
    std::uint64_t default_count = 100;
    std::uint64_t max_count = 1000;
    FilterDialect dialect;  ///< how the client writes filters
};

/// From the URL. Errors: `invalid_value` (a number that is none, an unknown sort order, a parameter
/// given twice), `invalid_filter` (empty), `invalid_cursor` (cursor paging is asked for).
[[nodiscard]] Result<ListRequest> list_request_of(
    const http::QueryParameters& parameters, const ListLimits& limits
);

/// From the body of a POST to `.search`. Also `invalid_syntax`.
[[nodiscard]] Result<ListRequest> list_request_of(std::string_view body, const ListLimits& limits);

/// Splits a comma list of attribute names; blanks around names and empty names are dropped.
[[nodiscard]] std::vector<std::string> split_names(std::string_view list);

/// `parameter_once(p, "attributes")`: its value, empty when absent; given twice is `invalid_value`.
[[nodiscard]] Result<std::string> parameter_once(
    const http::QueryParameters& parameters, std::string_view name
);

}  // namespace bascule::scim
