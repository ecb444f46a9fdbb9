// Servers without a change feed, followed by looking for changes: slapd without syncprov, and 389
// Directory Server as if it were any LDAPv3 server.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/ds389/ds389_source.hpp"
#include "tests/integration/generic/old_stamps.hpp"
#include "tests/integration/mirror/mirror_rig.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::size_t units = 3;

std::string people(std::string_view below = {}) {
    return fmt::format("{}ou=people,{}", below, SlapdRig::suffix());
}

std::string rename(const std::string& dn, const std::string& rdn, const std::string& parent = {}) {
    return fmt::format(
        "dn: {}\nchangetype: modrdn\nnewrdn: {}\ndeleteoldrdn: 1\n{}\n", dn, rdn,
        parent.empty() ? "" : "newsuperior: " + parent + "\n"
    );
}

std::string remove(const std::string& dn) {
    return fmt::format("dn: {}\nchangetype: delete\n\n", dn);
}

std::string every_change() {
    const auto added = people("uid=new,ou=d0,");
    const auto modify = [](const std::string& dn, const std::string& changes) {
        return fmt::format("dn: {}\nchangetype: modify\n{}\n", dn, changes);
    };
    return fmt::format(
               "dn: {}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: new\ncn: New\nsn: "
               "New\n\n",
               added
           ) +
           modify(user_dn(3, units), "replace: title\ntitle: Pilot\n") +
           rename(user_dn(4, units), "uid=renamed") +
           rename(user_dn(5, units), "uid=" + user_uid(5), people("ou=d0,")) +
           rename(people("ou=d1,"), "ou=deep", people("ou=d0,")) + remove(user_dn(6, units)) +
           modify(
               group_dn("g0000"), fmt::format(
                                      "replace: member\nmember: {}\nmember: {}\nmember: {}\n",
                                      user_dn(0, units), added, people("uid=renamed,ou=deep,ou=d0,")
                                  )
           ) +
           remove(group_dn("g0001"));
}

MirrorSetup generic(ldap::SourceOptions source, milliseconds interval, milliseconds audit) {
    MirrorSetup setup{std::move(source), ldap::Dialect::generic, "entryUUID", open_limits()};
    setup.source.polling.interval = interval;
    setup.source.polling.audit = audit;
    return setup;
}

class GenericSlapd : public testing::Test {
  protected:
    explicit GenericSlapd(SlapdOptions options = {.syncprov = false}) : slapd(std::move(options)) {
        slapd.load_ldif(directory_ldif(12, 2, units));
        slapd.start();
    }
    static void begin(MirrorRig& mirror) {
        mirror.start();
        ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
        ASSERT_THAT(mirror.wait_equal(), IsEmpty());
    }
    SlapdRig slapd;
};

TEST_F(GenericSlapd, EveryChangeArrives) {
    MirrorRig mirror(generic(slapd_source(slapd), milliseconds(100), milliseconds(300)));
    begin(mirror);
    slapd.modify(every_change());
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_TRUE(mirror.document(group_dn("g0001")).empty());
    EXPECT_EQ(mirror.deletes(), 2U);
}

TEST_F(GenericSlapd, ALookFindsChangesAndOnlyAListingDeletes) {
    MirrorRig mirror(generic(slapd_source(slapd), milliseconds(50), hours(24)));
    begin(mirror);
    const auto received = mirror.status().received;
    slapd.modify(remove(user_dn(6, units)));
    slapd.set(user_dn(7, units), "title", "Pilot");
    ASSERT_TRUE(MirrorRig::wait([&] {
        return mirror.document(user_dn(7, units)).find("Pilot") != std::string::npos;
    }));
    EXPECT_FALSE(mirror.document(user_dn(6, units)).empty());
    EXPECT_EQ(mirror.status().received, received + 1);
    EXPECT_EQ(mirror.deletes(), 0U);
    // A rename makes it list everything.
    slapd.modify(rename(user_dn(8, units), "uid=renamed"));
    EXPECT_TRUE(MirrorRig::wait([&] { return mirror.document(user_dn(6, units)).empty(); }));
    EXPECT_THAT(mirror.document(people("uid=renamed,ou=d2,")), HasSubstr("u0000008@rig.test"));
    // The group goes on naming the old place.
    slapd.modify(remove(group_dn("g0000")) + rename(group_dn("g0001"), "cn=last"));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 2U);
}

TEST_F(GenericSlapd, ChangesWhileItWasAwayAreFound) {
    MirrorRig mirror(generic(slapd_source(slapd), milliseconds(100), hours(24)));
    begin(mirror);
    mirror.stop();
    slapd.modify(every_change());
    begin(mirror);
    const auto received = mirror.status().received;
    slapd.stop();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().state == "backoff"; }));
    slapd.start_unreachable();
    slapd.modify(remove(user_dn(9, units)));
    slapd.set(people("uid=u0000010,ou=deep,ou=d0,"), "title", "Later");
    slapd.restart();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_LT(mirror.status().received, received + 5);
    EXPECT_EQ(mirror.deletes(), 3U);
}

