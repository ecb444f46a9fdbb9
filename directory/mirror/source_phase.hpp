#pragma once

namespace bascule::mirror {

/// The phases of a source that was loaded: a run may be going on, or was stopped in good order.
inline constexpr const char* live_phase = "live";
inline constexpr const char* closed_phase = "closed";

}  // namespace bascule::mirror
