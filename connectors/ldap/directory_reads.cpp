#include "connectors/ldap/directory_reads.hpp"

#include "connectors/ldap/dn.hpp"

namespace bascule::ldap {

Result<std::string> naming_context_of(
    Connection& connection, const std::string& base, Deadline deadline
) {
    SearchRequest request;
    request.attributes = {"namingContexts"};
    BASCULE_TRY(const auto entries, connection.search(request, deadline));
    BASCULE_TRY(const auto key, dn_key(base));
    std::string best = base;
    std::size_t longest = 0;
    for (const auto& entry : entries) {
        for (const auto& context : entry.values("namingContexts")) {
            const auto context_key = dn_key(context);
            if (context_key && is_at_or_below(key, *context_key) && context_key->size() > longest) {
                longest = context_key->size();
                best = context;
            }
        }
    }
    return best;
}

Result<SyncCookie> provider_stamps(
    Connection& connection, const std::string& naming_context, Deadline deadline
) {
    SearchRequest request;
    request.base = naming_context;
    request.attributes = {"contextCSN"};
    BASCULE_TRY(const auto entries, connection.search(request, deadline));
    SyncCookie stamps;
    for (const auto& entry : entries) {
        for (const auto& stamp : entry.values("contextCSN")) {
            stamps.add_stamp(stamp);
        }
    }
    return stamps;
}

}  // namespace bascule::ldap
