#pragma once

#include <span>
#include <string_view>

namespace bascule::scim {

/// A data file that the build compiled in.
struct EmbeddedFile {
    std::string_view name;  ///< without folder and suffix: "user"
    std::string_view text;
};

/// The files of scim/schema/resources: one schema each, and "resource_types".
[[nodiscard]] std::span<const EmbeddedFile> builtin_schema_files();

}  // namespace bascule::scim
