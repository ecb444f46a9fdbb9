#pragma once

namespace bascule::scim {

struct Engine;

/// Writes the bodies of /ServiceProviderConfig, /ResourceTypes and /Schemas into the engine (RFC
/// 7643 sections 5 to 7), computed from the live registry and options.
void write_discovery(Engine& engine);

}  // namespace bascule::scim
