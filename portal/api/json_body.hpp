#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"
#include "directory/base/uuid.hpp"
#include "http/api/message.hpp"

namespace bascule::portal {

/// A request body as a JSON object whose members are all known. Errors: `invalid_input` with
/// "invalid_json", "unknown_member", "missing_member" or "invalid_member", field = the member's
/// name. Wipes texts that it holds.
class JsonBody {
  public:
    [[nodiscard]] static Result<JsonBody> parse(
        const http::Request& request, std::initializer_list<std::string_view> known
    );
    JsonBody(JsonBody&&) noexcept = default;
    JsonBody& operator=(JsonBody&&) = delete;
    ~JsonBody();

    [[nodiscard]] Result<std::optional<std::string>> text(const char* name) const;
    [[nodiscard]] Result<bool> boolean(const char* name, bool otherwise) const;
    [[nodiscard]] Result<std::optional<Uuid>> id(const char* name) const;
    [[nodiscard]] Result<std::vector<Uuid>> ids(const char* name) const;
    /// Moves a text member out into a Secret; nothing when it is absent or null.
    [[nodiscard]] Result<std::optional<Secret>> take_secret(const char* name);

  private:
    explicit JsonBody(nlohmann::json json) : json_(std::move(json)) {}
    [[nodiscard]] const nlohmann::json* find(const char* name) const;
    nlohmann::json json_;
};

/// A 200 answer.
[[nodiscard]] http::Response json_response(const nlohmann::ordered_json& json);

}  // namespace bascule::portal
