#include "connectors/ldap/member_log.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/filter_text.hpp"
#include "directory/base/log.hpp"
#include "directory/base/text.hpp"
#include "directory/base/time.hpp"

namespace bascule::ldap {

using directory::MemberChange;
using directory::SourceEntry;
using std::chrono::steady_clock;

namespace {

/// A message may be there before the log entry of the same change.
constexpr int attempts = 10;
constexpr std::chrono::milliseconds between_attempts{10};
constexpr std::size_t most_names_looked_for = 100;
constexpr std::size_t most_told = 10'000;
/// With more, groups are read whole.
constexpr std::chrono::minutes clock_difference{5};
constexpr std::string_view stamp_name = "entryCSN";
/// What every change writes beside itself.
constexpr std::array<std::string_view, 3> always_written{
    stamp_name, "modifiersName", "modifyTimestamp"};

bool is_one_of(std::string_view name, const auto& names) {
    return std::ranges::any_of(names, [&](std::string_view one) {
        return equals_ignoring_ascii_case(one, name);
    });
}

/// The stamp that a logged change gave its entry.
std::string stamp_of(const SourceEntry& logged) {
    for (const auto& line : logged.values("reqMod")) {
        const auto change = parse_logged_change(line);
        if (change && change->value && equals_ignoring_ascii_case(change->attribute, stamp_name)) {
            return std::string(*change->value);
        }
    }
    return {};
}

bool is_newer(const std::string& stamp, const SyncCookie& known) {
    SyncCookie own;
    own.add_stamp(stamp);
    return own.empty() || known.is_behind(own);
}

/// When the log entry of a change that is not known yet can have been written at the earliest, as
/// reqStart is written: its own server's time, while stamps may be of others.
std::string earliest_start(const SyncCookie& known) {
    std::string newest;
    for (const auto& [server, stamp] : known.stamps()) {
        newest = std::max(newest, stamp.substr(0, stamp.find('#')));
    }
    const auto time = parse_generalized_time(newest);
    if (!time) {
        return "00000000000000Z";
    }
    // 2026-11-22T00:36:59.123Z without its punctuation and its fraction
    std::string text = format_time(*time - clock_difference).substr(0, 19);
    std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'T'; });
    return text + ".000000Z";
}

}  // namespace

std::optional<LoggedChange> parse_logged_change(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 >= line.size()) {
        return std::nullopt;
    }
    LoggedChange change;
    change.attribute = line.substr(0, colon);
    change.kind = line[colon + 1];
    const auto rest = line.substr(colon + 2);
    if (std::string_view("+-=#").find(change.kind) == std::string_view::npos ||
        (!rest.empty() && rest.front() != ' ')) {
        return std::nullopt;
    }
    if (!rest.empty()) {
        change.value = rest.substr(1);
    }
    return change;
}

bool LoggedMembers::take(const LoggedChange& change) {
    if (is_one_of(change.attribute, always_written)) {
        return true;
    }
    const bool one_member = change.value && (change.kind == '+' || change.kind == '-');
    if (!one_member || !is_one_of(change.attribute, attributes_)) {
        return false;
    }
    if (attribute_.empty()) {
        attribute_ = change.attribute;
    }
    auto key = dn_key(*change.value);
    if (!equals_ignoring_ascii_case(attribute_, change.attribute) || !key || key->empty()) {
        return false;
    }
    Last last{change.kind == '+', {std::string(*change.value), *key, {}}};
    std::erase_if(members_, [&](const auto& one) { return one.first == *key; });
    members_.emplace_back(*std::move(key), std::move(last));
    return true;
}

bool LoggedMembers::take(const directory::AttributeValues& lines) {
    return std::ranges::all_of(lines, [&](std::string_view line) {
        const auto change = parse_logged_change(line);
        return change && take(*change);
    });
}

MemberChange LoggedMembers::change(const Uuid& group) const {
    MemberChange change;
    change.anchor = group;
    change.attribute = attribute_;
    for (const auto& [key, last] : members_) {
        (last.joined ? change.added : change.removed).push_back(last.member);
    }
    return change;
}

MemberLog::MemberLog(SideConnection& side, MemberLogOptions options)
    : side_(side), options_(std::move(options)) {}

Result<std::vector<SourceEntry>> MemberLog::read(const Uuid& group, const SyncCookie& known) {
    BASCULE_TRY(Connection* const connection, side_.get());
    SearchRequest request;
    request.base = options_.base;
    request.scope = SearchScope::subtree;
    request.filter = "(&(reqResult=0)" +
                     FilterText::equal("reqEntryUUID", group.to_string()).text() +
                     "(reqStart>=" + earliest_start(known) + "))";
    request.attributes = {"reqType", "reqMod"};
    BASCULE_TRY(
        auto entries,
        connection->search(request, steady_clock::now() + side_.options().operation_timeout)
    );
    std::map<std::string, SourceEntry> by_stamp;
    for (auto& entry : entries) {
        if (const auto stamp = stamp_of(entry); is_newer(stamp, known)) {
            by_stamp.insert_or_assign(stamp, std::move(entry));
        }
    }
    std::vector<SourceEntry> out;
    for (auto& [stamp, entry] : by_stamp) {
        entry.csn = stamp;
        out.push_back(std::move(entry));
    }
    return out;
}

