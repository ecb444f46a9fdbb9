#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "http/api/router.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// /ServiceProviderConfig. Everybody may read it; who calls as a client finds how that client is
/// treated. The engine outlives all of these handlers.
[[nodiscard]] http::Handler provider_config_handler(
    const Engine& engine, std::shared_ptr<const Authenticate> authenticate
);

/// /ResourceTypes and /Schemas: a fixed document that cannot be filtered (403).
[[nodiscard]] http::Handler list_handler(const std::string& body);

/// How the name in a path is compared.
enum class PartNames { exact, any_case };
/// One of these documents by the name in the path; names of any case are kept in lower case.
[[nodiscard]] http::Handler part_handler(
    const std::unordered_map<std::string, std::string>& bodies, PartNames names
);

}  // namespace bascule::scim
