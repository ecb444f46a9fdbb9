#pragma once

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/controls.hpp"
#include "directory/base/result.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

/// Takes DN and attributes out of a search entry; options are kept in the name. Values stay where
/// they are in the message, which lives as long as they do. entryCSN goes to `csn` and not to the
/// attributes; anchor and dn_key stay empty. `internal`/"directory_protocol" when the message is
/// malformed.
///
/// Once for each message, and read the entry's controls before: walking the attributes ends their
/// names in the message with a null byte.
[[nodiscard]] Result<directory::SourceEntry> decode_entry(LDAP* handle, const Message& message);

/// The sync state that came with an entry or reference. `internal`/"directory_protocol" without
/// one.
struct DecodedState {
    SyncEntryState state = SyncEntryState::present;
    Uuid anchor;
    std::string cookie;  ///< empty when none came
};
[[nodiscard]] Result<DecodedState> decode_entry_state(LDAP* handle, LDAPMessage* message);

}  // namespace bascule::ldap
