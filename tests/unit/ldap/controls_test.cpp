// Decoders against bytes that were put together by hand.
#include "connectors/ldap/controls.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace bascule::ldap {
namespace {

std::string bytes(std::initializer_list<int> values) {
    std::string out;
    for (const int value : values) {
        out += static_cast<char>(value);
    }
    return out;
}

/// Tag, length (short form), content.
std::string element(int tag, const std::string& content) {
    return bytes({tag, static_cast<int>(content.size())}) + content;
}

const std::string anchor = "0123456789abcdef";
const std::string yes = bytes({0x01, 0x01, 0xff});
const std::string no = bytes({0x01, 0x01, 0x00});

TEST(SyncRequest, CarriesModeAndCookie) {
    EXPECT_EQ(
        encode_sync_request(SyncMode::refresh_and_persist, "rid=1"),
        element(0x30, bytes({0x0a, 1, 3}) + element(0x04, "rid=1"))
    );
    EXPECT_EQ(encode_sync_request(SyncMode::refresh_only, ""), element(0x30, bytes({0x0a, 1, 1})));
}

TEST(SyncStateControl, StateAnchorAndCookieAreRead) {
    const auto value =
        element(0x30, bytes({0x0a, 1, 3}) + element(0x04, anchor) + element(0x04, "c"));
    const auto state = decode_sync_state(value);
    ASSERT_TRUE(state.has_value());
    EXPECT_EQ(state->state, SyncEntryState::remove);
    EXPECT_EQ(state->anchor.raw(), anchor);
    EXPECT_EQ(state->cookie, "c");
    const auto bare = decode_sync_state(element(0x30, bytes({0x0a, 1, 1}) + element(0x04, anchor)));
    ASSERT_TRUE(bare.has_value());
    EXPECT_FALSE(bare->cookie.has_value());
}

TEST(SyncStateControl, MalformedBytesAreRefused) {
    for (const auto& bad :
         {std::string(), std::string("x"), element(0x30, ""),
          element(0x30, bytes({0x0a, 1, 4}) + element(0x04, anchor)),
          element(0x30, bytes({0x0a, 1, 1}) + element(0x04, "short")),
          element(0x31, bytes({0x0a, 1, 1}) + element(0x04, anchor)),
          bytes({0x30, 0x7f, 0x0a, 1, 1}),
          element(0x30, bytes({0x0a, 1, 1}) + element(0x04, anchor) + bytes({0x04, 9}))}) {
        EXPECT_FALSE(decode_sync_state(bad).has_value());
    }
}

TEST(SyncDoneControl, DefaultsApply) {
    EXPECT_FALSE(decode_sync_done(element(0x30, ""))->refresh_deletes);
    EXPECT_FALSE(decode_sync_done(element(0x30, ""))->cookie.has_value());
    const auto done = decode_sync_done(element(0x30, element(0x04, "c") + yes));
    EXPECT_TRUE(done->refresh_deletes);
    EXPECT_EQ(done->cookie, "c");
}

TEST(SyncInfoMessage, EveryChoiceIsRead) {
    const auto fresh = decode_sync_info(element(0x80, "cookie"));
    ASSERT_TRUE(fresh.has_value());
    EXPECT_EQ(fresh->kind, SyncInfo::Kind::new_cookie);
    EXPECT_EQ(fresh->cookie, "cookie");
    const auto deletes = decode_sync_info(element(0xa1, element(0x04, "c")));
    ASSERT_TRUE(deletes.has_value());
    EXPECT_EQ(deletes->kind, SyncInfo::Kind::refresh_delete);
    EXPECT_TRUE(deletes->refresh_done);
    const auto present = decode_sync_info(element(0xa2, no));
    ASSERT_TRUE(present.has_value());
    EXPECT_EQ(present->kind, SyncInfo::Kind::refresh_present);
    EXPECT_FALSE(present->refresh_done);
    EXPECT_FALSE(present->cookie.has_value());
    const auto set = decode_sync_info(element(
        0xa3,
        element(0x04, "c") + yes + element(0x31, element(0x04, anchor) + element(0x04, anchor))
    ));
    ASSERT_TRUE(set.has_value());
    EXPECT_EQ(set->kind, SyncInfo::Kind::id_set);
    EXPECT_TRUE(set->refresh_deletes);
    EXPECT_EQ(set->anchors.size(), 2U);
    EXPECT_FALSE(decode_sync_info(element(0xa3, element(0x31, "")))->refresh_deletes);
}

TEST(SyncInfoMessage, MalformedBytesAreRefused) {
    for (const auto& bad :
         {std::string(), element(0xa4, ""), element(0xa3, ""),
          element(0xa3, element(0x31, element(0x04, "short"))),
          bytes({0xa3, 0x84, 0x7f, 0xff, 0xff, 0xff})}) {
        EXPECT_FALSE(decode_sync_info(bad).has_value());
    }
}

TEST(PolicyControl, WarningsAndErrorsAreRead) {
    const auto nothing = decode_policy_response(element(0x30, ""));
    ASSERT_TRUE(nothing.has_value());
    EXPECT_FALSE(nothing->error.has_value());
    const auto locked = decode_policy_response(element(0x30, element(0x81, bytes({1}))));
    EXPECT_EQ(locked->error, PolicyError::account_locked);
    const auto expiring = decode_policy_response(
        element(0x30, element(0xa0, element(0x80, bytes({0x01, 0x00}))) + element(0x81, bytes({2})))
    );
    EXPECT_EQ(expiring->expires_in, std::chrono::seconds(256));
    EXPECT_EQ(expiring->error, PolicyError::change_after_reset);
    const auto grace =
        decode_policy_response(element(0x30, element(0xa0, element(0x81, bytes({3})))));
    EXPECT_EQ(grace->graces_left, 3U);
    EXPECT_FALSE(decode_policy_response(element(0x30, element(0x81, bytes({77})))).has_value());
    EXPECT_FALSE(decode_policy_response("").has_value());
}

}  // namespace
}  // namespace bascule::ldap
