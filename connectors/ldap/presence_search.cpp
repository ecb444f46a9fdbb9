#include "connectors/ldap/presence_search.hpp"

#include <algorithm>
#include <utility>

#include "connectors/ldap/anchor.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/filter_text.hpp"
#include "connectors/ldap/moved_subtree.hpp"

namespace bascule::ldap {

using directory::SourceEntry;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t portion = 1000;

/// A server that the cookie does not know says nothing: imported entries keep their old stamps.
bool is_newer(const SourceEntry& entry, const SyncCookie& cookie) {
    SyncCookie own;
    own.add_stamp(entry.csn);
    return std::ranges::any_of(own.stamps(), [&](const auto& stamp) {
        const auto known = cookie.stamps().find(stamp.first);
        return known != cookie.stamps().end() && known->second < stamp.second;
    });
}

}  // namespace

PresenceSearch::PresenceSearch(
    SideConnection& side, SearchRequest scope, const SyncDialect& dialect
)
    : side_(side), scope_(std::move(scope)), dialect_(dialect) {}

Result<PresenceSearch::Found> PresenceSearch::read(const SyncCookie& cookie, const Take& take) {
    BASCULE_TRY(Connection* const connection, side_.get());
    auto request = scope_;
    request.attributes = {dialect_.anchor_attribute, dialect_.stamp_attribute};
    Found found;
    std::vector<Uuid> anchors;
    const auto each = [&](const SourceEntry& entry) -> Status {
        const auto values = entry.values(dialect_.anchor_attribute);
        if (values.empty()) {
            found.complete = false;
            return {};
        }
        const auto anchor = anchor_of(values.front());
        if (is_newer(entry, cookie)) {
            found.newer.push_back(anchor);
        }
        anchors.push_back(anchor);
        return anchors.size() < portion ? Status() : take(std::exchange(anchors, {}));
    };
    BASCULE_TRY(
        const auto references,
        connection->search_each(request, side_.options().operation_timeout, each)
    );
    BASCULE_CHECK(take(anchors));
    found.complete = found.complete && references == 0;
    return found;
}

Status PresenceSearch::read_entries(const std::vector<Uuid>& anchors, const TakeEntry& take) {
    for (const auto& anchor : anchors) {
        BASCULE_TRY(Connection* const connection, side_.get());
        auto request = MovedSubtree::with_signs(scope_);
        const auto named =
            FilterText::equal(dialect_.anchor_attribute, dialect_.anchor_text(anchor));
        request.filter = "(&" + scope_.filter + named.text() + ")";
        BASCULE_TRY(
            auto entries,
            connection->search(request, steady_clock::now() + side_.options().operation_timeout)
        );
        for (auto& entry : entries) {
            entry.anchor = anchor;
            entry.dn_key = dn_key_or_raw(entry.dn);
            dialect_.take_stamp(entry);
            BASCULE_CHECK(take(std::move(entry)));
        }
    }
    return {};
}

Result<bool> PresenceSearch::remembers(const SyncCookie& sent, bool told) {
    if (!dialect_.remembers) {
        return true;
    }
    BASCULE_TRY(Connection* const connection, side_.get());
    return dialect_.remembers(
        *connection, sent, told, steady_clock::now() + side_.options().operation_timeout
    );
}

Status PresenceSearch::try_whole_scope() {
    BASCULE_TRY(Connection* const connection, side_.get());
    auto request = scope_;
    request.attributes = {"1.1"};
    BASCULE_TRY(
        const auto references,
        connection->search_each(
            request, side_.options().operation_timeout, [](const auto&) { return Status(); }
        )
    );
    static_cast<void>(references);
    return {};
}

}  // namespace bascule::ldap
