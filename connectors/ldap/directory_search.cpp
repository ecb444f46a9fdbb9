#include "connectors/ldap/directory_search.hpp"

#include <utility>

#include "connectors/ldap/dn.hpp"

namespace bascule::ldap {

Result<std::optional<directory::SourceEntry>> find_entry(
    WorkConnection& work, const std::string& dn, std::vector<std::string> attributes,
    Deadline deadline
) {
    SearchRequest request;
    request.base = dn;
    request.attributes = std::move(attributes);
    auto entries = work.run<std::vector<directory::SourceEntry>>(
        deadline, [&](Connection& connection) { return connection.search(request, deadline); }
    );
    if (!entries) {
        if (entries.error().kind == ErrorKind::not_found) {
            return std::optional<directory::SourceEntry>();
        }
        return fail(std::move(entries).error());
    }
    if (entries->empty()) {
        return std::optional<directory::SourceEntry>();
    }
    auto& entry = entries->front();
    entry.dn_key = dn_key_or_raw(entry.dn);
    return std::optional(std::move(entry));
}

Result<bool> entry_exists(WorkConnection& work, const std::string& dn, Deadline deadline) {
    BASCULE_TRY(const auto entry, find_entry(work, dn, {"1.1"}, deadline));
    return entry.has_value();
}

}  // namespace bascule::ldap
