#include "daemon/mapped_source.hpp"

#include <utility>

#include "daemon/source_options.hpp"
#include "directory/mirror/join_attributes.hpp"

namespace bascule::daemon {
namespace {

/// Under which fingerprint the source was mirrored last; empty when it never was.
Result<std::string> stored_fingerprint(directory::Store& store, const std::string& source) {
    std::string fingerprint;
    BASCULE_CHECK(store.read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(const auto state, reader.source_state(source));
        fingerprint = state ? state->fingerprint : std::string();
        return {};
    }));
    return fingerprint;
}

}  // namespace

Result<MappedSource> MappedSource::make(
    const config::SourceSettings& settings, directory::Store& store
) {
    MappedSource source;
    BASCULE_TRY(const std::string fingerprint, stored_fingerprint(store, settings.name));
    BASCULE_TRY(
        source.directory, ldap::DirectorySource::make(
                              source_options(settings), configured_dialect(settings.dialect),
                              fingerprint, store.registry()
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
