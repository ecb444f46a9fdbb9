#pragma once

#include <cstdint>
#include <string_view>

#include "directory/ports/store.hpp"

namespace bascule::mirror {

/// Takes the objects of a source that is no longer configured out of service, as if its directory
/// had deleted every entry: softly, with a journal record for each, so that the same source brings
/// them back with their ids. Thread-safe.
class SourceRetirement {
  public:
    explicit SourceRetirement(directory::Store& store) : store_(store) {}

    /// How many entries of the source are known, served ones and others. `not_found`/
    /// "unknown_source" when none was ever mirrored under this name.
    [[nodiscard]] Result<std::uint64_t> count(std::string_view source);

    /// Retires the source when it has exactly `expected` entries, else `conflict`/"count_changed".
    /// No engine of the source may run. In transactions of bounded size: after a break-off, asking
    /// again goes on with the rest.
    [[nodiscard]] Status retire(
        std::string_view source, std::uint64_t expected, const directory::Actor& actor
    );

  private:
    directory::Store& store_;
};

}  // namespace bascule::mirror
