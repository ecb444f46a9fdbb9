#include "connectors/ldap/dialects/active_directory/account.hpp"

#include <algorithm>

#include "connectors/ldap/dialects/active_directory/values.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

std::optional<Time> instant(const directory::SourceEntry& entry, std::string_view attribute) {
    const auto ticks = integer_value(entry, attribute);
    return ticks ? time_from_ticks(*ticks) : std::nullopt;
}

void add(directory::SourceEntry& entry, std::string_view name, bool value) {
    entry.attributes.push_back({std::string(name), {value ? "TRUE" : "FALSE"}});
}

}  // namespace

AccountFacts account_facts(
    const directory::SourceEntry& entry, std::optional<std::chrono::seconds> lockout, Time now
) {
    AccountFacts facts;
    facts.disabled =
        (integer_value(entry, "userAccountControl").value_or(0) & account_disabled) != 0;
    const auto note = [&](Time when) {
        facts.changes_at = std::min(facts.changes_at.value_or(when), when);
    };
    if (const auto expires = instant(entry, "accountExpires")) {
        facts.expired = *expires <= now;
        if (!facts.expired) {
            note(*expires);
        }
    }
    if (const auto since = instant(entry, "lockoutTime")) {
        const auto computed = integer_value(entry, "msDS-User-Account-Control-Computed");
        facts.locked =
            computed ? (*computed & account_locked) != 0 : !lockout || *since + *lockout > now;
        if (facts.locked && lockout) {
            // A policy of the account's own may last longer; then it is looked at again.
            note(std::max(*since + *lockout, now + std::chrono::seconds(1)));
        }
    }
    return facts;
}

bool is_computed_name(std::string_view attribute) {
    return equals_ignoring_ascii_case(attribute, account_active_name) ||
           equals_ignoring_ascii_case(attribute, account_expired_name) ||
           equals_ignoring_ascii_case(attribute, account_locked_name);
}

void add_account_attributes(directory::SourceEntry& entry, const AccountFacts& facts) {
    add(entry, account_active_name, !facts.disabled && !facts.expired);
    add(entry, account_expired_name, facts.expired);
    add(entry, account_locked_name, facts.locked);
}

}  // namespace bascule::ldap
