#pragma once

#include "connectors/ldap/dialects/parts.hpp"
#include "tests/support/ds389_rig.hpp"

namespace bascule::test {

/// Options that reach a rig as its service account.
inline ldap::SourceOptions ds389_source(
    const Ds389Rig& rig, std::string base = Ds389Rig::suffix()
) {
    ldap::SourceOptions options;
    options.connection.servers = {rig.ldap_uri()};
    options.connection.ca_file = rig.ca_file();
    options.connection.bind_dn = Ds389Rig::service_dn();
    options.connection.secret = [] { return Secret(Ds389Rig::service_password()); };
    options.connection.network_timeout = std::chrono::seconds(2);
    options.connection.operation_timeout = std::chrono::seconds(5);
    options.base = std::move(base);
    return options;
}

}  // namespace bascule::test
