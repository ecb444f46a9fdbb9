#pragma once

namespace bascule::directory {

/// The detail of a journal record that tells what attributes were and became: a JSON list of
/// {"attribute", "before", "after"}; a value that was or became absent, or is not for the journal,
/// is left out. A last element {"more": n} counts changes that are left out.
inline constexpr const char* changes_detail = "changes";

}  // namespace bascule::directory
