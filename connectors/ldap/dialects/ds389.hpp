#pragma once

#include "connectors/ldap/mapping/mapping.hpp"
#include "connectors/ldap/sync_dialect.hpp"

namespace bascule::ldap {

/// How 389 Directory Server synchronises: entries are known by nsUniqueId, cookies count the
/// changes of its log and hold for one server, identity, base and filter, and the flags at the end
/// of a refresh mean nothing.
[[nodiscard]] SyncDialect ds389_sync();

/// As of OpenLDAP, with nsUniqueId as externalId, and users whose nsAccountLock is true not active.
[[nodiscard]] const Mapping& ds389_mapping();

}  // namespace bascule::ldap
