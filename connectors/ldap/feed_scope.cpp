#include "connectors/ldap/feed_scope.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {
/// Of servers that are looked up.
constexpr std::int64_t usual_servers_found = 4;
}  // namespace

Deadline connecting_deadline(const ConnectionOptions& options) {
    // Each may take its time to connect and once more to bind.
    const auto servers = std::max<std::int64_t>(1, std::ssize(options.servers));
    const auto found = options.servers.empty() ? usual_servers_found : servers;
    return std::chrono::steady_clock::now() + options.operation_timeout +
           options.network_timeout * (2 * found);
}

std::string attribute_set_text(std::vector<std::string> attributes) {
    std::ranges::transform(attributes, attributes.begin(), [](const auto& name) {
        return to_ascii_lower(name);
    });
    std::ranges::sort(attributes);
    return fmt::format("{}", fmt::join(attributes, " "));
}

std::string server_set_text(const ConnectionOptions& options) {
    if (options.servers.empty()) {
        return options.finder_name;
    }
    auto servers = options.servers;
    std::ranges::sort(servers);
    return fmt::format("{}", fmt::join(servers, " "));
}

}  // namespace bascule::ldap
