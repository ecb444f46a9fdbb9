#include "connectors/ldap/dialects/parts.hpp"

#include "connectors/ldap/dialects/active_directory/default_mapping.hpp"
#include "connectors/ldap/dialects/ds389.hpp"

namespace bascule::ldap {

Result<DialectParts> make_parts(
    Dialect dialect, const SourceOptions& options, WorkConnection& work,
    const directory::Registry& registry
) {
    switch (dialect) {
        case Dialect::active_directory:
            return make_active_directory_parts(options, work, registry);
        case Dialect::openldap:
            return make_openldap_parts(options, work, registry);
        case Dialect::ds389:
            return make_ds389_parts(options, work, registry);
        case Dialect::generic:
            return make_generic_parts(options, work, registry);
    }
    return make_openldap_parts(options, work, registry);
}

const Mapping& default_mapping(Dialect dialect) {
    switch (dialect) {
        case Dialect::active_directory:
            return active_directory_mapping();
        case Dialect::openldap:
        case Dialect::generic:
            return default_mapping();
        case Dialect::ds389:
            return ds389_mapping();
    }
    return default_mapping();
}

}  // namespace bascule::ldap
