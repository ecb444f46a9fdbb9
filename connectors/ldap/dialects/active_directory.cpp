// Active Directory and Samba: DirSync, domain policies, passwords by unicodePwd.
#include "connectors/ldap/dialects/active_directory/default_mapping.hpp"
#include "connectors/ldap/dialects/active_directory/dir_sync_feed.hpp"
#include "connectors/ldap/dialects/parts.hpp"
#include "connectors/ldap/password_verifier.hpp"
#include "connectors/ldap/password_writer.hpp"

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
    parts.feed = std::make_unique<DirSyncFeed>(std::move(feed));
    const PolicyLocation policies{options.password_policy, options.base};
    parts.writer = std::make_unique<OpenLdapPasswordWriter>(work, policies);
    parts.verifier = std::make_unique<BindPasswordVerifier>(work, policies);
    return parts;
}

}  // namespace bascule::ldap
