#pragma once

#include "scim/profile/client_profile.hpp"

namespace bascule::scim {

/// Whether a client with this profile is treated as draft-zollner-scim-interop-profile wants a
/// service provider to: what the draft has refused is refused, and what it has clients do works.
[[nodiscard]] bool follows_interop_profile(const ClientProfile& profile);

/// The shortest page that the draft has every service provider give.
inline constexpr std::size_t interop_page = 100;

}  // namespace bascule::scim
