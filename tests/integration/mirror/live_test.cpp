#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/mirror/mirror_rig.hpp"

namespace bascule::test {
namespace {

using directory::EntryState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string person(const std::string& dn, const std::string& uid, const std::string& more = {}) {
    return fmt::format(
        "dn: {}\nobjectClass: inetOrgPerson\nuid: {}\ncn: Name {}\nsn: x\n{}\n", dn, uid, uid, more
    );
}

std::string people(const std::string& uid) {
    return fmt::format("uid={},ou=people,{}", uid, SlapdRig::suffix());
}

class MirrorLive : public testing::Test {
  protected:
    void begin(const std::string& ldif) {
        slapd.load_ldif(ldif);
        slapd.start();
        mirror.start();
        ASSERT_TRUE(mirror.wait_live());
    }
    SlapdRig slapd;
    MirrorRig mirror{slapd, open_limits()};
};

TEST_F(MirrorLive, ChangeIsVisibleWithItsLag) {
    begin(directory_ldif(20, 2));
    slapd.set(user_dn(3), "title", "Pilot");
    ASSERT_TRUE(MirrorRig::wait([&] {
        return mirror.document(user_dn(3)).find("Pilot") != std::string::npos;
    }));
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().lag.has_value(); }));
    EXPECT_LT(*mirror.status().lag, 30'000);
    EXPECT_GE(mirror.status().received, 20U);
}

TEST_F(MirrorLive, DnWithEverySpecialCharacterIsFound) {
    const std::string dn =
        R"(cn=\20\#a\,b\+c\"d\\e\<f\>g\;h\=i Ünïcode \E2\82\AC\20+uid=odd,ou=people,)" +
        SlapdRig::suffix();
    begin(
        base_ldif() + "\n" +
        person(dn, "odd", "cn:: ICNhLGIrYyJkXGU8Zj5nO2g9aSDDnG7Dr2NvZGUg4oKsIA==\n")
    );
    slapd.modify(fmt::format(
        "dn: cn=g,ou=groups,{}\nobjectClass: groupOfNames\ncn: g\nmember: {}\n", SlapdRig::suffix(),
        dn
    ));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.members("cn=g,ou=groups," + SlapdRig::suffix()), SizeIs(1));
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(MirrorLive, GroupsMeetTheirMembersInAnyOrder) {
    const std::string groups = "ou=groups," + SlapdRig::suffix();
    const auto group = [&](const std::string& name, const std::string& members) {
        return fmt::format(
            "dn: cn={0},{1}\nobjectClass: groupOfNames\ncn: {0}\n{2}\n", name, groups, members
        );
    };
    begin(base_ldif());
    slapd.modify(group("early", "member: " + people("late") + "\n"));
    slapd.modify(person(people("late"), "late"));
    slapd.modify(
        group("after", "member: " + people("late") + "\nmember: " + people("nobody") + "\n")
    );
    slapd.modify(group("a", "member: cn=b," + groups + "\n"));
    slapd.modify(group("b", "member: cn=a," + groups + "\nmember: cn=b," + groups + "\n"));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.members("cn=early," + groups), ElementsAre("Name late"));
    EXPECT_THAT(mirror.members("cn=after," + groups), ElementsAre("Name late"));
    EXPECT_THAT(mirror.members("cn=b," + groups), SizeIs(2));
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(MirrorLive, DuplicateUserNameWaitsAndHeals) {
    begin(base_ldif() + "\n" + person(people("one"), "one"));
    const std::string second = "cn=Second,ou=people," + SlapdRig::suffix();
    slapd.modify(person(second, "one", "cn: Second\n"));
    ASSERT_TRUE(MirrorRig::wait([&] {
        const auto entry = mirror.entry(second);
        return entry && entry->state == EntryState::quarantined;
    }));
    EXPECT_THAT(mirror.entry(second)->reason, HasSubstr("duplicate"));
    EXPECT_EQ(mirror.status().quarantined, 1U);
    slapd.modify("dn: " + people("one") + "\nchangetype: delete\n");
    ASSERT_TRUE(MirrorRig::wait([&] { return !mirror.document(second).empty(); }));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 1U);
}

TEST_F(MirrorLive, SingleMemberOfALargeGroupWritesOnlyTheDifference) {
    constexpr std::size_t members = 100'000;
    begin(
        base_ldif() + "\n" + units_ldif() + "\n" + users_ldif({members}) + "\n" +
        group_ldif("large", members - 1)
    );
    const auto count = [&] { return mirror.members(group_dn("large")).size(); };
    ASSERT_EQ(count(), members - 1);
    const std::int64_t before = mirror.last_sequence();
    const std::string change = fmt::format(
        "dn: {}\nchangetype: modify\nadd: member\nmember: {}\n-\ndelete: member\nmember: {}\n-\n",
        group_dn("large"), user_dn(members - 1), user_dn(5)
    );
    slapd.modify(change);
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.last_sequence() >= before + 2; }));
    EXPECT_EQ(mirror.last_sequence(), before + 2);
    EXPECT_EQ(count(), members - 1);
}

