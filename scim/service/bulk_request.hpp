#pragma once

#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "http/api/message.hpp"
#include "scim/service/service.hpp"

namespace bascule::scim {

/// One operation of a bulk request (RFC 7644 section 3.7) as it was sent.
struct BulkOperation {
    http::Method method = http::Method::other;
    std::string method_name;  ///< as sent, for the answer
    std::string bulk_id;      ///< empty when there is none
    std::string version;      ///< an entity tag, or empty
    std::string path;         ///< "/Users" or "/Users/<id>", with a query when one was sent
    nlohmann::ordered_json data;
    /// What is wrong with the operation itself; the others run all the same.
    std::optional<Error> error;
};

struct BulkRequest {
    std::vector<BulkOperation> operations;
    /// After so many failed operations the rest is not carried out.
    std::size_t fail_on_errors = std::numeric_limits<std::size_t>::max();
};

/// Reads a BulkRequest message. Errors concern the message as a whole, before anything is done:
/// `too_large` naming the limit, `invalid_syntax` (no operations, a bulkId given twice),
/// `invalid_value`.
[[nodiscard]] Result<BulkRequest> read_bulk_request(
    std::string_view body, const BulkLimits& limits
);

}  // namespace bascule::scim
