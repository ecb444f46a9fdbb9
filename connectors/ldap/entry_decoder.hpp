#pragma once

#include "connectors/ldap/controls.hpp"
#include "directory/base/result.hpp"
#include "directory/model/source_entry.hpp"

typedef struct ldap LDAP;
typedef struct ldapmsg LDAPMessage;

namespace bascule::ldap {

/// Copies DN and attributes out of a search entry: values as counted bytes, options kept in the
/// name. entryCSN goes to `csn` and not to the attributes; anchor and dn_key stay empty.
///
/// Read the entry's controls before: walking the attributes moves the place the library finds them
/// by.
[[nodiscard]] Result<directory::SourceEntry> decode_entry(LDAP* handle, LDAPMessage* message);

/// The sync state that came with an entry or reference. `internal`/"directory_protocol" without
/// one.
struct DecodedState {
    SyncEntryState state = SyncEntryState::present;
    Uuid anchor;
    std::string cookie;  ///< empty when none came
};
[[nodiscard]] Result<DecodedState> decode_entry_state(LDAP* handle, LDAPMessage* message);

}  // namespace bascule::ldap
