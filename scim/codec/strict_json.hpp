#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "directory/base/json_text.hpp"
#include "directory/base/result.hpp"

namespace bascule::scim {

/// Parses a request body: bounded depth (32) and size (64 MiB), valid UTF-8 (a BOM is tolerated),
/// no duplicate keys. Errors: `invalid_syntax` with what is wrong and where, `too_large`.
[[nodiscard]] Result<nlohmann::ordered_json> parse_json(std::string_view text);

/// Writes a tree in the one compact form that stored documents have.
void write_json(JsonWriter& out, const nlohmann::ordered_json& json);

/// The same as text.
[[nodiscard]] std::string to_text(const nlohmann::ordered_json& json);

}  // namespace bascule::scim
