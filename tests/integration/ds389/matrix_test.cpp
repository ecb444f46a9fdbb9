// What a mirror of 389 Directory Server survives; each ends in an exact comparison.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "connectors/ldap/dialects/ds389.hpp"
#include "tests/integration/ds389/ds389_source.hpp"
#include "tests/integration/mirror/mirror_rig.hpp"

namespace bascule::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr std::size_t units = 3;
constexpr std::size_t users = 60;

std::string people(std::string_view below = {}) {
    return fmt::format("{}ou=people,{}", below, Ds389Rig::suffix());
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

class Ds389Matrix : public testing::Test {
  protected:
    void SetUp() override {
        ds389.modify(
            units_ldif(units) + users_ldif({.count = users, .first = 0, .units = units}) +
            groups_ldif(2, users, units)
        );
    }
    void TearDown() override { ds389.clear(); }
    [[nodiscard]] MirrorSetup setup(
        mirror::GuardLimits limits = {}, std::string base = Ds389Rig::suffix()
    ) const {
        return {
            ds389_source(ds389, std::move(base)), ldap::Dialect::ds389, "nsUniqueId",
            std::move(limits)};
    }
    static void begin(MirrorRig& mirror) {
        mirror.start();
        ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
        ASSERT_THAT(mirror.wait_equal(), IsEmpty());
    }
    /// Every user gets another title, in one go.
    void touch_all(const std::string& title) const {
        std::string ldif;
        for (std::size_t user = 0; user < users; ++user) {
            ldif += fmt::format(
                "dn: {}\nchangetype: modify\nreplace: title\ntitle: {}\n\n", user_dn(user, units),
                title
            );
        }
        ds389.modify(ldif);
    }
    [[nodiscard]] static std::string denial(const std::string& what) {
        return fmt::format(
            "aci: {}(version 3.0; acl \"hidden\"; deny (all) userdn=\"ldap:///{}\";)\n", what,
            Ds389Rig::service_dn()
        );
    }
    void deny(const std::string& what) const {
        ds389.modify("dn: " + people() + "\nchangetype: modify\nadd: aci\n" + denial(what));
    }
    void allow_again(const std::string& what) const {
        ds389.modify("dn: " + people() + "\nchangetype: modify\ndelete: aci\n" + denial(what));
    }
    Ds389Rig& ds389 = shared_ds389();
};

TEST_F(Ds389Matrix, ContainerThatIsRenamedTakesItsPeopleAlong) {
    MirrorRig mirror(setup());
    begin(mirror);
    const auto members = mirror.members(group_dn("g0001")).size();
    ds389.modify(rename(people("ou=d1,"), "ou=elsewhere"));
    EXPECT_TRUE(MirrorRig::wait([&] {
        return !mirror.document(people("uid=u0000001,ou=elsewhere,")).empty();
    }));
    // The groups go on naming them as before.
    EXPECT_THAT(mirror.members(group_dn("g0001")), SizeIs(members));
    EXPECT_EQ(mirror.deletes(), 0U);
    ds389.modify(remove(group_dn("g0000")) + remove(group_dn("g0001")));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 2U);
}

TEST_F(Ds389Matrix, WhoIsMadeAnewAtTheSameDnIsSomebodyElse) {
    MirrorRig mirror(setup(open_limits()));
    begin(mirror);
    const auto members = mirror.members(group_dn("g0001")).size();
    const auto of_old = mirror.entry(user_dn(3, units))->anchor;
    ds389.modify(remove(user_dn(3, units)) + users_ldif({.count = 1, .first = 3, .units = units}));
    ASSERT_TRUE(MirrorRig::wait([&] {
        return mirror.deletes() == 1 && !mirror.document(user_dn(3, units)).empty();
    }));
    EXPECT_NE(mirror.entry(user_dn(3, units))->anchor, of_old);
    EXPECT_THAT(mirror.members(group_dn("g0001")), SizeIs(members - 1));
    // While the mirror was away, too.
    mirror.stop();
    ds389.modify(remove(user_dn(5, units)) + users_ldif({.count = 1, .first = 5, .units = units}));
    mirror.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.deletes() == 2; }));
    ASSERT_TRUE(MirrorRig::wait([&] { return !mirror.document(user_dn(5, units)).empty(); }));
    EXPECT_THAT(mirror.members(group_dn("g0001")), SizeIs(members - 2));
    // The group goes on naming the two DNs, which are somebody else's now.
    ds389.modify(fmt::format(
        "dn: {}\nchangetype: modify\ndelete: member\nmember: {}\nmember: {}\n\n", group_dn("g0001"),
        user_dn(3, units), user_dn(5, units)
    ));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.members(group_dn("g0001")), SizeIs(members - 2));
    EXPECT_EQ(mirror.deletes(), 2U);
}

