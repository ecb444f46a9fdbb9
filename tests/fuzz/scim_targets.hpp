#pragma once

#include <string_view>

namespace bascule::scim::fuzz {

/// Each takes one input of any bytes and aborts when a promise is broken. Shared by the fuzzers.

/// A body is refused, or gives a canonical document that reads back as itself.
void json(std::string_view input);
/// A filter is refused, or can be evaluated.
void filter(std::string_view input);
/// A PATCH path is refused, or names something.
void path(std::string_view input);
/// A patch is refused, or leaves a canonical document.
void patch(std::string_view input);

}  // namespace bascule::scim::fuzz
