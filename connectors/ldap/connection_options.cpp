#include "connectors/ldap/connection_options.hpp"

#include "connectors/ldap/bounded_call.hpp"
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
    std::chrono::steady_clock::time_point deadline, const std::stop_token& stop
) const {
    if (servers.empty() && finder) {
        using Found = Result<std::vector<Candidate>>;
        auto found = call_within<Found>(deadline, stop, [find = finder, deadline] {
            return find(deadline);
        });
        return found ? *std::move(found) : fail(name_unanswered(finder_name));
    }
    std::vector<Candidate> list;
    for (const auto& server : servers) {
        list.push_back({server, static_cast<int>(list.size())});
    }
    return list;
}

bool ConnectionOptions::has_alternatives() const {
    return servers.size() > 1 || (servers.empty() && finder);
}

ConnectionOptions ConnectionOptions::at(const std::string& server) const {
    ConnectionOptions one = *this;
    one.servers = {server};
    return one;
}

ConnectionOptions ConnectionOptions::at_feed() const {
    const auto server = reach->view().server;
    return server.empty() ? *this : at(server);
}

}  // namespace bascule::ldap