/// The running stream goes on as before; a new one sees less.
TEST_F(Ds389Matrix, PeopleWhoBecomeInvisibleAreHeld) {
    MirrorRig mirror(setup());
    begin(mirror);
    const std::string target = "(targetattr=\"*\")(targetfilter=\"(objectClass=inetOrgPerson)\")";
    deny(target);
    touch_all("Unseen");
    ds389.modify(group_ldif("later", 3, 0, units));
    ASSERT_TRUE(MirrorRig::wait([&] { return !mirror.document(group_dn("later")).empty(); }));
    EXPECT_EQ(mirror.deletes(), 0U);
    EXPECT_EQ(mirror.status().objects, users + 3);
    mirror.stop();
    mirror.store_cookie("");
    mirror.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().held >= users; }));
    EXPECT_EQ(mirror.deletes(), 0U);
    EXPECT_FALSE(mirror.document(user_dn(7, units)).empty());
    allow_again(target);
    touch_all("Seen");
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.status().held, 0U);
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(Ds389Matrix, AttributeThatBecomesInvisibleIsHeld) {
    MirrorRig mirror(setup());
    begin(mirror);
    const std::string target = "(targetattr=\"mail\")";
    deny(target);
    touch_all("Unseen");
    ASSERT_TRUE(MirrorRig::wait([&] {
        return mirror.document(user_dn(users - 1, units)).find("Unseen") != std::string::npos;
    }));
    mirror.stop();
    touch_all("Away");
    mirror.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().held > 0; }));
    for (std::size_t user = 0; user < users; ++user) {
        EXPECT_THAT(mirror.document(user_dn(user, units)), HasSubstr("emails"));
    }
    allow_again(target);
    touch_all("Seen");
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.status().held, 0U);
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// While the store takes nothing, the stream is not read, and more changes come than the server
/// queues for it.
TEST_F(Ds389Matrix, SlowReaderOfManyChangesEndsExact) {
    constexpr std::size_t changes = 10'500;
    auto slow = setup(open_limits());
    slow.source.heartbeat = std::chrono::milliseconds(500);
    MirrorRig mirror(std::move(slow));
    begin(mirror);
    std::atomic<bool> taken = false;
    std::atomic<bool> over = false;
    std::jthread holder([&] {
        const auto status = mirror.store().write(
            directory::Durability::repeatable,
            [&](directory::Transaction&) -> Status {
                taken = true;
                over.wait(false);
                return {};
            }
        );
        EXPECT_TRUE(status.has_value());
    });
    ASSERT_TRUE(MirrorRig::wait([&] { return taken.load(); }));
    std::string ldif;
    for (std::size_t change = 0; change < changes; ++change) {
        ldif += fmt::format(
            "dn: {}\nchangetype: modify\nreplace: title\ntitle: Number {}\n\n",
            user_dn(change % users, units), change
        );
    }
    ds389.modify(ldif + remove(user_dn(7, units)));
    EXPECT_THAT(mirror.document(user_dn(8, units)), Not(HasSubstr("Number 1")));
    over = true;
    over.notify_all();
    const auto caught_up = [&] { return mirror.document(user_dn(7, units)).empty(); };
    EXPECT_TRUE(MirrorRig::wait(caught_up) || MirrorRig::wait(caught_up)) << mirror.status().state;
    EXPECT_EQ(mirror.wait_equal().size(), 0U);
    EXPECT_EQ(mirror.deletes(), 1U);
}

}  // namespace
}  // namespace bascule::test
