#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "directory/base/result.hpp"
#include "http/client/unix_client.hpp"

namespace bascule::daemon::ctl {

/// What every command is given.
struct Invocation {
    std::string socket = "/run/bascule/admin.sock";
    bool json = false;  ///< machine-readable output
};

/// Exit codes of every command.
inline constexpr int exit_good = 0;
inline constexpr int exit_problem = 1;    ///< it ran and found something wrong, or was refused
inline constexpr int exit_could_not = 2;  ///< it could not run

/// Asks the running daemon.
class ApiClient {
  public:
    /// `patience`: how long an answer may take.
    explicit ApiClient(
        const Invocation& invocation, std::chrono::milliseconds patience = std::chrono::seconds(60)
    );
    /// The JSON of the answer; a problem or SCIM error becomes an Error with its code and sentence.
    [[nodiscard]] Result<nlohmann::json> call(
        http::Method method, const std::string& target, const nlohmann::json& body = nullptr
    ) const;
    [[nodiscard]] Result<nlohmann::json> get(const std::string& target) const;
    [[nodiscard]] Result<nlohmann::json> post(const std::string& target, const nlohmann::json& body)
        const;

    /// The body of an answer that is no JSON, as it is.
    [[nodiscard]] Result<std::string> text(const std::string& target) const;

    /// The id of the one SCIM resource whose attribute equals the text; `not_found` and
    /// `conflict`/"ambiguous_name" name what was looked for.
    [[nodiscard]] Result<std::string> find_id(
        const std::string& endpoint, const std::string& attribute, const std::string& value
    ) const;
    /// Every resource of an endpoint that matches, page by page.
    [[nodiscard]] Result<std::vector<nlohmann::json>> list(
        const std::string& endpoint, const std::string& filter
    ) const;

  private:
    http::UnixClient client_;
};

/// Tells the error on standard error, as a sentence or as JSON, and gives the exit code.
[[nodiscard]] int report(const Error& error, bool json);

/// Prints the value as one line of JSON.
void print_json(const nlohmann::json& value);

/// Prints an answer that explains something: its "lines", or all of it as JSON.
void print_explanation(const nlohmann::json& answer, bool as_json);

}  // namespace bascule::daemon::ctl
