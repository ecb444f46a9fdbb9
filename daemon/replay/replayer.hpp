#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "directory/base/result.hpp"
#include "directory/mirror/removal_guard.hpp"
#include "directory/model/registry.hpp"
#include "directory/ports/entry_areas.hpp"
#include "directory/ports/entry_mapper.hpp"

namespace bascule::daemon {

/// What a replay came to.
struct ReplayResult {
    std::uint64_t messages = 0;
    std::uint64_t entries = 0;
    std::uint64_t runs = 0;
    bool from_the_beginning = true;  ///< the first run read everything
    bool whole = true;               ///< the log ends with a whole block
    std::uint64_t users = 0;
    std::uint64_t groups = 0;
    std::uint64_t quarantined = 0;
    std::uint64_t held = 0;
    std::string digest;  ///< of everything the store holds of the source but times of commit
    std::chrono::duration<double> took{};
};

/// How entries are mapped, and which of them.
struct ReplayMapping {
    std::unique_ptr<directory::EntryMapper> rules;  ///< `mapper` refers to it
    std::unique_ptr<directory::EntryMapper> mapper;
    const directory::EntryAreas* areas = nullptr;  ///< of `mapper`
};

/// Makes the mapping of a dialect, named as the log has it.
using MappingOf = std::function<Result<ReplayMapping>(const std::string& dialect)>;

struct ReplayOptions {
    std::string log;
    std::string store;  ///< path of a database that does not exist
    std::string source;
    mirror::GuardLimits limits;
};

/// Feeds a message log through the mirror's engine into a fresh store, by the log's own clock. The
/// same log, mapping and limits give the same digest. `registry` outlives the call.
[[nodiscard]] Result<ReplayResult> replay(
    const ReplayOptions& options, const directory::Registry& registry, const MappingOf& mapping_of
);

}  // namespace bascule::daemon
