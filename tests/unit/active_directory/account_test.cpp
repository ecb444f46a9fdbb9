#include "connectors/ldap/dialects/active_directory/account.hpp"

#include <gtest/gtest.h>

#include "connectors/ldap/dialects/active_directory/due_times.hpp"
#include "connectors/ldap/dialects/active_directory/values.hpp"

namespace bascule::ldap {
namespace {

using directory::SourceEntry;
using std::chrono::minutes;

const Time now = parse_time("2026-01-01T12:00:00Z").value();

SourceEntry account(std::vector<std::pair<std::string, std::string>> values) {
    SourceEntry entry;
    for (auto& [name, value] : values) {
        entry.attributes.push_back({std::move(name), {std::move(value)}});
    }
    return entry;
}

std::string ticks(Time time) {
    return std::to_string(ticks_from_time(time));
}

TEST(AccountFacts, DisabledIsABitOfTheAccountControl) {
    EXPECT_TRUE(account_facts(account({{"userAccountControl", "514"}}), {}, now).disabled);
    EXPECT_FALSE(account_facts(account({{"userAccountControl", "66048"}}), {}, now).disabled);
}

TEST(AccountFacts, AnAccountExpiresAtItsInstant) {
    const auto entry = account({{"accountExpires", ticks(now)}});
    const auto before = account_facts(entry, {}, now - minutes(1));
    EXPECT_FALSE(before.expired);
    EXPECT_EQ(before.changes_at, now);
    const auto at = account_facts(entry, {}, now);
    EXPECT_TRUE(at.expired);
    EXPECT_FALSE(at.changes_at);
    for (const auto* never : {"0", "9223372036854775807"}) {
        EXPECT_FALSE(account_facts(account({{"accountExpires", never}}), {}, now).expired);
    }
}

TEST(AccountFacts, ALockoutEndsAfterTheDomainsDuration) {
    const auto entry = account({{"lockoutTime", ticks(now)}});
    const auto during = account_facts(entry, minutes(30), now + minutes(29));
    EXPECT_TRUE(during.locked);
    EXPECT_EQ(during.changes_at, now + minutes(30));
    EXPECT_FALSE(account_facts(entry, minutes(30), now + minutes(30)).locked);
    // Without a duration it lasts until somebody unlocks.
    const auto for_ever = account_facts(entry, {}, now + minutes(999));
    EXPECT_TRUE(for_ever.locked);
    EXPECT_FALSE(for_ever.changes_at);
    EXPECT_FALSE(account_facts(account({{"lockoutTime", "0"}}), minutes(30), now).locked);
}

TEST(AccountFacts, TheServersOwnBitDecidesAboutTheLock) {
    const auto open =
        account({{"lockoutTime", ticks(now)}, {"msDS-User-Account-Control-Computed", "0"}});
    EXPECT_FALSE(account_facts(open, minutes(30), now).locked);
    // A longer policy of the account's own: looked at again.
    const auto longer =
        account({{"lockoutTime", ticks(now)}, {"msDS-User-Account-Control-Computed", "16"}});
    const auto facts = account_facts(longer, minutes(30), now + minutes(40));
    EXPECT_TRUE(facts.locked);
    EXPECT_GT(*facts.changes_at, now + minutes(40));
}

TEST(AccountFacts, BecomeAttributesThatMappingsRead) {
    auto entry = account({{"userAccountControl", "512"}});
    AccountFacts facts;
    facts.expired = true;
    add_account_attributes(entry, facts);
    EXPECT_EQ(entry.values("accountActive"), directory::AttributeValues{"FALSE"});
    EXPECT_EQ(entry.values("accountExpired"), directory::AttributeValues{"TRUE"});
    EXPECT_EQ(entry.values("accountLocked"), directory::AttributeValues{"FALSE"});
    EXPECT_TRUE(is_computed_name("ACCOUNTACTIVE"));
    EXPECT_FALSE(is_computed_name("accountExpires"));
}

TEST(DueTimes, KeepOneTimeOfEachEntryInOrder) {
    const Uuid first = uuid_v5({}, "first");
    const Uuid second = uuid_v5({}, "second");
    DueTimes due;
    EXPECT_FALSE(due.next());
    due.set(first, now + minutes(5));
    due.set(second, now + minutes(3));
    due.set(first, now + minutes(1));
    EXPECT_EQ(due.next(), now + minutes(1));
    EXPECT_EQ(due.take(now), std::vector<Uuid>{});
    EXPECT_EQ(due.take(now + minutes(2)), std::vector<Uuid>{first});
    due.set(second, std::nullopt);
    EXPECT_FALSE(due.next());
}

}  // namespace
}  // namespace bascule::ldap
