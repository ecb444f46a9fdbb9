#pragma once

namespace bascule::mirror {

/// The phases of a source that was loaded: a run may be going on, or was stopped in good order.
inline constexpr const char* live_phase = "live";
inline constexpr const char* closed_phase = "closed";
/// Loaded in bulk, and what that leaves to do is not done yet.
inline constexpr const char* catching_up_phase = "catching_up";

}  // namespace bascule::mirror
