#include "connectors/ldap/dialects/active_directory/entry_reader.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>
#include <set>
#include <utility>

#include "connectors/ldap/dialects/active_directory/dir_sync_control.hpp"
#include "connectors/ldap/dialects/active_directory/value_ranges.hpp"
#include "connectors/ldap/dialects/active_directory/values.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/errors.hpp"
#include "connectors/ldap/filter_text.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::RawAttribute;
using directory::SourceEntry;

constexpr std::size_t entries_of_a_search = 100;
constexpr std::string_view group_filter = "(objectClass=group)";
constexpr std::string_view other_filter = "(!(objectClass=group))";

bool is_group(const SourceEntry& entry) {
    return std::ranges::any_of(entry.values("objectClass"), [](std::string_view one) {
        return equals_ignoring_ascii_case(one, "group");
    });
}

bool has_parts(const SourceEntry& entry) {
    return std::ranges::any_of(entry.attributes, [](const RawAttribute& one) {
        const auto range = parse_value_range(one.name);
        return range && range->last;
    });
}

void replace_value(SourceEntry& entry, std::string_view name, std::string_view value) {
    for (auto& attribute : entry.attributes) {
        if (equals_ignoring_ascii_case(attribute.name, name)) {
            attribute.values = {value};
            return;
        }
    }
}

Error search_failure(const SearchEnd& end, const std::string& base) {
    auto error = error_from_result(end.outcome.code, end.outcome.diagnostic, "reading " + base);
    if (end.outcome.code == LDAP_NO_SUCH_OBJECT || end.outcome.code == LDAP_REFERRAL) {
        error.code = "base_missing";
        error.detail = fmt::format(
            "The base {} is not in the directory any more, was renamed, or may not be seen by the "
            "service account. The mirrored data is kept. Check sources[].base and the account's "
            "rights.",
            base
        );
    }
    if (error.code == "directory_limit") {
        error.detail =
            "The domain controller cut the answer short (MaxQueryDuration or MaxPageSize of its "
            "LDAP policy). Nothing was deleted. Raise the limit with ntdsutil, or mirror a smaller "
            "base.";
    }
    return error;
}

}  // namespace

std::optional<Uuid> anchor_of(const SourceEntry& entry) {
    const auto& values = entry.values("objectGUID");
    if (values.empty()) {
        return std::nullopt;
    }
    const auto anchor = guid_from_wire(values.front());
    return anchor ? std::optional(*anchor) : std::nullopt;
}

EntryReader::EntryReader(Connection& connection, const Controller& controller, EntryScope scope)
    : connection_(connection),
      controller_(controller),
      scope_(std::move(scope)),
      base_key_(dn_key_or_raw(scope_.base)) {
    for (const auto& attribute : followed_attributes()) {
        attributes_.push_back(
            equals_ignoring_ascii_case(attribute, "member")
                ? value_range_name("member", 0, scope_.range)
                : attribute
        );
    }
    for (const auto* name :
         {"objectSid", "whenChanged", "uSNChanged", "msDS-User-Account-Control-Computed",
          "lastKnownParent"}) {
        attributes_.emplace_back(name);
    }
}

bool EntryReader::wants(std::string_view attribute) const {
    return std::ranges::any_of(scope_.attributes, [&](const std::string& one) {
        return equals_ignoring_ascii_case(one, attribute);
    });
}

std::vector<std::string> EntryReader::followed_attributes() const {
    std::vector<std::string> followed{"objectGUID",  "objectClass",       "name",
                                      "isDeleted",   "primaryGroupID",    "accountExpires",
                                      "lockoutTime", "userAccountControl"};
    for (const auto& one : scope_.attributes) {
        const bool known = std::ranges::any_of(followed, [&](const std::string& other) {
            return equals_ignoring_ascii_case(one, other);
        });
        if (!known && !is_computed_name(one)) {
            followed.push_back(one);
        }
    }
    return followed;
}

SearchRequest EntryReader::request(std::string base, std::string filter) const {
    SearchRequest request;
    request.base = std::move(base);
    request.scope = SearchScope::subtree;
    request.filter = std::move(filter);
    request.attributes = attributes_;
    return request;
}

