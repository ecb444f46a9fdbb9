// Active Directory and Samba: DirSync, domain policies, passwords by unicodePwd.
#include "connectors/ldap/dialects/active_directory/default_mapping.hpp"
#include "connectors/ldap/dialects/active_directory/dir_sync_feed.hpp"
#include "connectors/ldap/dialects/active_directory/domain_inspector.hpp"
#include "connectors/ldap/dialects/active_directory/domain_passwords.hpp"
#include "connectors/ldap/dialects/parts.hpp"

namespace bascule::ldap {

Result<DialectParts> make_active_directory_parts(
    const SourceOptions& options, WorkConnection& work, const directory::Registry& registry
) {
    DialectParts parts;
    BASCULE_TRY(
        parts.mapper, Mapper::compile(options.mapping, registry, active_directory_mapping())
    );
    DirSyncOptions feed;
    feed.connection = options.connection;
    feed.base = options.base;
    feed.attributes = parts.mapper->wanted_attributes();
    const std::vector<std::string> member{"member"};
    feed.tells_members =
        parts.mapper->member_attributes() == member && parts.mapper->member_sources() == member;
    parts.feed = std::make_unique<DirSyncFeed>(std::move(feed));
    parts.inspector =
        std::make_unique<DomainInspector>(work, options.base, parts.mapper->wanted_attributes());
    parts.writer = std::make_unique<DomainPasswordWriter>(work, options.base);
    parts.verifier = std::make_unique<DomainPasswordVerifier>(work, options.base);
    return parts;
}

}  // namespace bascule::ldap