TEST_F(MirrorLive, StormOfBindsWritesNothing) {
    begin(base_ldif() + "\n" + units_ldif() + "\n" + users_ldif({5}));
    ASSERT_THAT(mirror.wait_equal(), IsEmpty());
    const std::int64_t before = mirror.last_sequence();
    const auto received = mirror.status().received;
    const auto changed = mirror.status().last_change;
    for (int round = 0; round < 20; ++round)
        EXPECT_EQ(slapd.bind(user_dn(static_cast<std::size_t>(round) % 5), "wrong"), 49);
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().received > received; }));
    slapd.set(user_dn(1), "title", "last");
    ASSERT_TRUE(MirrorRig::wait([&] {
        return mirror.document(user_dn(1)).find("last") != std::string::npos;
    }));
    EXPECT_EQ(mirror.last_sequence(), before + 1);
    EXPECT_NE(mirror.status().last_change, changed);
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(MirrorLive, ContainerThatIsRenamedTakesItsPeopleAlong) {
    constexpr std::size_t units = 3;
    begin(directory_ldif(30, 2, units));
    ASSERT_THAT(mirror.wait_equal(), IsEmpty());
    const std::string below = ",ou=people," + SlapdRig::suffix();
    const auto members = mirror.members(group_dn("g0001"));
    const auto before = mirror.document(user_dn(1, units));
    slapd.modify("dn: ou=d1" + below + "\nchangetype: modrdn\nnewrdn: ou=new\ndeleteoldrdn: 1\n");
    ASSERT_TRUE(MirrorRig::wait([&] {
        return !mirror.document("uid=" + user_uid(1) + ",ou=new" + below).empty();
    }));
    EXPECT_EQ(mirror.document("uid=" + user_uid(1) + ",ou=new" + below), before);
    EXPECT_EQ(mirror.document(user_dn(1, units)), "");
    // The groups go on naming the old places.
    EXPECT_EQ(mirror.members(group_dn("g0001")), members);
    slapd.modify(
        "dn: " + group_dn("g0000") + "\nchangetype: delete\n\ndn: " + group_dn("g0001") +
        "\nchangetype: delete\n"
    );
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 2U);
}

TEST(MirrorValues, BytesThatAreNoTextAreLeftOut) {
    SlapdRig slapd;
    ldap::Mapping mapping;
    mirror::MappingRule rule;
    rule.target = "title";
    rule.from = {"audio"};
    mapping.users.rules.push_back(rule);
    MirrorRig mirror(slapd, {}, mapping);
    slapd.load_ldif(
        base_ldif() + "\n" + person(people("bytes"), "bytes", "audio:: /9j/4AD+\n") +
        person(people("text"), "text", "audio: spoken\n")
    );
    slapd.start();
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    EXPECT_THAT(mirror.document(people("bytes")), testing::Not(HasSubstr("title")));
    EXPECT_THAT(mirror.document(people("bytes")), HasSubstr("\"userName\":\"bytes\""));
    EXPECT_THAT(mirror.document(people("text")), HasSubstr("spoken"));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST(MirrorScope, MovesIntoAndOutOfTheBase) {
    SlapdRig slapd;
    const std::string inside = "ou=people," + SlapdRig::suffix();
    MirrorRig mirror(slapd, open_limits(), {}, inside);
    const std::string outside = "ou=services," + SlapdRig::suffix();
    slapd.load_ldif(
        base_ldif() + "\n" + person(people("leaves"), "leaves") +
        person("uid=enters," + outside, "enters")
    );
    slapd.start();
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    const auto move = [&](const std::string& dn, const std::string& to) {
        slapd.modify(fmt::format(
            "dn: {}\nchangetype: modrdn\nnewrdn: {}\ndeleteoldrdn: 0\nnewsuperior: {}\n", dn,
            dn.substr(0, dn.find(',')), to
        ));
    };
    move("uid=enters," + outside, inside);
    move(people("leaves"), outside);
    ASSERT_TRUE(MirrorRig::wait([&] { return !mirror.document(people("enters")).empty(); }));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.document(people("leaves")), "");
    EXPECT_EQ(mirror.deletes(), 1U);
}

}  // namespace
}  // namespace bascule::test
