// What the final result of a synchronisation search means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/ldap/sync_end.hpp"

namespace bascule::ldap {
namespace {

using directory::FeedEnd;

FeedEnd end_of(int code, const std::string& diagnostic = "") {
    Outcome outcome;
    outcome.code = code;
    outcome.diagnostic = diagnostic;
    return end_of_search(outcome, "dc=example", SyncDialect()).end;
}

TEST(SyncEnd, ResultsAreToldApart) {
    EXPECT_EQ(end_of(4096, "sync cookie is stale"), FeedEnd::cookie_rejected);
    EXPECT_EQ(end_of(4096, "search base has changed"), FeedEnd::base_missing);
    EXPECT_EQ(end_of(53, "consumer state is newer than provider!"), FeedEnd::provider_behind);
    EXPECT_EQ(
        end_of(53, "consumer has state info but provider doesn't!"), FeedEnd::provider_behind
    );
    EXPECT_EQ(end_of(53, "Too many active synchronization sessions"), FeedEnd::limited);
    EXPECT_EQ(end_of(53, "something else"), FeedEnd::disconnected);
    EXPECT_EQ(end_of(32), FeedEnd::base_missing);
    EXPECT_EQ(end_of(10), FeedEnd::base_missing);
    for (const int limit : {3, 4, 11}) {
        EXPECT_EQ(end_of(limit), FeedEnd::limited);
    }
    for (const int refused : {2, 8, 12, 13, 34, 49, 50}) {
        EXPECT_EQ(end_of(refused), FeedEnd::refused) << refused;
    }
    for (const int later : {-1, 51, 52, 80}) {
        EXPECT_EQ(end_of(later), FeedEnd::disconnected) << later;
    }
}

}  // namespace
}  // namespace bascule::ldap
