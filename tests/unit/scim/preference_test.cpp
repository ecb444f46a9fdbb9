#include "scim/service/preference.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bascule::scim {
namespace {

using std::chrono::seconds;

Preferences read(const std::vector<std::string>& headers) {
    http::Request request;
    for (const std::string& header : headers) {
        request.headers.emplace_back("prefer", header);
    }
    return preferences_of(request);
}

TEST(Preference, NoHeaderPrefersNothing) {
    const Preferences none = read({});
    EXPECT_FALSE(none.dry_run);
    EXPECT_FALSE(none.respond_async);
    EXPECT_FALSE(none.wait.has_value());
    EXPECT_EQ(none.representation, PreferredReturn::unspecified);
}

TEST(Preference, OneHeaderMayHoldSeveral) {
    const Preferences all = read({"respond-async, wait=10 ,return=minimal,dry-run"});
    EXPECT_TRUE(all.dry_run);
    EXPECT_TRUE(all.respond_async);
    EXPECT_EQ(all.wait, seconds(10));
    EXPECT_EQ(all.representation, PreferredReturn::minimal);
}

TEST(Preference, HeadersAddUpAndTheFirstValueCounts) {
    const Preferences all =
        read({"return=representation", "return=minimal; x=1", "wait=3, wait=4"});
    EXPECT_EQ(all.representation, PreferredReturn::representation);
    EXPECT_EQ(all.wait, seconds(3));
}

TEST(Preference, NamesIgnoreCaseAndValuesMayBeQuoted) {
    const Preferences all = read({"Return = \"minimal\"; foo=\"a,b;c\", Dry-Run"});
    EXPECT_EQ(all.representation, PreferredReturn::minimal);
    EXPECT_TRUE(all.dry_run);
}

TEST(Preference, QuotedTextIsNoSeparator) {
    const Preferences none = read({R"(foo="x, dry-run, \", respond-async", bar)"});
    EXPECT_FALSE(none.dry_run);
    EXPECT_FALSE(none.respond_async);
}

TEST(Preference, ForeignValuesCountAsNoPreference) {
    const Preferences none =
        read({"dry-run=never, respond-async=5, wait=-1, return=all", "wait=ten,wait=99999999999"});
    EXPECT_FALSE(none.dry_run);
    EXPECT_FALSE(none.respond_async);
    EXPECT_FALSE(none.wait.has_value());
    EXPECT_EQ(none.representation, PreferredReturn::unspecified);
}

TEST(Preference, WhatWasFollowedSharesOneHeader) {
    http::Response response;
    note_applied(response, "dry-run");
    note_applied(response, "return=minimal");
    ASSERT_EQ(response.headers.size(), 1U);
    EXPECT_EQ(response.headers[0].first, "Preference-Applied");
    EXPECT_EQ(response.headers[0].second, "dry-run, return=minimal");
}

}  // namespace
}  // namespace bascule::scim
