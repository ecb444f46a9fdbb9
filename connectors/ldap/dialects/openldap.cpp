// OpenLDAP: content synchronisation (RFC 4533), slapo-ppolicy, passwords by modify and exop.
#include <algorithm>

#include "connectors/ldap/dialects/parts.hpp"
#include "connectors/ldap/password_verifier.hpp"
#include "connectors/ldap/password_writer.hpp"
#include "connectors/ldap/plain_inspector.hpp"
#include "connectors/ldap/sync_repl_feed.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

/// Nothing to look up when no attribute names members and decides nothing else.
MemberLogOptions member_log_of(const Mapper& mapper, const std::string& base) {
    MemberLogOptions options;
    options.attributes = mapper.member_attributes();
    // One with an optional bit string beside the DN.
    std::erase_if(options.attributes, [](const std::string& name) {
        return equals_ignoring_ascii_case(name, "uniqueMember");
    });
    for (const auto& name : mapper.member_sources()) {
        if (std::ranges::find(options.attributes, name) == options.attributes.end()) {
            options.other_attributes.push_back(name);
        }
    }
    options.is_group = mapper.group_test();
    options.base = options.attributes.empty() ? std::string() : base;
    return options;
}

}  // namespace

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
    feed.member_log = member_log_of(*parts.mapper, options.change_log);
    parts.feed = std::make_unique<SyncReplFeed>(work, std::move(feed));
    InspectorOptions look{options.connection, options.base, parts.mapper->wanted_attributes()};
    parts.inspector = std::make_unique<PlainInspector>(work, std::move(look));
    const PolicyLocation policies{options.password_policy, options.base};
    parts.writer = std::make_unique<OpenLdapPasswordWriter>(work, policies);
    parts.verifier = std::make_unique<BindPasswordVerifier>(work, policies);
    return parts;
}

}  // namespace bascule::ldap
