#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "directory/base/result.hpp"

namespace bascule::https {

struct FetchLimits {
    std::chrono::milliseconds time{5000};  ///< for everything, name look-up included
    std::size_t size = std::size_t{256} << 10;
};

/// Reads a document by HTTPS: TLS 1.2 or later, the server's certificate and name checked against
/// `ca` (a PEM file; empty: the system's authorities), redirects refused.
/// `unavailable`/"not_fetched" says why. Blocks; thread-safe.
[[nodiscard]] Result<std::string> fetch(
    const std::string& url, const std::string& ca, const FetchLimits& limits = {}
);

}  // namespace bascule::https
