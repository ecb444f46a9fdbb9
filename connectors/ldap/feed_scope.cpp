#include "connectors/ldap/feed_scope.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "directory/base/text.hpp"

namespace bascule::ldap {

Deadline connecting_deadline(const ConnectionOptions& options) {
    return std::chrono::steady_clock::now() + options.operation_timeout +
           options.network_timeout * static_cast<std::int64_t>(options.servers.size());
}

std::string attribute_set_text(std::vector<std::string> attributes) {
    std::ranges::transform(attributes, attributes.begin(), [](const auto& name) {
        return to_ascii_lower(name);
    });
    std::ranges::sort(attributes);
    return fmt::format("{}", fmt::join(attributes, " "));
}

std::string server_set_text(std::vector<std::string> servers) {
    std::ranges::sort(servers);
    return fmt::format("{}", fmt::join(servers, " "));
}

}  // namespace bascule::ldap
