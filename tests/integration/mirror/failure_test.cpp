#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/mirror/mirror_rig.hpp"

namespace bascule::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string delete_users(std::size_t first, std::size_t count) {
    std::string ldif;
    for (std::size_t number = first; number < first + count; ++number)
        ldif += fmt::format("dn: {}\nchangetype: delete\n\n", user_dn(number));
    return ldif;
}

TEST(MirrorFailure, ServerThatDiesInARefreshLosesNothing) {
    SlapdRig slapd;
    slapd.load_ldif(directory_ldif(20'000, 20));
    slapd.start();
    MirrorRig mirror(slapd);
    mirror.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().received > 500; }));
    slapd.kill();
    EXPECT_NE(mirror.status().state, "live");
    slapd.start();
    ASSERT_TRUE(mirror.wait_live());
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST(MirrorFailure, ServerThatDiesWhileChangesFlowLosesNothing) {
    SlapdRig slapd;
    slapd.load_ldif(directory_ldif(200, 4));
    slapd.start();
    MirrorRig mirror(slapd);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    for (std::size_t round = 0; round < 3; ++round) {
        slapd.set(user_dn(round), "title", fmt::format("before {}", round));
        slapd.kill();
        ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().state == "backoff"; }));
        slapd.start();
        slapd.modify(delete_users(100 + round, 1));
        slapd.set(user_dn(round), "title", fmt::format("after {}", round));
        ASSERT_TRUE(mirror.wait_live());
        EXPECT_THAT(mirror.wait_equal(), IsEmpty());
        EXPECT_EQ(mirror.deletes(), round + 1);
    }
}

/// A server that is killed forgets the deletions since its last checkpoint; it goes on naming those
/// that follow.
class MirrorForgottenDelete : public testing::Test {
  protected:
    void SetUp() override {
        slapd.load_ldif(directory_ldif(30, 0));
        slapd.start();
        mirror.start();
        ASSERT_TRUE(mirror.wait_live());
    }
    /// The mirror has a later stamp than the server has stored.
    void pass_the_checkpoint() {
        slapd.set(user_dn(1), "title", "Before");
        EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    }
    /// Something is done that the mirror cannot hear of, and the server dies of it.
    void change_and_die(const std::string& ldif) {
        slapd.kill();
        slapd.start_unreachable();
        slapd.modify(ldif);
        slapd.kill();
        slapd.start();
    }
    void delete_and_die() { change_and_die(delete_users(7, 1)); }
    void expect_gone() {
        slapd.set(user_dn(2), "title", "After");
        EXPECT_THAT(mirror.wait_equal(), IsEmpty());
        EXPECT_EQ(mirror.document(user_dn(7)), "");
        EXPECT_THAT(mirror.document(user_dn(2)), HasSubstr("After"));
        EXPECT_EQ(mirror.deletes(), 1U);
    }
    SlapdRig slapd;
    MirrorRig mirror{slapd};
};

TEST_F(MirrorForgottenDelete, IsFoundAfterAStreamThatBroke) {
    pass_the_checkpoint();
    delete_and_die();
    expect_gone();
}

TEST_F(MirrorForgottenDelete, IsFoundWhileNothingElseHappens) {
    delete_and_die();
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.document(user_dn(7)), "");
    EXPECT_EQ(mirror.deletes(), 1U);
}

TEST_F(MirrorForgottenDelete, WhatWasAddedChangedAndMovedIsFoundToo) {
    const std::string unit = "ou=new," + SlapdRig::suffix();
    change_and_die(
        "dn: " + user_dn(3) + "\nchangetype: modify\nreplace: title\ntitle: Forgotten\n\ndn: " +
        unit + "\nchangetype: add\nobjectClass: organizationalUnit\nou: new\n\ndn: " + user_dn(4) +
        "\nchangetype: modrdn\nnewrdn: uid=moved\ndeleteoldrdn: 1\nnewsuperior: " + unit + "\n"
    );
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.document(user_dn(3)), HasSubstr("Forgotten"));
    EXPECT_THAT(mirror.document("uid=moved," + unit), HasSubstr("moved"));
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(MirrorForgottenDelete, IsFoundWhenTheMirrorWasRestartedMeanwhile) {
    pass_the_checkpoint();
    slapd.kill();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().state == "backoff"; }));
    mirror.stop();
    delete_and_die();
    slapd.set(user_dn(3), "title", "Newer than the cookie");
    mirror.start();
    expect_gone();
}

