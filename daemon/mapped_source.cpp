#include "daemon/mapped_source.hpp"

#include <utility>

#include "daemon/source_options.hpp"
#include "directory/mirror/join_attributes.hpp"

namespace bascule::daemon {

Result<directory::SourceState> stored_state(directory::Store& store, const std::string& source) {
    directory::SourceState state;
    BASCULE_CHECK(store.read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(const auto found, reader.source_state(source));
        state = found.value_or(directory::SourceState{});
        return {};
    }));
    return state;
}

Result<MappedSource> MappedSource::make(
    const config::SourceSettings& settings, directory::Store& store, ScanLeases& scans
) {
    MappedSource source;
    auto options = source_options(settings);
    options.polling.begin_listing =
        [&scans, servers = servers_of(settings)](bool wait, const std::stop_token& stop) {
            return wait ? scans.acquire(servers, stop, [] {}) : scans.try_acquire(servers);
        };
    BASCULE_TRY(const directory::SourceState before, stored_state(store, settings.name));
    BASCULE_TRY(
        source.directory, ldap::DirectorySource::make(
                              std::move(options), configured_dialect(settings.dialect),
                              before.fingerprint, store.registry()
                          )
    );
    BASCULE_TRY(
        source.mapper,
        ldap::ScopedMapper::make(
            source.directory->mapper(), settings.base,
            {settings.bases, settings.exclude, settings.users_base, settings.groups_base},
            store.registry()
        )
    );
    return source;
}

Result<std::shared_ptr<const mirror::JoinRules>> join_rules(
    const config::Settings& settings, directory::Store& store
) {
    auto rules = std::make_shared<mirror::JoinRules>();
    bool any = false;
    for (const config::SourceSettings& one : settings.sources) {
        mirror::JoinRules::Source source;
        BASCULE_TRY(source.id, store.register_source(one.name));
        BASCULE_TRY(source.match, mirror::join_attributes(store.registry(), one.join_users));
        any = any || !source.match.empty();
        rules->sources.push_back(std::move(source));
    }
    return any ? std::shared_ptr<const mirror::JoinRules>(std::move(rules)) : nullptr;
}

}  // namespace bascule::daemon
