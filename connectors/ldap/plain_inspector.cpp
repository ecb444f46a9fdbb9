#include "connectors/ldap/plain_inspector.hpp"

#include <algorithm>
#include <utility>

#include "connectors/ldap/anchor.hpp"
#include "connectors/ldap/controlled_requests.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/errors.hpp"
#include "connectors/ldap/feed_scope.hpp"
#include "connectors/ldap/filter_text.hpp"

namespace bascule::ldap {

using directory::Inspection;
using directory::SourceEntry;
using std::chrono::steady_clock;

namespace {

constexpr std::string_view dn_anchor = "dn";
constexpr std::string_view paged_results_oid = "1.2.840.113556.1.4.319";

Inspection unreadable(std::string dn) {
    Inspection out;
    out.verdict = Inspection::Verdict::unreadable;
    out.entry.dn_key = dn_key_or_raw(dn);
    out.entry.dn = std::move(dn);
    return out;
}

}  // namespace

Result<std::string> usual_anchor(
    Connection& connection, const std::string& base, Deadline deadline
) {
    SearchRequest request;
    request.base = base;
    request.attributes.assign(usual_anchors.begin(), usual_anchors.end());
    BASCULE_TRY(const auto entries, connection.search(request, deadline));
    for (const char* name : usual_anchors) {
        if (!entries.empty() && !entries.front().values(name).empty()) {
            return std::string(name);
        }
    }
    return std::string();
}

Result<std::string> PlainInspector::anchor_attribute(Connection& connection, Deadline deadline)
    const {
    if (!options_.anchor_attribute.empty()) {
        return options_.anchor_attribute;
    }
    return usual_anchor(connection, options_.base, deadline);
}

bool PlainInspector::complete(SourceEntry& entry, std::string_view anchor) const {
    entry.dn_key = dn_key_or_raw(entry.dn);
    for (const auto& name : {options_.stamp_attribute, options_.second_stamp}) {
        if (entry.csn.empty() && !entry.values(name).empty()) {
            entry.csn = entry.values(name).front();
        }
    }
    if (const auto& values = entry.values(anchor); !values.empty()) {
        entry.anchor = anchor_of(values.front());
        return true;
    }
    // An attribute of people that is taken for an anchor is not on containers.
    entry.anchor = anchor_of(entry.dn_key);
    return anchor == dn_anchor || !is_usual_anchor(anchor);
}

Result<Inspection> PlainInspector::read(
    Connection& connection, SearchRequest request, const std::string& anchor, Deadline deadline
) const {
    request.attributes = options_.attributes;
    for (const auto& name : {options_.stamp_attribute, options_.second_stamp, anchor}) {
        if (!name.empty() && name != dn_anchor) {
            request.attributes.push_back(name);
        }
    }
    request.attributes.emplace_back("objectClass");
    auto entries = connection.search(request, deadline);
    if (!entries && entries.error().kind == ErrorKind::not_found) {
        return Inspection{};
    }
    if (!entries && entries.error().code == "directory_denied") {
        return unreadable(request.base);
    }
    if (!entries) {
        return fail(std::move(entries).error());
    }
    if (entries->empty()) {
        return request.scope == SearchScope::base ? unreadable(request.base) : Inspection{};
    }
    auto& entry = entries->front();
    if (entry.values("objectClass").empty() || !complete(entry, anchor)) {
        return unreadable(entry.dn);
    }
    return Inspection{Inspection::Verdict::found, std::move(entry)};
}

Result<Inspection> PlainInspector::look_at(
    const std::string& dn, Deadline deadline, std::stop_token stop
) {
    return work_.run_at_feed<Inspection>(
        deadline,
        [&](Connection& connection) -> Result<Inspection> {
            BASCULE_TRY(const std::string anchor, anchor_attribute(connection, deadline));
            SearchRequest request;
            request.base = dn;
            return read(connection, std::move(request), anchor, deadline);
        },
        stop
    );
}

Result<Inspection> PlainInspector::look_for(
    const Uuid& anchor, Deadline deadline, std::stop_token stop
) {
    return work_.run_at_feed<Inspection>(
        deadline,
        [&](Connection& connection) -> Result<Inspection> {
            BASCULE_TRY(const std::string name, anchor_attribute(connection, deadline));
            if (name.empty() || name == dn_anchor) {
                return Inspection{};
            }
            SearchRequest request;
            request.base = options_.base;
            request.scope = SearchScope::subtree;
            const bool as_text = options_.anchor_text == nullptr && name == "entryUUID";
            request.filter =
                FilterText::equal(
                    name, options_.anchor_text != nullptr ? options_.anchor_text(anchor)
                          : as_text                       ? anchor.to_string()
                                                          : std::string(anchor.raw())
                )
                    .text();
            return read(connection, std::move(request), name, deadline);
        },
        stop
    );
}

Result<directory::EntryInspector::Listing> PlainInspector::list(
    const std::function<Status(Listed)>& take, std::stop_token stop
) {
    const auto deadline = connecting_deadline(options_.connection);
    const auto patience = options_.connection.operation_timeout;
    BASCULE_TRY(
        auto connection,
        Connection::open_bound(options_.connection.at_feed(), deadline, std::move(stop))
    );
    BASCULE_TRY(const std::string anchor, anchor_attribute(connection, deadline));
    SearchRequest request;
    request.base = options_.base;
    request.scope = SearchScope::subtree;
    for (const auto& name : {options_.stamp_attribute, options_.second_stamp, anchor}) {
        if (!name.empty() && name != dn_anchor) {
            request.attributes.push_back(name);
        }
    }
    Listing listing;
    const auto each = [&](SourceEntry entry) -> Status {
        ++listing.entries;
        if (!complete(entry, anchor)) {
            ++listing.nameless;
            return {};
        }
        return take(
            {entry.anchor, std::move(entry.dn), std::move(entry.dn_key), std::move(entry.csn)}
        );
    };
    BASCULE_TRY(const bool paged, offers_control(connection, paged_results_oid, deadline));
    if (options_.page_size == 0 || !paged) {
        BASCULE_TRY(listing.references, connection.search_each(request, patience, each));
        return listing;
    }
    BASCULE_TRY(
        const auto end, search_paged(connection, request, {}, options_.page_size, patience, each)
    );
    if (!end.outcome.success()) {
        return fail(
            error_from_result(end.outcome.code, end.outcome.diagnostic, "listing " + request.base)
        );
    }
    listing.references = end.references;
    return listing;
}

}  // namespace bascule::ldap
