#pragma once

#include "connectors/ldap/dialects/openldap/database.hpp"
#include "connectors/ldap/examination/examined.hpp"

namespace bascule::ldap {

/// What the change feed of OpenLDAP stands on: syncprov, its session log and its indexes.
void examine_openldap_feed(const Examined& examined, const Database& database);

}  // namespace bascule::ldap
