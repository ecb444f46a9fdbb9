// What arrives while the stream stands.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/ldap/dn.hpp"
#include "tests/integration/ldap/feed_runner.hpp"

namespace bascule::ldap {
namespace {

using directory::FeedEnd;
using test::SlapdRig;
using test::user_dn;

class FeedPersist : public ::testing::Test {
  protected:
    FeedPersist() {
        rig_.load_ldif(test::directory_ldif(20, 2));
        rig_.start();
    }
    static std::string people() { return "ou=people," + SlapdRig::suffix(); }
    static std::string new_user(std::string_view dn, std::string_view uid) {
        return fmt::format(
            "dn: {}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: {}\ncn: New\nsn: New\n", dn,
            uid
        );
    }
    SlapdRig rig_;
};

TEST_F(FeedPersist, AddModifyRenameAndDeleteArriveByAnchor) {
    FeedRunner runner(feed_options(rig_));
    ASSERT_TRUE(runner.wait_refreshed());
    const auto dn = "uid=new,ou=d1," + people();
    rig_.modify(new_user(dn, "new"));
    ASSERT_TRUE(runner.wait([&](const Seen& seen) { return seen.by_dn(dn) != nullptr; }));
    const auto anchor = rig_.entry_uuid(dn);
    rig_.set(dn, "mail", "new@rig.test");
    ASSERT_TRUE(runner.wait([&](const Seen& seen) { return seen.change_count(dn) == 2; }));
    EXPECT_EQ(runner.seen().entries.at(anchor).first_value("mail"), "new@rig.test");
    rig_.modify("dn: " + dn + "\nchangetype: modrdn\nnewrdn: uid=newer\ndeleteoldrdn: 1\n");
    const auto renamed = "uid=newer,ou=d1," + people();
    ASSERT_TRUE(runner.wait([&](const Seen& seen) { return seen.by_dn(renamed) != nullptr; }));
    EXPECT_EQ(runner.seen().entries.at(anchor).dn_key, *dn_key(renamed));
    rig_.modify("dn: " + renamed + "\nchangetype: delete\n");
    ASSERT_TRUE(runner.wait([&](const Seen& seen) { return !seen.deleted.empty(); }));
    EXPECT_THAT(runner.seen().deleted, ::testing::ElementsAre(anchor));
}

TEST_F(FeedPersist, EveryChangeAdvancesTheCookieAndIdleFollows) {
    FeedRunner runner(feed_options(rig_));
    ASSERT_TRUE(runner.wait_refreshed());
    ASSERT_TRUE(runner.wait([](const Seen& seen) { return seen.idle > 0; }));
    const auto before = runner.seen();
    rig_.set(user_dn(1), "title", "Changed");
    ASSERT_TRUE(runner.wait([&](const Seen& seen) {
        return seen.cookies == 1 && seen.idle > before.idle;
    }));
    EXPECT_GT(runner.seen().cookie, before.cookie);
    EXPECT_EQ(runner.stop().end, FeedEnd::stopped);
    FeedRunner again(feed_options(rig_), runner.seen().cookie);
    ASSERT_TRUE(again.wait_refreshed());
    EXPECT_TRUE(again.seen().changes.empty());
}

TEST_F(FeedPersist, ContainerRenameIsOneMessageForTheContainer) {
    FeedRunner runner(feed_options(rig_));
    ASSERT_TRUE(runner.wait_refreshed());
    const auto before = runner.seen().changes.size();
    rig_.modify(
        "dn: ou=d1," + people() + "\nchangetype: modrdn\nnewrdn: ou=renamed\ndeleteoldrdn: 1\n"
    );
    ASSERT_TRUE(runner.wait([&](const Seen& seen) {
        return seen.by_dn("ou=renamed," + people()) != nullptr;
    }));
    rig_.set("ou=d2," + people(), "description", "marker");
    ASSERT_TRUE(runner.wait([&](const Seen& seen) {
        return seen.change_count("ou=d2," + people()) == 2;
    }));
    EXPECT_EQ(runner.seen().changes.size(), before + 2);
}

TEST_F(FeedPersist, MoveOutOfTheBaseDeletesAndMoveInAdds) {
    auto options = feed_options(rig_);
    options.base = people();
    FeedRunner runner(options);
    ASSERT_TRUE(runner.wait_refreshed());
    const auto anchor = rig_.entry_uuid(user_dn(5));
    rig_.modify(
        "dn: " + user_dn(5) + "\nchangetype: modrdn\nnewrdn: uid=" + test::user_uid(5) +
        "\ndeleteoldrdn: 0\nnewsuperior: ou=services," + SlapdRig::suffix() + "\n"
    );
    ASSERT_TRUE(runner.wait([](const Seen& seen) { return !seen.deleted.empty(); }));
    EXPECT_EQ(runner.seen().deleted.front(), anchor);
    rig_.modify(
        "dn: uid=" + test::user_uid(5) + ",ou=services," + SlapdRig::suffix() +
        "\nchangetype: modrdn\nnewrdn: uid=" + test::user_uid(5) +
        "\ndeleteoldrdn: 0\nnewsuperior: ou=d0," + people() + "\n"
    );
    ASSERT_TRUE(runner.wait([&](const Seen& seen) { return seen.entries.contains(anchor); }));
    EXPECT_EQ(
        runner.seen().entries.at(anchor).dn, "uid=" + test::user_uid(5) + ",ou=d0," + people()
    );
}

TEST_F(FeedPersist, ChangeOutsideTheScopeAdvancesTheCookie) {
    auto options = feed_options(rig_);
    options.base = people();
    FeedRunner runner(options);
    ASSERT_TRUE(runner.wait_refreshed());
    const auto before = runner.seen();
    rig_.set("ou=services," + SlapdRig::suffix(), "description", "outside");
    EXPECT_TRUE(runner.wait([&](const Seen& seen) { return seen.cookie != before.cookie; }));
    EXPECT_EQ(runner.seen().changes.size(), before.changes.size());
}

TEST_F(FeedPersist, BurstArrivesWholeAndInOrder) {
    auto options = feed_options(rig_);
    options.connection.servers = {rig_.ldaps_uri()};
    FeedRunner runner(options);
    ASSERT_TRUE(runner.wait_refreshed());
    // The sink is held back, so that many messages wait in the socket and share TLS records.
    runner.hold();
    std::string burst;
    for (int i = 0; i < 300; ++i) {
        burst += fmt::format(
            "dn: {0}\nchangetype: modify\nreplace: title\ntitle: Number {1}\n\n", user_dn(i % 20), i
        );
    }
    rig_.modify(burst);
    runner.release();
    ASSERT_TRUE(runner.wait([&](const Seen& seen) {
        const auto* last = seen.by_dn(user_dn(299 % 20));
        return last != nullptr && last->values("title") == directory::AttributeValues{"Number 299"};
    }));
    for (int i = 280; i < 300; ++i) {
        EXPECT_EQ(
            runner.seen().by_dn(user_dn(i % 20))->first_value("title"), fmt::format("Number {}", i)
        );
    }
}

TEST_F(FeedPersist, ValuesAreCountedBytesAndOptionsStayInTheName) {
    FeedRunner runner(feed_options(rig_));
    ASSERT_TRUE(runner.wait_refreshed());
    rig_.modify(
        "dn: " + user_dn(2) +
        "\nchangetype: modify\nreplace: jpegPhoto\njpegPhoto:: YQBiAGM=\n-\n"
        "add: description;lang-de\ndescription;lang-de: Hallo\n"
    );
    ASSERT_TRUE(runner.wait([](const Seen& seen) { return seen.change_count(user_dn(2)) == 2; }));
    const auto seen = runner.seen();
    const auto* entry = seen.by_dn(user_dn(2));
    EXPECT_EQ(entry->first_value("jpegPhoto"), std::string("a\0b\0c", 5));
    EXPECT_EQ(entry->first_value("description;lang-de"), "Hallo");
    EXPECT_EQ(entry->values("description").size(), 1U);
}

TEST_F(FeedPersist, NamesWithEverySpecialCharacterHaveOneKey) {
    FeedRunner runner(feed_options(rig_));
    ASSERT_TRUE(runner.wait_refreshed());
    const std::string name = "# a,b+c\"d\\e<f>g;h=i ";
    const auto dn = "cn=" + escape_dn_value(name) + "+uid=special," + people();
    rig_.modify(
        "dn: " + dn + "\nchangetype: add\nobjectClass: inetOrgPerson\nuid: special\nsn: s\n"
    );
    ASSERT_TRUE(runner.wait([](const Seen& seen) {
        return !seen.changes.empty() &&
               seen.changes.back().values("uid") == directory::AttributeValues{"special"};
    }));
    const auto entry = runner.seen().changes.back();
    EXPECT_EQ(entry.dn_key, *dn_key(dn));
    EXPECT_EQ(
        entry.dn_key,
        *dn_key(
            "UID=special + CN=\\23\\20a\\2cb\\2bc\\22d\\5ce\\3cf\\3eg\\3bh\\3di\\20 ," + people()
        )
    );
    EXPECT_EQ(rig_.entry_uuid(dn), entry.anchor.to_string());
}

TEST(FeedLargeGroup, ChangeOfAGroupOf100000MembersArrives) {
    SlapdRig rig;
    rig.load_ldif(test::directory_ldif(1) + test::group_ldif("all", 100'000));
    rig.start();
    FeedRunner runner(feed_options(rig));
    ASSERT_TRUE(runner.wait_refreshed());
    ASSERT_EQ(runner.seen().by_dn(test::group_dn("all"))->values("member").size(), 100'000U);
    rig.modify(
        "dn: " + test::group_dn("all") +
        "\nchangetype: modify\ndelete: member\nmember: " + user_dn(77'777) + "\n"
    );
    ASSERT_TRUE(runner.wait([](const Seen& seen) {
        return seen.change_count(test::group_dn("all")) == 2;
    }));
    EXPECT_EQ(runner.seen().by_dn(test::group_dn("all"))->values("member").size(), 99'999U);
}

}  // namespace
}  // namespace bascule::ldap
