// What a poll hands over: only what differs.
#include "connectors/ldap/dialects/generic/known_entries.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bascule::ldap {
namespace {

using Change = KnownEntries::Change;

directory::SourceEntry entry(std::uint8_t number, std::string dn, std::string stamp) {
    directory::SourceEntry made;
    made.anchor.bytes[0] = number;
    made.dn = std::move(dn);
    made.csn = std::move(stamp);
    made.attributes = {{"cn", {"A", "B"}}, {"sn", {"C"}}};
    return made;
}

TEST(KnownEntries, OrderOfValuesAndANewStampAreNoChange) {
    KnownEntries known;
    auto one = entry(1, "cn=a", "20260101000000Z");
    EXPECT_EQ(known.take(one), Change::appeared);
    one.csn = "20260101000001Z";
    one.attributes = {{"SN", {"C"}}, {"cn", {"B", "A"}}};
    EXPECT_EQ(known.take(one), Change::none);
    EXPECT_TRUE(known.is_as_listed(one));
    one.attributes[1].values = {"B", "D"};
    EXPECT_EQ(known.take(one), Change::modified);
    one.attributes = {{"sn", {"D", "B"}}, {"cn", {"C"}}};
    EXPECT_EQ(known.take(one), Change::modified);
}

TEST(KnownEntries, ListingShowsMovesAndStamps) {
    KnownEntries known;
    auto one = entry(1, "cn=a", "20260101000000Z");
    EXPECT_FALSE(known.is_as_listed(one));
    EXPECT_EQ(known.take(one), Change::appeared);
    one.csn = "20260101000001Z";
    EXPECT_FALSE(known.is_as_listed(one));
    one.csn = "20260101000000Z";
    one.dn = "cn=b";
    EXPECT_FALSE(known.is_as_listed(one));
    EXPECT_EQ(known.take(one), Change::moved);
    const auto missing = known.without([](const Uuid&) { return false; });
    EXPECT_THAT(missing, testing::ElementsAre(one.anchor));
    known.forget(one.anchor);
    EXPECT_TRUE(known.empty());
}

}  // namespace
}  // namespace bascule::ldap
