#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bascule::test {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
    std::string method;
    std::string target;  ///< as it goes on the wire
    HttpHeaders headers;
    std::string body;
};

/// An HTTP answer; `json` is null when the body is no JSON.
struct HttpAnswer {
    int status = 0;  ///< 0: no answer, the connection ended
    std::string body;
    nlohmann::json json;
    HttpHeaders headers;

    /// The first header of that name, in any letter case, or empty.
    [[nodiscard]] std::string header(std::string_view name) const;
};

/// A client of 127.0.0.1 that keeps its connection and opens another when the server closed it.
/// Use it from one thread.
class HttpClient {
  public:
    explicit HttpClient(std::uint16_t port);
    ~HttpClient();
    HttpClient(HttpClient&&) noexcept;
    HttpClient& operator=(HttpClient&&) noexcept;

    [[nodiscard]] HttpAnswer send(const HttpRequest& request);

  private:
    struct Connection;
    std::uint16_t port_;
    std::unique_ptr<Connection> connection_;
};

}  // namespace bascule::test
