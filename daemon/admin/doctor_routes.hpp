#pragma once

#include "daemon/generation.hpp"

namespace bascule::daemon {

/// "/v1/doctor?source=NAME": what `bascule doctor` tells, seen by the service itself.
[[nodiscard]] Status add_doctor_routes(Generation& generation);

}  // namespace bascule::daemon
