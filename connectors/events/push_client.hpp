#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"

namespace bascule::events {

/// Where tokens are pushed to.
struct PushTarget {
    std::string endpoint;  ///< https URL; http to loopback only
    std::string ca_file;   ///< PEM bundle; empty: the system's authorities
    Secret authorization;  ///< value of the Authorization header; empty: none
    std::chrono::milliseconds connect_limit{5'000};
    std::chrono::milliseconds answer_limit{15'000};
};

/// What the receiver said.
struct PushAnswer {
    int status = 0;
    std::string body;  ///< its first 16 KiB
    std::optional<std::chrono::seconds> retry_after;
};

/// Whether tokens may be pushed to this URL: https with a host, or http to this machine, without
/// user or fragment. `invalid_input`/"invalid_endpoint".
[[nodiscard]] Status check_endpoint(const std::string& url);

/// The host of a URL, in lower case; empty when there is none.
[[nodiscard]] std::string host_of(const std::string& url);

/// Delivers security event tokens by HTTP push (RFC 8935). Follows no redirects, checks the
/// receiver's certificate, keeps its connection. For one thread.
class PushClient {
  public:
    PushClient();
    ~PushClient();
    PushClient(const PushClient&) = delete;
    PushClient& operator=(const PushClient&) = delete;

    /// Sends one token. `cancelled` is asked while waiting. `unavailable`/"receiver_unreachable"
    /// when there was no answer; every answer is a PushAnswer.
    [[nodiscard]] Result<PushAnswer> push(
        const PushTarget& target, const std::string& token, const std::function<bool()>& cancelled
    );

  private:
    struct Handle;
    std::unique_ptr<Handle> handle_;
};

}  // namespace bascule::events
