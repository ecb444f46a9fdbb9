#pragma once

#include "directory/base/secret.hpp"

namespace bascule::selfservice {

/// A temporary password to be read out on the telephone: four groups of four lower-case letters and
/// digits without glyphs that are easily confused ("kfm7-x3pd-q9wz-7hbt"); 79 random bits.
[[nodiscard]] Secret generate_temporary_password();

}  // namespace bascule::selfservice
