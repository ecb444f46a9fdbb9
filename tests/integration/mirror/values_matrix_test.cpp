// Values and groups of every shape.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include "tests/integration/mirror/mirror_rig.hpp"

namespace bascule::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string base64(const std::string& bytes) {
    std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(
        out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
        sodium_base64_VARIANT_ORIGINAL
    );
    out.resize(out.find('\0'));
    return out;
}

std::string people() {
    return "ou=people," + SlapdRig::suffix();
}
std::string groups() {
    return "ou=groups," + SlapdRig::suffix();
}

std::string group_of(const std::string& prefix, std::size_t number) {
    return fmt::format("cn={}{},{}", prefix, number, groups());
}

/// A person whose RDN is given as text and as the values that it must have.
std::string person(const std::string& rdn, const std::string& uid, const std::string& lines = {}) {
    return fmt::format(
        "dn: {},{}\nobjectClass: inetOrgPerson\nuid: {}\ncn: {}\nsn: x\n{}\n", rdn, people(), uid,
        uid, lines
    );
}

class ValuesMatrix : public testing::Test {
  protected:
    /// Pictures are asked for, too.
    static ldap::Mapping with_pictures() {
        ldap::Mapping mapping;
        mirror::MappingRule rule;
        rule.target = "x509Certificates";
        rule.from = {"jpegPhoto"};
        mapping.users.rules.push_back(rule);
        return mapping;
    }
    void begin(const std::string& ldif) {
        slapd.load_ldif(ldif);
        slapd.start();
        mirror.start();
        ASSERT_TRUE(mirror.wait_live());
    }
    SlapdRig slapd;
    MirrorRig mirror{slapd, open_limits(), with_pictures()};
};

