#pragma once

#include <nlohmann/json.hpp>

#include "directory/base/result.hpp"
#include "http/api/message.hpp"

namespace bascule::daemon {

/// The request's JSON object; `invalid_input`/"invalid_json" for anything else.
[[nodiscard]] Result<nlohmann::json> json_object(const http::Request& request);

/// A member that must be a non-empty string; `invalid_input`/"missing_member" with the field's
/// name.
[[nodiscard]] Result<std::string> required_text(const nlohmann::json& object, const char* name);

[[nodiscard]] http::Response json_response(const nlohmann::json& value);

}  // namespace bascule::daemon
