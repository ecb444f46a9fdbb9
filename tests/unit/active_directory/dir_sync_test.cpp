#include <gtest/gtest.h>

#include "connectors/ldap/dialects/active_directory/dir_sync_control.hpp"

namespace bascule::ldap {
namespace {

using namespace std::string_view_literals;

TEST(DirSyncControl, AsksForIncrementalValuesByTheAccountsOwnRights) {
    // SEQUENCE { 0x80000801 as a signed number, 4 MiB, cookie }
    EXPECT_EQ(
        encode_dir_sync_request("ab"),
        "\x30\x0f\x02\x04\x80\x00\x08\x01\x02\x03\x40\x00\x00\x04\x02\x61\x62"sv
    );
}

TEST(DirSyncControl, ReadsWhetherMoreComes) {
    const auto last = decode_dir_sync_answer("\x30\x0a\x02\x01\x00\x02\x01\x00\x04\x02xy"sv);
    ASSERT_TRUE(last);
    EXPECT_FALSE(last->more);
    EXPECT_EQ(last->cookie, "xy");
    const auto more = decode_dir_sync_answer("\x30\x0a\x02\x01\x01\x02\x01\x00\x04\x02xy"sv);
    ASSERT_TRUE(more);
    EXPECT_TRUE(more->more);
    EXPECT_FALSE(decode_dir_sync_answer(""));
    EXPECT_FALSE(decode_dir_sync_answer("\x30\x03\x02\x01\x01"sv));
}

TEST(DirSyncCookie, SurvivesBeingWrittenDown) {
    DirSyncCookie cookie;
    cookie.database = parse_uuid("00112233-4455-6677-8899-aabbccddeeff").value();
    cookie.controller = "CN=NTDS Settings,CN=DC|1";
    cookie.time = parse_time("2026-01-01T12:00:00.250Z").value();
    cookie.bytes = std::string("\x00\xff|\n", 4);
    cookie.server = "ldaps://dc1.example.com";
    cookie.deletions_seen = true;
    const auto read = DirSyncCookie::parse(cookie.to_string());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->database, cookie.database);
    EXPECT_EQ(read->controller, cookie.controller);
    EXPECT_EQ(read->time, cookie.time);
    EXPECT_EQ(read->bytes, cookie.bytes);
    EXPECT_EQ(read->server, cookie.server);
    EXPECT_TRUE(read->deletions_seen);
}

TEST(DirSyncCookie, OneWithoutAServerIsGoodToo) {
    const auto read = DirSyncCookie::parse(
        "dirsync1|00112233-4455-6677-8899-aabbccddeeff|4343|2026-01-01T12:00:00.250Z|ff00"
    );
    ASSERT_TRUE(read);
    EXPECT_EQ(read->bytes, std::string("\xff\0", 2));
    EXPECT_EQ(read->server, "");
    EXPECT_FALSE(read->deletions_seen);
}

TEST(DirSyncCookie, RefusesWhatIsNone) {
    DirSyncCookie cookie;
    cookie.bytes = "x";
    auto text = cookie.to_string();
    EXPECT_TRUE(DirSyncCookie::parse(text));
    EXPECT_FALSE(DirSyncCookie::parse(text + "0"));
    EXPECT_FALSE(DirSyncCookie::parse(text.substr(0, text.rfind('|'))));
    EXPECT_FALSE(DirSyncCookie::parse(text + "|"));
    EXPECT_FALSE(DirSyncCookie::parse("rid=000,csn=20260101000000.000000Z#000000#00a#000000"));
    EXPECT_FALSE(DirSyncCookie::parse(""));
    cookie.bytes.clear();
    EXPECT_FALSE(DirSyncCookie::parse(cookie.to_string()));
}

}  // namespace
}  // namespace bascule::ldap
