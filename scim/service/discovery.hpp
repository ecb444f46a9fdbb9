#pragma once

#include <string>

namespace bascule::scim {

struct ClientProfile;
struct Engine;

/// Writes the bodies of /ServiceProviderConfig, /ResourceTypes and /Schemas into the engine (RFC
/// 7643 sections 5 to 7), computed from the live registry and options.
void write_discovery(Engine& engine);

/// The body of /ServiceProviderConfig for a client with this profile: it says whether the client is
/// treated as draft-zollner-scim-interop-profile has it.
[[nodiscard]] std::string provider_config_for(const Engine& engine, const ClientProfile& profile);

}  // namespace bascule::scim
