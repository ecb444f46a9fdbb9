#pragma once

#include "directory/base/time.hpp"

namespace bascule::directory {

/// The wall clock as an interface, so that tests can set it. Thread-safe.
class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const = 0;
};

}  // namespace bascule::directory
