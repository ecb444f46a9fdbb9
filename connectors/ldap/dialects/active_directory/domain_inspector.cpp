#include "connectors/ldap/dialects/active_directory/domain_inspector.hpp"

#include <utility>

#include "connectors/ldap/dialects/active_directory/controller.hpp"
#include "connectors/ldap/dialects/active_directory/entry_reader.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/feed_scope.hpp"

namespace bascule::ldap {

using directory::Inspection;
using directory::SourceEntry;
using Verdict = directory::Inspection::Verdict;

Result<Inspection> DomainInspector::read(
    Connection& connection, const Uuid& anchor, Deadline deadline
) const {
    BASCULE_TRY(const auto controller, read_controller(connection, base_, deadline));
    EntryScope scope;
    scope.base = base_;
    scope.attributes = attributes_;
    scope.patience = work_.options().operation_timeout;
    EntryReader reader(connection, controller, std::move(scope));
    Inspection out;
    BASCULE_CHECK(reader.read_these({anchor}, [&](EntryReader::Found found) -> Status {
        out = {Verdict::found, std::move(found.entry)};
        return {};
    }));
    if (out.verdict == Verdict::found && out.entry.values("objectClass").empty()) {
        out.verdict = Verdict::unreadable;
    }
    return out;
}

Result<Inspection> DomainInspector::look_at(
    const std::string& dn, Deadline deadline, std::stop_token stop
) {
    return work_.run_at_feed<Inspection>(
        deadline,
        [&](Connection& connection) -> Result<Inspection> {
            SearchRequest request;
            request.base = dn;
            request.attributes = {"objectGUID"};
            auto entries = connection.search(request, deadline);
            if (!entries && entries.error().kind == ErrorKind::not_found) {
                return Inspection{};
            }
            const bool denied = !entries && entries.error().code == "directory_denied";
            if (!entries && !denied) {
                return fail(std::move(entries).error());
            }
            const auto anchor =
                denied || entries->empty() ? std::nullopt : anchor_of(entries->front());
            if (!anchor) {
                Inspection out;
                out.verdict = Verdict::unreadable;
                out.entry.dn = dn;
                out.entry.dn_key = dn_key_or_raw(dn);
                return out;
            }
            return read(connection, *anchor, deadline);
        },
        stop
    );
}

Result<Inspection> DomainInspector::look_for(
    const Uuid& anchor, Deadline deadline, std::stop_token stop
) {
    return work_.run_at_feed<Inspection>(
        deadline, [&](Connection& connection) { return read(connection, anchor, deadline); }, stop
    );
}

Result<directory::EntryInspector::Listing> DomainInspector::list(
    const std::function<Status(Listed)>& take, std::stop_token stop
) {
    const auto deadline = connecting_deadline(work_.options());
    BASCULE_TRY(
        auto connection,
        Connection::open_bound(work_.options().at_feed(), deadline, std::move(stop))
    );
    BASCULE_TRY(const auto controller, read_controller(connection, base_, deadline));
    EntryScope scope;
    scope.base = base_;
    scope.attributes = attributes_;
    scope.patience = work_.options().operation_timeout;
    EntryReader reader(connection, controller, std::move(scope));
    Listing listing;
    BASCULE_TRY(
        const auto total,
        reader.list(
            "(objectClass=*)", {"objectGUID", "whenChanged"},
            [&](const SourceEntry& entry) -> Status {
                const auto anchor = anchor_of(entry);
                // Of some objects of the system nobody sees it; the feed leaves
                // them out as well.
                if (!anchor) {
                    return {};
                }
                ++listing.entries;
                return take(
                    {*anchor, entry.dn, dn_key_or_raw(entry.dn), entry.first_value("whenChanged")}
                );
            }
        )
    );
    listing.references = total.references;
    return listing;
}

}  // namespace bascule::ldap