TEST(GenericRestart, ReadsOnlyWhatDiffers) {
    SlapdRig slapd({.syncprov = false});
    slapd.load_ldif(with_old_stamps(directory_ldif(40, 2, units)));
    slapd.start();
    MirrorRig mirror(generic(slapd_source(slapd), milliseconds(50), hours(24)));
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    ASSERT_GT(mirror.status().received, 40U);
    slapd.set(user_dn(7, units), "title", "Newest");
    ASSERT_THAT(mirror.wait_equal(), IsEmpty());
    mirror.stop();

    slapd.modify(remove(user_dn(6, units)));
    slapd.set(user_dn(3, units), "title", "Meanwhile");
    slapd.modify(rename(group_dn("g0001"), "cn=renamed"));
    const auto sequence = mirror.last_sequence();
    mirror.start();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_TRUE(mirror.document(user_dn(6, units)).empty());
    // The three that differ, each once by the listing and once more by the look of the overlap.
    EXPECT_LE(mirror.status().received, 6U);
    EXPECT_GT(mirror.last_sequence(), sequence);

    mirror.stop();
    const auto before = mirror.last_sequence();
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_LE(mirror.status().received, 3U);
    EXPECT_EQ(mirror.last_sequence(), before);
    EXPECT_EQ(mirror.deletes(), 1U);
}

TEST_F(GenericSlapd, SomethingElseCanBeTheAnchor) {
    auto setup = generic(slapd_source(slapd), milliseconds(50), hours(24));
    setup.source.polling.anchor = "employeeNumber";
    MirrorRig mirror(std::move(setup));
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    const auto id = [&](const std::string& dn) {
        return mirror.document(dn).substr(0, mirror.document(dn).find("userName"));
    };
    const auto before = id(user_dn(8, units));
    slapd.modify(rename(user_dn(8, units), "uid=renamed"));
    const auto now = people("uid=renamed,ou=d2,");
    ASSERT_TRUE(MirrorRig::wait([&] { return !mirror.document(now).empty(); }));
    EXPECT_EQ(id(now).substr(id(now).find("\"id\"")), before.substr(before.find("\"id\"")));
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// With and without paged results: an access rule hides what the server offers, as one does that
/// offers nothing.
class GenericLimited : public GenericSlapd, public testing::WithParamInterface<bool> {
  protected:
    GenericLimited()
        : GenericSlapd(
              {.service_size_limit = "40",
               .global_lines = GetParam() ? ""
                                          : "access to dn.base=\"\" attrs=supportedControl by * "
                                            "none\naccess to dn.base=\"\" by * read",
               .syncprov = false}
          ) {}
};
INSTANTIATE_TEST_SUITE_P(Pages, GenericLimited, testing::Bool());

TEST_P(GenericLimited, AnAnswerCutShortIsToldAndDeletesNothing) {
    MirrorRig mirror(generic(slapd_source(slapd), milliseconds(50), milliseconds(100)));
    begin(mirror);
    slapd.modify(users_ldif({.count = 40, .first = 100, .units = units}));
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().state == "degraded"; }));
    EXPECT_THAT(mirror.status().last_error, StartsWith("directory_limit"));
    EXPECT_EQ(mirror.status().last_error.find("no paged results") == std::string::npos, GetParam());
    for (std::size_t user = 0; user < 12; ++user) {
        EXPECT_FALSE(mirror.document(user_dn(user, units)).empty()) << user;
    }
    EXPECT_EQ(mirror.deletes(), 0U);
    mirror.stop();
    slapd.stop();
    slapd.configure_database({});
    slapd.start();
    begin(mirror);
    EXPECT_FALSE(mirror.document(user_dn(139, units)).empty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

class GenericDs389 : public testing::Test {
  protected:
    void SetUp() override {
        ds389.modify(
            units_ldif(units) + users_ldif({.count = 12, .first = 0, .units = units}) +
            groups_ldif(2, 12, units)
        );
    }
    void TearDown() override { ds389.clear(); }
    MirrorSetup setup(milliseconds interval, milliseconds audit) {
        auto made = generic(ds389_source(ds389), interval, audit);
        made.anchor_attribute = "nsUniqueId";
        return made;
    }
    Ds389Rig& ds389 = shared_ds389();
};

TEST_F(GenericDs389, PersistentSearchRingsForEveryChange) {
    MirrorRig mirror(setup(hours(1), hours(24)));
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    ds389.set(user_dn(7, units), "title", "Pilot");
    ASSERT_TRUE(MirrorRig::wait([&] {
        return mirror.document(user_dn(7, units)).find("Pilot") != std::string::npos;
    }));
    ds389.modify(every_change());
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 2U);
}

}  // namespace
}  // namespace bascule::test