TEST_F(ValuesMatrix, EveryOddNameIsFoundByItsGroup) {
    struct Odd {
        std::string rdn;
        std::string value;
    };
    using namespace std::string_literals;
    const std::vector<Odd> odd{
        {"cn=\\20leading", " leading"},
        {"cn=\\23number", "#number"},
        {"cn=trailing\\20", "trailing "},
        {"cn=a\\2Cb", "a,b"},
        {"cn=a\\2Bb", "a+b"},
        {"cn=a\\22b", "a\"b"},
        {"cn=a\\5Cb", "a\\b"},
        {"cn=a\\3Cb\\3E", "a<b>"},
        {"cn=a\\3Bb", "a;b"},
        {"cn=a\\3Db", "a=b"},
        {"cn=a\\0Ab", "a\nb"},
        {"cn=a\\0Dc", "a\rc"},
        {"cn=i\xc4\xb1\xc4\xb0", "i\xc4\xb1\xc4\xb0"},
        {"cn=e\xcc\x81 combining", "e\xcc\x81 combining"},
        {"cn=\xc3\xa8 precomposed", "\xc3\xa8 precomposed"},
    };
    std::string ldif = base_ldif() + "\n";
    std::string group =
        fmt::format("dn: cn=odd,{}\nobjectClass: groupOfNames\ncn: odd\n", groups());
    for (std::size_t index = 0; index < odd.size(); ++index) {
        const auto dn = fmt::format("{},{}", odd[index].rdn, people());
        ldif += fmt::format(
            "dn:: {}\nobjectClass: inetOrgPerson\nuid: odd{}\ncn:: {}\nsn: x\n\n", base64(dn),
            index, base64(odd[index].value)
        );
        group += fmt::format("member:: {}\n", base64(dn));
    }
    ldif += person("cn=multi+uid=multi1", "multi1", "cn: multi\n");
    group += fmt::format("member: UID=Multi1+CN=multi,{}\n", people());
    begin(ldif);
    slapd.modify(group);
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.members("cn=odd," + groups()), SizeIs(odd.size() + 1));
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// Spellings that the server takes for one name, and one that it does not.
TEST_F(ValuesMatrix, NamesInAnotherSpellingAreFoundWhereTheServerFindsThem) {
    struct Spelling {
        std::string value;
        std::string other;
        bool same = true;
    };
    const std::vector<Spelling> spellings{
        {"\xc3\xa9 one", "E\xcc\x81 ONE"},                   // precomposed, combining
        {"e\xcc\x81 two", "\xc3\x89  Two"},                  // combining, precomposed
        {"\xe1\xba\xad three", "a\xcc\x82\xcc\xa3 three"},   // two marks, in either order
        {"\xef\xac\x81ne four", "FINE four"},                // a ligature
        {"\xef\xbc\xa1 five", "a five"},                     // of full width
        {"i\xc4\xb1\xc4\xb0 six", "I\xc4\xb1\xc4\xb0 SIX"},  // dotted, dotless
        {"\xc4\xb1 seven", "i seven", false},
    };
    std::string ldif = base_ldif() + "\n";
    std::string group =
        fmt::format("dn: cn=spelled,{}\nobjectClass: groupOfNames\ncn: spelled\n", groups());
    std::vector<std::string> expected;
    for (const auto& spelling : spellings) {
        ldif += fmt::format(
            "dn:: {}\nobjectClass: inetOrgPerson\nuid: spelled{}\ncn:: {}\nsn: x\n\n",
            base64(fmt::format("cn={},{}", spelling.value, people())), &spelling - &spellings[0],
            base64(spelling.value)
        );
        group +=
            fmt::format("member:: {}\n", base64(fmt::format("CN={},{}", spelling.other, people())));
    }
    begin(ldif);
    slapd.modify(group);
    for (const auto& spelling : spellings) {
        const bool found =
            !slapd.entry_uuid(fmt::format("CN={},{}", spelling.other, people())).empty();
        EXPECT_EQ(found, spelling.same) << spelling.other;
        if (found)
            expected.push_back(spelling.value);
    }
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(
        mirror.members("cn=spelled," + groups()), testing::UnorderedElementsAreArray(expected)
    );
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(ValuesMatrix, NamesThatTheServerTellsApartAreDifferentPeople) {
    const std::vector<std::pair<std::string, std::string>> pairs{
        {"Hans Wei\xc3\x9f", "Hans Weiss"},
        {"Zero\xe2\x80\x8bWidth", "ZeroWidth"},
    };
    std::string ldif = base_ldif() + "\n";
    std::size_t number = 0;
    const auto add = [&](const std::string& name) {
        const auto dn = base64(fmt::format("cn={},{}", name, people()));
        ldif += fmt::format(
            "dn:: {0}\nobjectClass: inetOrgPerson\nuid: twin{1}\ncn:: {2}\nsn: x\n\n"
            "dn: cn=of{1},{3}\nobjectClass: groupOfNames\ncn: of{1}\nmember:: {0}\n\n",
            dn, number++, base64(name), groups()
        );
    };
    for (const auto& [one, other] : pairs) {
        add(one);
        add(other);
    }
    begin(ldif);
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    const auto expect_members = [&] {
        for (std::size_t group = 0; group < number; ++group) {
            const auto& pair = pairs[group / 2];
            EXPECT_THAT(
                mirror.members(group_of("of", group)),
                testing::ElementsAre(group % 2 == 0 ? pair.first : pair.second)
            );
        }
    };
    expect_members();
    slapd.set(fmt::format("cn={},{}", pairs[0].second, people()), "title", "Changed");
    slapd.set(fmt::format("cn={},{}", pairs[0].first, people()), "title", "Too");
    slapd.set(group_of("of", 0), "description", "Changed");
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    expect_members();
    EXPECT_EQ(mirror.status().objects, 2 * number);
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(ValuesMatrix, HugeManyAndBrokenValuesHarmNobody) {
    std::string many;
    for (int index = 0; index < 300; ++index)
        many += fmt::format("mail: m{}@rig.test\n", index);
    const auto picture = base64(std::string(500'000, '\xff'));
    begin(
        base_ldif() + "\n" +
        person(
            "uid=photo", "photo", "jpegPhoto:: " + base64(std::string(5'000'000, '\xff')) + "\n"
        ) +
        person("uid=picture", "picture", "jpegPhoto:: " + picture + "\n") +
        person("uid=mails", "mails", many) +
        person("uid=zero", "zero", "title:: " + base64(std::string("a\0b", 3)) + "\n") +
        person("uid=plain", "plain", "title: Whole\n")
    );
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.document("uid=photo," + people()), HasSubstr("\"photo\""));
    EXPECT_THAT(mirror.document("uid=photo," + people()), Not(HasSubstr("x509Certificates")));
    EXPECT_NE(mirror.document("uid=picture," + people()).find(picture), std::string::npos);
    EXPECT_THAT(mirror.document("uid=mails," + people()), HasSubstr("m299@rig.test"));
    EXPECT_THAT(mirror.document("uid=zero," + people()), HasSubstr("\"zero\""));
    EXPECT_THAT(mirror.document("uid=plain," + people()), HasSubstr("Whole"));
    EXPECT_EQ(mirror.status().quarantined, 0U);
    EXPECT_EQ(mirror.deletes(), 0U);
}

/// `count` mails of `length` bytes.
std::string mails(std::size_t count, std::size_t length) {
    std::string lines;
    for (std::size_t number = 0; number < count; ++number)
        lines += fmt::format("mail: {:0{}}@rig.test\n", number, length);
    return lines;
}

TEST_F(ValuesMatrix, WhatIsTooLargeIsLeftOutAndTheRestIsServed) {
    begin(
        base_ldif() + "\n" +
        person(
            "uid=value", "value", "title: " + std::string(2'000'000, 'x') + "\ndisplayName: Home\n"
        ) +
        person("uid=entry", "entry", mails(45, 200'000)) +
        person("uid=plain", "plain", "title: Whole\n")
    );
    ASSERT_TRUE(mirror.wait([&] { return !mirror.document("uid=plain," + people()).empty(); }));
    EXPECT_THAT(mirror.document("uid=value," + people()), HasSubstr("\"Home\""));
    EXPECT_THAT(mirror.document("uid=value," + people()), Not(HasSubstr("xxxx")));
    const auto entry = mirror.entry("uid=entry," + people());
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->state, directory::EntryState::quarantined);
    EXPECT_THAT(entry->reason, HasSubstr("entry_too_large"));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST(MessageLimit, IsToldAndTakesNothingAway) {
    SlapdRig slapd;
    slapd.load_ldif(base_ldif() + "\n" + person("uid=plain", "plain"));
    slapd.start();
    MirrorSetup setup{.source = slapd_source(slapd), .limits = open_limits()};
    setup.source.connection.maximum_message = 65'536;
    MirrorRig mirror(std::move(setup));
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    slapd.modify(person("uid=large", "large", mails(10, 10'000)));
    ASSERT_TRUE(mirror.wait([&] {
        return mirror.status().last_error.find("directory_message") != std::string::npos;
    }));
    EXPECT_EQ(mirror.status().state, "degraded");
    EXPECT_THAT(mirror.status().last_error, HasSubstr("sources[].limits.message"));
    EXPECT_THAT(mirror.document("uid=plain," + people()), HasSubstr("\"plain\""));
    EXPECT_EQ(mirror.deletes(), 0U);
}

std::string nested(const std::string& name, const std::vector<std::string>& members) {
    std::string ldif =
        fmt::format("dn: cn={0},{1}\nobjectClass: groupOfNames\ncn: {0}\n", name, groups());
    for (const auto& member : members)
        ldif += "member: " + member + "\n";
    return ldif + "\n";
}

/// The user is in the last group of each shape.
TEST_F(ValuesMatrix, NestedGroupsOfEveryShapeReachTheirMembers) {
    const auto user = "uid=deep," + people();
    std::string ldif = base_ldif() + "\n" + person("uid=deep", "deep");
    constexpr std::size_t depth = 1000;
    constexpr std::size_t round = 50;
    for (std::size_t number = 0; number < depth; ++number) {
        const bool last = number + 1 == depth;
        ldif +=
            nested(fmt::format("chain{}", number), {last ? user : group_of("chain", number + 1)});
    }
    for (std::size_t number = 0; number < round; ++number) {
        std::vector<std::string> members{group_of("ring", (number + 1) % round)};
        if (number == 0)
            members.push_back(user);
        ldif += nested(fmt::format("ring{}", number), members);
    }
    ldif += nested("self0", {group_of("self", 0), user});
    ldif += nested("pair0", {group_of("pair", 1)}) + nested("pair1", {group_of("pair", 0), user});
    ldif += nested("top0", {group_of("left", 0), group_of("right", 0)}) +
            nested("left0", {group_of("low", 0)}) + nested("right0", {group_of("low", 0)}) +
            nested("low0", {user});
    begin(ldif);
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_THAT(mirror.groups_of(user), SizeIs(depth + round + 1 + 2 + 4));
    EXPECT_EQ(mirror.deletes(), 0U);
}

}  // namespace
}  // namespace bascule::test