Result<SearchEnd> EntryReader::search(
    const SearchRequest& request, const TakeEntry& take, bool paged
) {
    // Other domains and partitions below the base are not of this source.
    const std::vector<Control> controls{{domain_scope_oid, {}, true}};
    auto end =
        paged ? search_paged(connection_, request, controls, scope_.page, scope_.patience, take)
              : search_with_controls(connection_, request, controls, scope_.patience, take);
    if (end && !end->outcome.success()) {
        return fail(search_failure(*end, request.base));
    }
    return end;
}

/// What other parts of the program need to know of an entry beside its attributes.
void EntryReader::translate(SourceEntry& entry, const Uuid& anchor) const {
    entry.anchor = anchor;
    entry.dn_key = dn_key_or_raw(entry.dn);
    replace_value(entry, "objectGUID", entry.anchor.to_string());
    if (const auto& sid = entry.values("objectSid"); !sid.empty()) {
        replace_value(entry, "objectSid", sid_text(sid.front()).value_or(""));
    }
    if (const auto& stamp = entry.values("whenChanged"); !stamp.empty()) {
        entry.csn = stamp.front();
    }
}

Status EntryReader::hand_over(SourceEntry entry, const Take& take) {
    const auto complete = complete_values(connection_, entry, scope_.range, scope_.patience);
    if (!complete && complete.error().kind == ErrorKind::not_found) {
        return {};  // it is gone by now, which the next increment tells
    }
    BASCULE_CHECK(complete);
    BASCULE_CHECK(add_primary_members(entry));
    Found found;
    found.in_scope = is_at_or_below(entry.dn_key, base_key_);
    if (!entry.values("userAccountControl").empty()) {
        found.facts = account_facts(entry, controller_.lockout, controller_.now());
        add_account_attributes(entry, found.facts);
    }
    found.entry = std::move(entry);
    return take(std::move(found));
}

/// A group does not name those whose primary group it is.
Status EntryReader::add_primary_members(SourceEntry& entry) {
    const auto& sid = entry.values("objectSid");
    if (!is_group(entry) || sid.empty() || !wants("member") ||
        !sid.front().starts_with(controller_.domain_sid)) {
        return {};
    }
    const auto relative = relative_id(sid.front());
    if (!relative) {
        return {};
    }
    std::vector<std::string> members;
    BASCULE_TRY(
        const auto total, list(
                              fmt::format("(primaryGroupID={})", *relative), {"1.1"},
                              [&](SourceEntry member) -> Status {
                                  members.push_back(std::move(member.dn));
                                  return {};
                              }
                          )
    );
    if (total.entries == 0) {
        return {};
    }
    const auto found = std::ranges::find_if(entry.attributes, [](const RawAttribute& one) {
        return equals_ignoring_ascii_case(one.name, "member");
    });
    auto& values = found == entry.attributes.end()
                       ? entry.attributes.emplace_back(RawAttribute{"member", {}}).values
                       : found->values;
    values.append(directory::AttributeValues(members));
    return {};
}

Result<std::optional<std::uint32_t>> EntryReader::relative_id_of(const Uuid& group) {
    SearchRequest asked;
    asked.base = guid_name(group);
    asked.attributes = {"objectSid"};
    const auto found =
        connection_.search(asked, std::chrono::steady_clock::now() + scope_.patience);
    if (!found && found.error().kind != ErrorKind::not_found) {
        return fail(found.error());
    }
    std::optional<std::uint32_t> relative;
    if (found && !found->empty() && !found->front().values("objectSid").empty()) {
        const auto sid = sid_text(found->front().values("objectSid").front()).value_or("");
        if (sid.starts_with(controller_.domain_sid)) {
            relative = relative_id(sid);
        }
    }
    return relative;
}

Result<bool> EntryReader::is_primary_group(std::uint32_t relative) {
    constexpr const char* enough = "enough";
    const auto end = list(
        fmt::format("(primaryGroupID={})", relative), {"1.1"},
        [](const SourceEntry&) -> Status { return fail(ErrorKind::conflict, enough, ""); }
    );
    if (!end && end.error().code != enough) {
        return fail(end.error());
    }
    return !end;
}

Result<EntryReader::Total> EntryReader::list(
    const std::string& filter, std::vector<std::string> attributes, const TakeEntry& take
) {
    auto asked = request(scope_.base, filter);
    asked.attributes = std::move(attributes);
    Total total;
    BASCULE_TRY(
        const auto end, search(
                            asked,
                            [&](SourceEntry entry) -> Status {
                                ++total.entries;
                                return take(std::move(entry));
                            },
                            true
                        )
    );
    total.references = end.references;
    return total;
}

