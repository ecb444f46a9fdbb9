// Any LDAPv3 server: looking for changes, and passwords by what it offers.
#include "connectors/ldap/dialects/generic/passwords.hpp"
#include "connectors/ldap/dialects/generic/poll_feed.hpp"
#include "connectors/ldap/dialects/parts.hpp"
#include "connectors/ldap/password_verifier.hpp"
#include "connectors/ldap/plain_inspector.hpp"

namespace bascule::ldap {

Result<DialectParts> make_generic_parts(
    const SourceOptions& options, WorkConnection& work, const directory::Registry& registry
) {
    DialectParts parts;
    BASCULE_TRY(parts.mapper, Mapper::compile(options.mapping, registry));
    PollOptions feed;
    feed.connection = options.connection;
    feed.base = options.base;
    feed.attributes = parts.mapper->wanted_attributes();
    feed.anchor = options.polling.anchor;
    feed.interval = options.polling.interval;
    feed.overlap = options.polling.overlap;
    feed.audit = options.polling.audit;
    feed.begin_listing = options.polling.begin_listing;
    InspectorOptions look{options.connection, options.base, parts.mapper->wanted_attributes()};
    look.anchor_attribute = options.polling.anchor;
    look.stamp_attribute = "modifyTimestamp";
    look.second_stamp = "createTimestamp";
    look.page_size = feed.page_size;
    parts.inspector = std::make_unique<PlainInspector>(work, std::move(look));
    parts.feed = std::make_unique<PollFeed>(std::move(feed));
    parts.writer = std::make_unique<GenericPasswordWriter>(work, options.replaces_password);
    parts.verifier = std::make_unique<BindPasswordVerifier>(work, PolicyLocation{});
    return parts;
}

}  // namespace bascule::ldap
