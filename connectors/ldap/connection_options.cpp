#include "connectors/ldap/connection_options.hpp"

#include "connectors/ldap/dn.hpp"

namespace bascule::ldap {

std::string ConnectionOptions::identity() const {
    switch (method) {
        case BindMethod::simple:
            return dn_key_or_raw(bind_dn);
        case BindMethod::external:
            return "external:" + certificate_file;
        case BindMethod::gssapi:
            return "gssapi:" + (principal.empty() ? keytab_file : principal);
    }
    return {};
}

Result<std::vector<Candidate>> ConnectionOptions::candidates(
    std::chrono::steady_clock::time_point deadline
) const {
    if (servers.empty() && finder) {
        return finder(deadline);
    }
    std::vector<Candidate> list;
    for (const auto& server : servers) {
        list.push_back({server, static_cast<int>(list.size())});
    }
    return list;
}

ConnectionOptions ConnectionOptions::at(const std::string& server) const {
    ConnectionOptions one = *this;
    one.servers = {server};
    return one;
}

}  // namespace bascule::ldap
