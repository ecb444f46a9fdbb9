#include "connectors/ldap/moved_subtree.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>
#include <utility>

#include "connectors/ldap/anchor.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/entry_decoder.hpp"
#include "connectors/ldap/errors.hpp"
#include "connectors/ldap/filter_text.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

using directory::SourceEntry;
using std::chrono::steady_clock;

namespace {

constexpr std::string_view has_children = "hasSubordinates";
constexpr std::string_view created = "createTimestamp";
// YYYYmmddHHMMSS: all that both stamps have.
constexpr std::size_t whole_second = 14;
// A container that moves on while it is being read is looked for again; a directory in which one
// never stands still is read by the next run.
constexpr int most_attempts = 5;

bool asks_for(const SearchRequest& request, std::string_view name) {
    return std::ranges::any_of(request.attributes, [&](const std::string& one) {
        return equals_ignoring_ascii_case(one, name);
    });
}

auto attribute_of(SourceEntry& entry, std::string_view name) {
    return std::ranges::find_if(entry.attributes, [&](const directory::RawAttribute& one) {
        return equals_ignoring_ascii_case(one.name, name);
    });
}

}  // namespace

MovedSubtree::MovedSubtree(SideConnection& side, SearchRequest scope, const SyncDialect& dialect)
    : side_(side), scope_(std::move(scope)), dialect_(dialect) {}

SearchRequest MovedSubtree::with_signs(SearchRequest scope) {
    for (const auto name : {has_children, created}) {
        if (!asks_for(scope, name)) {
            scope.attributes.emplace_back(name);
        }
    }
    return scope;
}

std::string MovedSubtree::take_sign(SourceEntry& entry, std::string_view name) const {
    const auto found = attribute_of(entry, name);
    if (found == entry.attributes.end()) {
        return {};
    }
    std::string value(found->values.empty() ? "" : found->values.front());
    if (!asks_for(scope_, name)) {
        entry.attributes.erase(found);
    }
    return value;
}

bool MovedSubtree::take_signs(SourceEntry& entry) const {
    const auto children = take_sign(entry, has_children);
    const auto creation = take_sign(entry, created);
    if (!children.empty()) {
        return children == "TRUE";
    }
    return creation.substr(0, whole_second) < entry.csn.substr(0, whole_second);
}

Status MovedSubtree::read(const SourceEntry& top, const Take& take) {
    std::string dn = top.dn;
    Status status;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        status = read_below(dn, top.anchor, take);
        if (status || status.error().kind != ErrorKind::not_found) {
            return status;
        }
        BASCULE_TRY(auto now, current_dn(top.anchor));
        if (!now) {
            return {};
        }
        dn = *std::move(now);
    }
    return status;
}

Status MovedSubtree::read_below(const std::string& dn, const Uuid& top, const Take& take) {
    BASCULE_TRY(Connection* const connection, side_.get());
    SearchRequest request = scope_;
    request.base = dn;
    const auto& anchor_name = dialect_.anchor_attribute;
    request.attributes.emplace_back(anchor_name);
    bool top_seen = false;
    const auto each = [&](SourceEntry entry) -> Status {
        const auto found = attribute_of(entry, anchor_name);
        if (found == entry.attributes.end() || found->values.empty()) {
            return fail(
                ErrorKind::unavailable, "directory_protocol",
                fmt::format(
                    "The directory server sent an entry without its {}; the service account must "
                    "be able to read it.",
                    anchor_name
                )
            );
        }
        entry.anchor = anchor_of(found->values.front());
        if (!asks_for(scope_, anchor_name)) {
            entry.attributes.erase(found);
        }
        if (entry.anchor == top) {
            top_seen = true;
            return {};
        }
        entry.dn_key = dn_key_or_raw(entry.dn);
        dialect_.take_stamp(entry);
        return take(std::move(entry));
    };
    BASCULE_CHECK(connection->search_each(request, side_.options().operation_timeout, each));
    if (!top_seen) {
        return fail(
            ErrorKind::not_found, "no_such_entry",
            fmt::format("Another entry stands at {} by now.", dn)
        );
    }
    return {};
}

Result<std::optional<std::string>> MovedSubtree::current_dn(const Uuid& anchor) {
    BASCULE_TRY(Connection* const connection, side_.get());
    SearchRequest request;
    request.base = scope_.base;
    request.scope = SearchScope::subtree;
    request.filter =
        FilterText::equal(dialect_.anchor_attribute, dialect_.anchor_text(anchor)).text();
    request.attributes = {"1.1"};
    BASCULE_TRY(
        const auto entries,
        connection->search(request, steady_clock::now() + side_.options().operation_timeout)
    );
    return entries.empty() ? std::nullopt : std::optional(entries.front().dn);
}

}  // namespace bascule::ldap