TEST_F(MirrorForgottenDelete, IsFoundWhenTheServerIsBehindTheCookie) {
    pass_the_checkpoint();
    mirror.stop();
    delete_and_die();
    mirror.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().state == "degraded"; }));
    EXPECT_THAT(mirror.status().last_error, HasSubstr("provider_behind"));
    expect_gone();
}

TEST_F(MirrorForgottenDelete, EntriesAreNotReadAgainToFindIt) {
    pass_the_checkpoint();
    const auto before = mirror.status().received;
    delete_and_die();
    expect_gone();
    EXPECT_LE(mirror.status().received, before + 2);
}

TEST(MirrorFailure, GarbageCookieIsReplacedWithoutLosingAnything) {
    SlapdRig slapd;
    slapd.load_ldif(directory_ldif(50, 2));
    slapd.start();
    MirrorRig mirror(slapd);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    std::size_t gone = 7;
    for (const std::string& cookie : {std::string("rubbish"), std::string("rid=100,csn=rubbish")}) {
        mirror.stop();
        mirror.store_cookie(cookie);
        slapd.modify(delete_users(gone++, 1));
        mirror.start();
        ASSERT_TRUE(mirror.wait_live());
        EXPECT_THAT(mirror.wait_equal(), IsEmpty());
        EXPECT_THAT(mirror.status().cookie, HasSubstr("csn=2"));
        EXPECT_EQ(mirror.deletes(), gone - 7);
    }
}

TEST(MirrorFailure, EmptiedDirectoryIsHeldUntilItIsApproved) {
    SlapdRig slapd;
    slapd.load_ldif(directory_ldif(40, 2));
    slapd.start();
    MirrorRig mirror(slapd);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    mirror.stop();
    slapd.modify(delete_users(0, 40));
    mirror.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().held >= 40; }));
    EXPECT_THAT(mirror.document(user_dn(3)), HasSubstr("userName"));
    EXPECT_EQ(mirror.deletes(), 0U);
    slapd.modify(users_ldif({1, 90}));
    ASSERT_TRUE(MirrorRig::wait([&] { return !mirror.document(user_dn(90)).empty(); }));

    mirror::HoldService holds(mirror.store());
    const auto list = holds.list();
    ASSERT_TRUE(list);
    ASSERT_EQ(list->size(), 1U);
    const directory::Actor actor{directory::ActorKind::operator_, {}, "admin"};
    ASSERT_TRUE(holds.approve("corp", list->front().hash, mirror.mapper(), actor));
    EXPECT_EQ(mirror.document(user_dn(3)), "");
    EXPECT_EQ(mirror.status().held, 0U);
    EXPECT_NE(mirror.document(user_dn(90)), "");
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 40U);
}

TEST(MirrorFailure, SizeLimitDeletesNothingAndSaysWhatToChange) {
    SlapdOptions options;
    options.service_size_limit = "500";
    SlapdRig limited(options);
    limited.load_ldif(directory_ldif(600, 2));
    limited.start();
    MirrorRig fresh(limited);
    fresh.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return fresh.status().state == "degraded"; }));
    EXPECT_THAT(fresh.status().last_error, HasSubstr("size=unlimited"));
    EXPECT_EQ(fresh.status().objects, 0U);
    fresh.stop();
    limited.stop();
    limited.configure_database({});
    limited.start();
    fresh.start();
    EXPECT_THAT(fresh.wait_equal(), IsEmpty());
    EXPECT_EQ(fresh.status().objects, 602U);
    EXPECT_EQ(fresh.deletes(), 0U);
}

}  // namespace
}  // namespace bascule::test
