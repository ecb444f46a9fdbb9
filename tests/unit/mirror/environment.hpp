#pragma once

#include <cstdlib>

namespace bascule::test {

/// A number that whoever runs the tests has set, or the usual one.
inline unsigned number_in_environment(const char* name, unsigned otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? static_cast<unsigned>(std::atoi(text)) : otherwise;
}

}  // namespace bascule::test
