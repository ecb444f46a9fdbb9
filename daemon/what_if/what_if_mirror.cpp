#include "daemon/what_if/what_if_mirror.hpp"

#include <algorithm>
#include <utility>

#include "daemon/leased_feed.hpp"
#include "daemon/mapped_source.hpp"
#include "directory/mirror/source_runner.hpp"
#include "directory/model/internal_types.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace bascule::daemon {

namespace {

mirror::GuardLimits open_limits() {
    mirror::GuardLimits limits;
    limits.delete_percent = 100;
    limits.emptied_percent = 100;
    limits.membership_percent = 100;
    limits.attribute_percent = 100;
    return limits;
}

}  // namespace

/// One source on a thread of its own.
struct WhatIfMirror::Follower {
    Follower(
        directory::Store& store, MappedSource mapped,
        std::shared_ptr<const mirror::JoinRules> joins, directory::Clock& clock, ScanLeases& scans,
        const config::SourceSettings& settings
    )
        : source(std::move(mapped)),
          runner(
              store,
              std::make_unique<LeasedFeed>(
                  source.directory->make_feed(),
                  ScanPlace{
                      &scans, servers_of(settings),
                      [this](bool waits) { runner.note_waiting(waits); }}
              ),
              *source.mapper, clock, settings.name, open_limits(), std::move(joins),
              source.mapper.get()
          ) {
        runner.keep_silent();
    }

    MappedSource source;
    mirror::SourceRunner runner;
};

WhatIfMirror::~WhatIfMirror() = default;

Result<std::unique_ptr<WhatIfMirror>> WhatIfMirror::start(
    const config::Settings& settings, scim::SchemaRegistry& schemas, const std::string& database,
    directory::Clock& clock, ScanLeases& scans
) {
    std::unique_ptr<WhatIfMirror> mirror(new WhatIfMirror());
    directory::register_internal_types(mirror->registry_);
    BASCULE_CHECK(schemas.register_types(mirror->registry_));
    BASCULE_TRY(mirror->store_, store::open_sqlite_store({database}, mirror->registry_, clock));
    BASCULE_TRY(const auto joins, join_rules(settings, *mirror->store_));
    for (const config::SourceSettings& source : settings.sources) {
        BASCULE_TRY(MappedSource mapped, MappedSource::make(source, *mirror->store_, scans));
        mirror->followers_.push_back(std::make_unique<Follower>(
            *mirror->store_, std::move(mapped), joins, clock, scans, source
        ));
    }
    for (const auto& follower : mirror->followers_) {
        follower->runner.start();
    }
    return mirror;
}

std::vector<mirror::SourceStatus> WhatIfMirror::statuses() const {
    std::vector<mirror::SourceStatus> all;
    for (const auto& follower : followers_) {
        all.push_back(follower->runner.snapshot());
    }
    return all;
}

bool WhatIfMirror::is_live() const {
    return std::ranges::all_of(statuses(), [](const auto& one) { return one.state == "live"; });
}

}  // namespace bascule::daemon
