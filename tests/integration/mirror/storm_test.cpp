#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/integration/mirror/mirror_rig.hpp"
#include "tests/support/process.hpp"

namespace bascule::test {
namespace {

using testing::IsEmpty;

/// Random change records. Many of them fail, because the directory has moved on; that is the point.
class Storm {
  public:
    explicit Storm(unsigned seed) : random_(seed) {}

    std::string records(int count) {
        std::string ldif;
        for (int index = 0; index < count; ++index)
            ldif += record() + "\n";
        return ldif;
    }
    /// Sends every group anew, whatever it names.
    static std::string touch_groups() {
        std::string ldif;
        for (unsigned number = 0; number < groups; ++number)
            ldif += fmt::format(
                "dn: {}\nchangetype: modify\nreplace: description\ndescription: again\n\n",
                group(number)
            );
        return ldif;
    }
    static std::string first() {
        std::string ldif = base_ldif() + "\n";
        for (unsigned number = 0; number < units; ++number)
            ldif += fmt::format(
                "dn: {0}\nobjectClass: organizationalUnit\nou: o{1}\n\n", unit(number), number
            );
        for (unsigned number = 0; number < groups; ++number)
            ldif += fmt::format(
                "dn: {0}\nobjectClass: groupOfNames\ncn: g{1}\nmember: cn=nobody\n\n",
                group(number), number
            );
        return ldif;
    }

  private:
    static constexpr unsigned units = 4, groups = 5, users = 40;

    unsigned pick(unsigned below) {
        return std::uniform_int_distribution<unsigned>(0, below - 1)(random_);
    }
    static std::string unit(unsigned number) {
        return fmt::format("ou=o{},ou=people,{}", number, SlapdRig::suffix());
    }
    static std::string group(unsigned number) {
        return fmt::format("cn=g{},ou=groups,{}", number, SlapdRig::suffix());
    }
    std::string place() {
        const std::string top = unit(pick(units));
        return pick(3) == 0 ? fmt::format("ou=n{},{}", pick(2), top) : top;
    }
    std::string user() { return fmt::format("uid=s{},{}", pick(users), place()); }
    std::string moved(const std::string& dn, const std::string& rdn, const std::string& to) {
        return fmt::format(
            "dn: {}\nchangetype: modrdn\nnewrdn: {}\ndeleteoldrdn: 1\n{}", dn, rdn,
            to.empty() ? "" : "newsuperior: " + to + "\n"
        );
    }

    std::string record() {
        switch (pick(9)) {
            case 0:
            case 1:
            case 2:
                return fmt::format(
                    "dn: uid={0},{1}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: {0}\ncn: "
                    "{0}\nsn: x\n",
                    fmt::format("s{}", pick(users)), place()
                );
            case 3:
                return "dn: " + user() + "\nchangetype: delete\n";
            case 4:
                return moved(
                    user(), fmt::format("uid=s{}", pick(users)), pick(2) == 0 ? place() : ""
                );
            case 5:
                return pick(2) == 0
                           ? moved(unit(pick(units)), fmt::format("ou=o{}", pick(units)), "")
                           : moved(
                                 unit(pick(units)), fmt::format("ou=n{}", pick(2)),
                                 unit(pick(units))
                             );
            case 6:
                return moved(
                    fmt::format("ou=n{},{}", pick(2), unit(pick(units))),
                    fmt::format("ou=o{}", pick(units)), "ou=people," + SlapdRig::suffix()
                );
            case 7:
                return fmt::format(
                    "dn: {}\nchangetype: modify\nreplace: title\ntitle: {}\n", user(), pick(3)
                );
            default:
                return fmt::format(
                    "dn: {}\nchangetype: modify\n{}: member\nmember: {}\n", group(pick(groups)),
                    pick(3) == 0 ? "delete" : "add", pick(4) == 0 ? group(pick(groups)) : user()
                );
        }
    }

    std::mt19937 random_;
};

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++found;
    return found;
}

/// How many of the deletions the server carried out.
std::size_t send(SlapdRig& slapd, const std::string& ldif) {
    const auto result = run_program(
        {"ldapmodify", "-c", "-x", "-H", slapd.ldapi_uri(), "-D", SlapdRig::admin_dn(), "-w",
         SlapdRig::admin_password()},
        ldif
    );
    return count(result.output, "deleting entry") - count(result.output, "ldap_delete:");
}

TEST(MirrorStorm, StoreEqualsTheDirectoryAfterRandomChangesAndCrashes) {
    for (const unsigned seed : {11U, 12U, 13U}) {
        SCOPED_TRACE(seed);
        SlapdRig slapd;
        slapd.load_ldif(Storm::first());
        slapd.start();
        MirrorRig mirror(slapd, open_limits());
        mirror.start();
        ASSERT_TRUE(mirror.wait_live());
        Storm storm(seed);
        std::size_t deletions = 0;
        for (int round = 0; round < 6; ++round) {
            deletions += send(slapd, storm.records(120));
            if (round % 3 == 1) {
                slapd.kill();
                slapd.start();
            }
            if (round % 3 == 2) {
                mirror.stop();
                deletions += send(slapd, storm.records(60));
                mirror.start();
            }
        }
        send(slapd, Storm::touch_groups());
        ASSERT_TRUE(mirror.wait_live());
        EXPECT_THAT(mirror.wait_equal(MirrorRig::Duplicates::ignored), IsEmpty());
        EXPECT_GT(deletions, 10U);
        // Who came and went between two looks was never told.
        EXPECT_LE(mirror.deletes(), deletions);
    }
}

}  // namespace
}  // namespace bascule::test