/// The log says from which change of each server on it is whole.
Result<bool> MemberLog::reaches_back(Connection& connection, const SyncCookie& known) {
    SearchRequest request;
    request.base = options_.base;
    request.attributes = {"minCSN"};
    BASCULE_TRY(
        const auto entries,
        connection.search(request, steady_clock::now() + side_.options().operation_timeout)
    );
    SyncCookie from;
    for (const auto& entry : entries) {
        for (const auto& stamp : entry.values("minCSN")) {
            from.add_stamp(stamp);
        }
    }
    return !from.empty() && std::ranges::all_of(known.stamps(), [&](const auto& one) {
        const auto least = from.stamps().find(one.first);
        return least != from.stamps().end() && least->second <= one.second;
    });
}

Result<bool> MemberLog::named_elsewhere(const SourceEntry& group, const MemberChange& change) {
    std::vector<std::string> others;
    for (const auto* names : {&options_.attributes, &options_.other_attributes}) {
        std::ranges::copy_if(*names, std::back_inserter(others), [&](const std::string& name) {
            return !equals_ignoring_ascii_case(name, change.attribute);
        });
    }
    if (change.removed.empty() || others.empty()) {
        return false;
    }
    // By other attributes than DNs nobody can tell whom they name.
    const bool by_name = std::ranges::any_of(options_.other_attributes, [&](const auto& name) {
        return !group.values(name).empty();
    });
    if (by_name || change.removed.size() > most_names_looked_for) {
        return true;
    }
    std::vector<FilterText> parts;
    for (const auto& name : others) {
        for (const auto& member : change.removed) {
            parts.push_back(FilterText::equal(name, member.dn));
        }
    }
    BASCULE_TRY(Connection* const connection, side_.get());
    SearchRequest request;
    request.base = group.dn;
    request.filter = FilterText::any_of(parts).text();
    request.attributes = {"1.1"};
    BASCULE_TRY(
        const auto found,
        connection->search(request, steady_clock::now() + side_.options().operation_timeout)
    );
    return !found.empty();
}

Result<std::optional<MemberChange>> MemberLog::look_up(
    const SourceEntry& group, const SyncCookie& known
) {
    BASCULE_TRY(Connection* const connection, side_.get());
    BASCULE_TRY(const bool whole, reaches_back(*connection, known));
    for (int attempt = 0; whole && attempt < attempts; ++attempt) {
        BASCULE_TRY(const auto logged, read(group.anchor, known));
        const bool complete = std::ranges::any_of(logged, [&](const SourceEntry& one) {
            return one.csn == group.csn;
        });
        if (!complete) {
            std::this_thread::sleep_for(between_attempts);
            continue;
        }
        LoggedMembers members(options_.attributes);
        const bool members_only = std::ranges::all_of(logged, [&](const SourceEntry& one) {
            return one.first_value("reqType") == "modify" && members.take(one.values("reqMod"));
        });
        auto change = members.change(group.anchor);
        if (!members_only || change.attribute.empty()) {
            return std::optional<MemberChange>();
        }
        change.csn = group.csn;
        until_ = {};
        for (const auto& one : logged) {
            until_.add_stamp(one.csn);
        }
        BASCULE_TRY(const bool elsewhere, named_elsewhere(group, change));
        return elsewhere ? std::optional<MemberChange>() : std::optional(std::move(change));
    }
    return std::optional<MemberChange>();
}

bool MemberLog::was_told(const SourceEntry& group) const {
    const auto told = told_.find(group.anchor);
    SyncCookie own;
    own.add_stamp(group.csn);
    return told != told_.end() && !own.empty() && !told->second.is_behind(own);
}

void MemberLog::set_told(const Uuid& group) {
    if (told_.size() >= most_told) {
        told_.clear();
    }
    told_[group] = until_;
}

std::optional<MemberChange> MemberLog::changes(const SourceEntry& group, const SyncCookie& known) {
    auto found = look_up(group, known);
    if (!found) {
        complain(found.error());
        return std::nullopt;
    }
    return *std::move(found);
}

void MemberLog::complain(const Error& error) {
    if (!std::exchange(complained_, true)) {
        log::warning(
            "member_log_unreadable",
            "The log of changes cannot be read; groups are read whole when their members change. "
            "Check sources[].delta.log and the account's rights there.",
            {{"log", options_.base}, {"error", error.code + ": " + error.detail}}
        );
    }
}

}  // namespace bascule::ldap
