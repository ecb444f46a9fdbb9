#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "directory/base/result.hpp"
#include "directory/base/uuid.hpp"

namespace bascule::scim {

/// Gives the id that the POST with this bulkId makes, and notes that it was asked for; nothing when
/// no POST of the request has it.
using FindBulkId = std::function<std::optional<Uuid>(std::string_view bulk_id)>;

/// The bulkId that a text refers to ("bulkId:x" -> "x"), if it is such a reference.
[[nodiscard]] std::optional<std::string_view> bulk_reference(std::string_view text);

/// Puts ids in the place of every reference in the data of an operation (RFC 7644 section 3.7.2):
/// in values, at the end of `$ref`, and in the filters of PATCH paths. `value` and `$ref` that
/// refer to nothing, and such filters, are `invalid_value`; other texts that only look like a
/// reference stay as they are.
[[nodiscard]] Status resolve_references(nlohmann::ordered_json& data, const FindBulkId& find);

}  // namespace bascule::scim
