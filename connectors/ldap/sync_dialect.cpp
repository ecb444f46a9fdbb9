#include "connectors/ldap/sync_dialect.hpp"

namespace bascule::ldap {

void SyncDialect::take_stamp(directory::SourceEntry& entry) const {
    if (!entry.csn.empty()) {
        return;
    }
    if (const auto& values = entry.values(stamp_attribute); !values.empty()) {
        entry.csn = values.front();
    }
}

}  // namespace bascule::ldap
