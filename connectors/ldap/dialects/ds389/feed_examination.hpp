#pragma once

#include "connectors/ldap/examination/examined.hpp"

namespace bascule::ldap {

/// What the change feed of a 389 Directory Server stands on: content synchronisation, the retro
/// changelog and the index by which entries are found.
void examine_ds389_feed(const Examined& examined);

}  // namespace bascule::ldap