/// Groups come last, when it is known which of them are anybody's primary group. What needs more
/// searches waits until the pages are through: a controller may allow one paged search at a time.
Result<EntryReader::Total> EntryReader::read_tree(const std::string& top, const Take& take) {
    Total total;
    std::set<std::int64_t> primary;
    std::vector<Uuid> later;
    const auto each = [&](SourceEntry entry) -> Status {
        const auto anchor = anchor_of(entry);
        if (!anchor) {
            return {};
        }
        ++total.entries;
        translate(entry, *anchor);
        if (const auto group = integer_value(entry, "primaryGroupID")) {
            primary.insert(*group);
        }
        const auto& sid = entry.values("objectSid");
        const auto relative = sid.empty() ? std::nullopt : relative_id(sid.front());
        const bool needs_more =
            has_parts(entry) || (relative && is_group(entry) && primary.contains(*relative));
        if (needs_more) {
            later.push_back(entry.anchor);
            return {};
        }
        // Nothing is missing in it.
        for (auto& attribute : entry.attributes) {
            if (const auto range = parse_value_range(attribute.name)) {
                attribute.name = range->attribute;
            }
        }
        Found found;
        found.in_scope = true;
        if (!entry.values("userAccountControl").empty()) {
            found.facts = account_facts(entry, controller_.lockout, controller_.now());
            add_account_attributes(entry, found.facts);
        }
        found.entry = std::move(entry);
        return take(std::move(found));
    };
    for (const auto filter : {other_filter, group_filter}) {
        BASCULE_TRY(const auto end, search(request(top, std::string(filter)), each, true));
        total.references += end.references;
    }
    BASCULE_CHECK(read_these(later, take));
    return total;
}

Status EntryReader::read_these(const std::vector<Uuid>& anchors, const Take& take) {
    for (std::size_t at = 0; at < anchors.size(); at += entries_of_a_search) {
        std::vector<FilterText> parts;
        const std::size_t end = std::min(anchors.size(), at + entries_of_a_search);
        for (std::size_t i = at; i < end; ++i) {
            parts.push_back(FilterText::equal("objectGUID", guid_to_wire(anchors[i])));
        }
        std::vector<SourceEntry> entries;
        const auto asked = request(controller_.naming_context, FilterText::any_of(parts).text());
        BASCULE_TRY(
            const auto read, search(
                                 asked,
                                 [&](SourceEntry entry) -> Status {
                                     if (const auto anchor = anchor_of(entry)) {
                                         translate(entry, *anchor);
                                         entries.push_back(std::move(entry));
                                     }
                                     return {};
                                 },
                                 false
                             )
        );
        static_cast<void>(read);
        for (auto& entry : entries) {
            BASCULE_CHECK(hand_over(std::move(entry), take));
        }
    }
    return {};
}

Status EntryReader::read_groups(const Take& take) {
    std::vector<Uuid> groups;
    BASCULE_TRY(
        [[maybe_unused]] const auto total, list(
                                               "(objectClass=group)", {"objectGUID"},
                                               [&](const SourceEntry& entry) -> Status {
                                                   if (const auto anchor = anchor_of(entry)) {
                                                       groups.push_back(*anchor);
                                                   }
                                                   return {};
                                               }
                                           )
    );
    return read_these(groups, take);
}

Status EntryReader::read_primary_group(std::uint32_t relative, const Take& take) {
    std::vector<SourceEntry> entries;
    auto asked =
        request(fmt::format("<SID={}-{}>", controller_.domain_sid, relative), "(objectClass=*)");
    asked.scope = SearchScope::base;
    const auto collect = [&](SourceEntry entry) -> Status {
        if (const auto anchor = anchor_of(entry)) {
            translate(entry, *anchor);
            entries.push_back(std::move(entry));
        }
        return {};
    };
    const auto read = search(asked, collect, false);
    if (!read && read.error().code != "base_missing") {
        return fail(read.error());
    }
    for (auto& entry : entries) {
        BASCULE_CHECK(hand_over(std::move(entry), take));
    }
    return {};
}

}  // namespace bascule::ldap
