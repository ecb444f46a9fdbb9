#pragma once

#include <string>
#include <string_view>

namespace bascule::http::test {

/// The text that was compressed as gzip; empty when it is none or has no end.
std::string inflated(std::string_view gzip);

}  // namespace bascule::http::test
