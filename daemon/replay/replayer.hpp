#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/mirror/join_rules.hpp"
#include "directory/mirror/removal_guard.hpp"
#include "directory/model/registry.hpp"
#include "directory/ports/entry_areas.hpp"
#include "directory/ports/entry_mapper.hpp"
#include "directory/ports/store.hpp"

namespace bascule::daemon {

/// What a replay came to.
struct ReplayResult {
    std::uint64_t messages = 0;
    std::uint64_t entries = 0;
    std::uint64_t runs = 0;
    std::uint64_t users = 0;
    std::uint64_t groups = 0;
    std::uint64_t quarantined = 0;
    std::uint64_t held = 0;
    bool whole = true;                 ///< every log ends with a whole block
    std::vector<std::string> partial;  ///< sources whose first run did not read everything
    std::string digest;  ///< of everything the store holds of sources but times of commit
    std::chrono::duration<double> took{};     ///< all of it
    std::chrono::duration<double> applied{};  ///< until the last message was applied
};

/// How entries are mapped, and which of them.
struct ReplayMapping {
    std::unique_ptr<directory::EntryMapper> rules;  ///< `mapper` refers to it
    std::unique_ptr<directory::EntryMapper> mapper;
    const directory::EntryAreas* areas = nullptr;  ///< of `mapper`
};

/// One log and how it is played.
struct ReplaySource {
    std::string log;
    std::string name;  ///< of the source
    mirror::GuardLimits limits;
    /// Makes the mapping of a dialect, named as the log has it.
    std::function<Result<ReplayMapping>(const std::string& dialect)> mapping_of;
};

struct ReplayOptions {
    std::string store;  ///< path of a database that does not exist
    std::vector<ReplaySource> sources;
    /// Which of them join their users to others'; may give null.
    std::function<Result<std::shared_ptr<const mirror::JoinRules>>(directory::Store&)> joins;
};

/// The name of the source that a log is of; empty when it does not tell. Errors as
/// MessageLogReader.
[[nodiscard]] Result<std::string> recorded_source(const std::string& log);

/// Feeds message logs, in the order in which their messages were taken, through the mirror's
/// engines into a fresh store, by the logs' own clock. The same logs, mappings, limits and joins
/// give the same digest. `registry` outlives the call.
[[nodiscard]] Result<ReplayResult> replay(
    const ReplayOptions& options, const directory::Registry& registry
);

}  // namespace bascule::daemon
