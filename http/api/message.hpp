#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory/base/result.hpp"

namespace bascule::http {

enum class Method { get, head, post, put, patch, delete_, options, other };
[[nodiscard]] std::string_view to_string(Method method);

/// The reason phrase of a status (RFC 9110 section 15); "Status" for one that this product does not
/// send.
[[nodiscard]] std::string_view reason_phrase(int status);

/// One parsed request. The target is split but not decoded; `path_parameters` come from the route.
struct Request {
    Method method = Method::get;
    std::string path;   ///< percent-decoded path without query; "/scim/v2/Users/…"
    std::string query;  ///< raw text after '?', may be empty
    std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
    std::string body;
    std::vector<std::string> path_parameters;

    /// The first header of that lower-case name, or empty.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

enum class Plus { is_plus, is_space };
/// Decodes %XX; a broken escape is kept as it is. '+' is a space in query strings only.
[[nodiscard]] std::string percent_decode(std::string_view text, Plus plus = Plus::is_plus);

/// Decoded query parameters: tells "present and empty" from "absent"; duplicates are kept.
class QueryParameters {
  public:
    /// '+' is a space (HTML form rules); a broken escape is kept as it is.
    explicit QueryParameters(std::string_view query);
    [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
    [[nodiscard]] std::size_t count(std::string_view name) const;
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const {
        return all_;
    }

  private:
    std::vector<std::pair<std::string, std::string>> all_;
};

/// Makes a long body piece by piece while it is sent, so that it never stands in memory as a whole.
/// Destroyed early when the client goes away or is too slow.
class BodySource {
  public:
    virtual ~BodySource() = default;
    /// Appends the next piece, some tens of kilobytes; false when it was the last. Called on a
    /// worker, once the piece before has been sent. An error ends the connection, so that the
    /// client sees that something is missing.
    [[nodiscard]] virtual Result<bool> append_piece(std::string& out) = 0;
};

struct Response {
    int status = 200;
    std::string content_type;  ///< empty: no body
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    std::shared_ptr<BodySource> rest = nullptr;  ///< what follows `body`, when it is long

    Response& set(std::string name, std::string value) {
        headers.emplace_back(std::move(name), std::move(value));
        return *this;
    }
};

/// The process at the other end of a Unix socket, as the kernel knows it.
struct LocalPeer {
    unsigned user = 0;
    std::vector<unsigned> groups;
};

/// What the server knows about a request besides its text.
struct RequestContext {
    std::string request_id;
    std::string source_address;  ///< of the client, through trusted proxies
    bool secure = false;         ///< came over TLS, or a trusted proxy says so
    std::vector<std::string> client_certificate_names;
    std::optional<LocalPeer> local_peer = std::nullopt;  ///< only on a Unix socket
    std::chrono::steady_clock::time_point deadline;
};

}  // namespace bascule::http
