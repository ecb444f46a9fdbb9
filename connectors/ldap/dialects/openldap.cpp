// OpenLDAP: content synchronisation (RFC 4533), slapo-ppolicy, passwords by modify and exop.
#include "connectors/ldap/dialects/parts.hpp"
#include "connectors/ldap/password_verifier.hpp"
#include "connectors/ldap/password_writer.hpp"
#include "connectors/ldap/plain_inspector.hpp"
#include "connectors/ldap/sync_repl_feed.hpp"

namespace bascule::ldap {

Result<DialectParts> make_openldap_parts(
    const SourceOptions& options, WorkConnection& work, const directory::Registry& registry
) {
    DialectParts parts;
    BASCULE_TRY(parts.mapper, Mapper::compile(options.mapping, registry));
    SyncReplOptions feed;
    feed.connection = options.connection;
    feed.base = options.base;
    // Everything below the base is followed, so that `explain` can tell why an entry is not served.
    feed.attributes = parts.mapper->wanted_attributes();
    feed.heartbeat = options.heartbeat;
    parts.feed = std::make_unique<SyncReplFeed>(std::move(feed));
    InspectorOptions look{options.connection, options.base, parts.mapper->wanted_attributes()};
    parts.inspector = std::make_unique<PlainInspector>(work, std::move(look));
    const PolicyLocation policies{options.password_policy, options.base};
    parts.writer = std::make_unique<OpenLdapPasswordWriter>(work, policies);
    parts.verifier = std::make_unique<BindPasswordVerifier>(work, policies);
    return parts;
}

}  // namespace bascule::ldap
