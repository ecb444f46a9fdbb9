// What the doctor finds in a real 389 Directory Server; remedies are given to ldapmodify as they
// stand.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/doctor/checkup.hpp"
#include "tests/support/ds389_rig.hpp"

namespace bascule::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class DoctorDs389 : public testing::Test {
  protected:
    void SetUp() override {
        for (const auto* unit : {"sales", "north"}) {
            rig.modify(fmt::format(
                "dn: ou={0},ou=people,{1}\nobjectClass: organizationalUnit\nou: {0}\n\n"
                "dn: uid={0}1,ou={0},ou=people,{1}\nobjectClass: inetOrgPerson\nuid: {0}1\n"
                "cn: {0} One\nsn: One\nmail: {0}@rig.test\nuserPassword: Passw0rd-11\n",
                unit, Ds389Rig::suffix()
            ));
        }
    }
    void TearDown() override {
        rig.clear();
        rig.modify("dn: " + people() + "\nchangetype: modify\nreplace: aci\n" + usual_ + "\n");
    }
    [[nodiscard]] static std::string people() { return "ou=people," + Ds389Rig::suffix(); }
    [[nodiscard]] ldap::ExaminationOptions options() const {
        ldap::ExaminationOptions options;
        options.name = "corp";
        auto& connection = options.source.connection;
        connection.servers = {rig.ldaps_uri()};
        connection.ca_file = rig.ca_file();
        connection.bind_dn = Ds389Rig::service_dn();
        connection.secret = [] { return Secret(Ds389Rig::service_password()); };
        connection.network_timeout = std::chrono::seconds(5);
        connection.operation_timeout = std::chrono::seconds(10);
        options.source.base = Ds389Rig::suffix();
        options.writes_passwords = true;
        options.unlocks = true;
        return options;
    }
    [[nodiscard]] Checkup look() const { return Checkup(options()); }
    void mend(const directory::Check& check) const {
        ASSERT_FALSE(check.remedy.lines.empty());
        rig.modify(Checkup::text(check));
    }
    [[nodiscard]] std::string acis() const {
        std::string text;
        for (const auto& one : rig.values(people(), "aci")) {
            text += "aci: " + one + "\n";
        }
        return text;
    }
    /// Only the person's own right stays.
    void take_rights() const {
        rig.modify(
            "dn: " + people() +
            "\nchangetype: modify\nreplace: aci\naci: (targetattr=\"userPassword\")(version 3.0; "
            "acl \"own password\"; allow (write) userdn=\"ldap:///self\";)\n"
        );
    }

    Ds389Rig& rig = shared_ds389();
    std::string usual_ = acis();
};

TEST_F(DoctorDs389, AnAccountWithTheDocumentedRightsLacksNothing) {
    const auto found = look();
    EXPECT_THAT(found.faults(), IsEmpty());
    EXPECT_EQ(found.verdict("change_feed"), "ok");
    EXPECT_EQ(found.one("write_rights").finding, "allowed (2 containers)");
    EXPECT_EQ(found.one("password_secrecy").finding, "refused, as it should be");
    EXPECT_EQ(found.one("policy_bypass").finding, "yes");
    EXPECT_THAT(found.one("clock").finding, HasSubstr("the server is"));
}

TEST_F(DoctorDs389, MissingRightsAreNamedAndTheAciMendsThem) {
    take_rights();
    const auto check = look().one("write_rights");
    EXPECT_EQ(to_string(check.verdict), "FAIL");
    EXPECT_THAT(check.finding, HasSubstr("userPassword, accountUnlockTime"));
    EXPECT_THAT(check.finding, HasSubstr(people() + " (2 containers)"));
    mend(check);
    EXPECT_THAT(look().faults(), IsEmpty());
}

TEST_F(DoctorDs389, ARightThatOneUnitLacksIsToldForThatUnit) {
    rig.modify(fmt::format(
        "dn: ou=sales,{}\nchangetype: modify\nadd: aci\naci: (targetattr=\"mail\")(version 3.0; "
        "acl \"no mail\"; deny (read,search,compare) userdn=\"ldap:///{}\";)\n",
        people(), Ds389Rig::service_dn()
    ));
    const auto check = look().one("attributes");
    EXPECT_EQ(check.finding, "cannot see mail in ou=sales," + people());
    EXPECT_THAT(Checkup::text(check), HasSubstr("aci: (targetattr=\"mail\")"));
}

TEST_F(DoctorDs389, AHiddenAttributeIsMendedByTheAciThatIsPrinted) {
    const auto suffix_aci = rig.values(Ds389Rig::suffix(), "aci");
    rig.modify(fmt::format(
        "dn: {0}\nchangetype: modify\nreplace: aci\naci: (targetattr!=\"userPassword || aci || "
        "mail\")(version 3.0; acl \"bascule reads\"; allow (read,search,compare) "
        "userdn=\"ldap:///{1}\";)\n",
        Ds389Rig::suffix(), Ds389Rig::service_dn()
    ));
    const auto check = look().one("attributes");
    EXPECT_THAT(check.finding, HasSubstr("cannot see mail in " + people()));
    mend(check);
    EXPECT_THAT(look().faults(), IsEmpty());
    rig.modify(
        "dn: " + Ds389Rig::suffix() +
        "\nchangetype: modify\nreplace: aci\naci: " + suffix_aci.front() + "\n"
    );
}

TEST_F(DoctorDs389, ReadablePasswordsAreAFaultThatTheAciCloses) {
    rig.modify(fmt::format(
        "dn: {}\nchangetype: modify\nadd: aci\naci: (targetattr=\"userPassword\")(version 3.0; "
        "acl \"too much\"; allow (read,search) userdn=\"ldap:///{}\";)\n",
        people(), Ds389Rig::service_dn()
    ));
    const auto check = look().one("password_secrecy");
    EXPECT_EQ(to_string(check.verdict), "FAIL");
    const auto suffix_aci = rig.values(Ds389Rig::suffix(), "aci");
    mend(check);
    EXPECT_THAT(look().faults(), IsEmpty());
    rig.modify(
        "dn: " + Ds389Rig::suffix() +
        "\nchangetype: modify\nreplace: aci\naci: " + suffix_aci.front() + "\n"
    );
}

TEST_F(DoctorDs389, WhoPassesEveryRuleIsAdvisedAgainst) {
    auto manager = options();
    manager.source.connection.bind_dn = Ds389Rig::manager_dn();
    manager.source.connection.secret = [] { return Secret(Ds389Rig::manager_password()); };
    EXPECT_THAT(Checkup(manager).one("policy_bypass").finding, HasSubstr("Directory Manager"));
    EXPECT_EQ(Checkup(manager).verdict("password_secrecy"), "FAIL");
}

TEST_F(DoctorDs389, ALimitIsFoundAndTheRemedyLiftsIt) {
    rig.set(Ds389Rig::service_dn(), "nsSizeLimit", "3");
    const auto check = look().one("limits");
    EXPECT_EQ(check.finding, "the answer was cut short after 3 entries");
    mend(check);
    EXPECT_EQ(look().verdict("limits"), "ok");
}

TEST_F(DoctorDs389, AMissingIndexIsFoundAndTheRemedyMakesIt) {
    EXPECT_THAT(look().one("indexes").finding, HasSubstr("cannot be read"));
    const std::string aci = fmt::format(
        "aci: (targetattr=\"*\")(version 3.0; acl \"bascule sees indexes\"; allow (read,search) "
        "userdn=\"ldap:///{}\";)\n",
        Ds389Rig::service_dn()
    );
    rig.modify("dn: cn=config\nchangetype: modify\nadd: aci\n" + aci);
    EXPECT_EQ(look().one("indexes").finding, "there");
    rig.modify(
        "dn: cn=nsUniqueId,cn=index,cn=userRoot,cn=ldbm database,cn=plugins,cn=config\n"
        "changetype: delete\n"
    );
    const auto check = look().one("indexes");
    EXPECT_EQ(to_string(check.verdict), "advice");
    EXPECT_EQ(check.finding, "missing");
    mend(check);
    EXPECT_EQ(look().one("indexes").finding, "there");
    rig.modify("dn: cn=config\nchangetype: modify\ndelete: aci\n" + aci);
}

TEST_F(DoctorDs389, NothingIsChanged) {
    const auto everything = [this] {
        const auto client = rig.client();
        auto result = run_program(
            {"ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", rig.ldap_uri(), "-D",
             client.admin_dn, "-w", client.admin_password, "-b", Ds389Rig::suffix(),
             "(objectClass=*)", "*", "+", "aci"}
        );
        EXPECT_EQ(result.exit_code, 0);
        return result.output;
    };
    const auto changes = rig.values("", "lastchangenumber");
    const auto before = everything();
    static_cast<void>(look());
    EXPECT_EQ(everything(), before);
    EXPECT_EQ(rig.values("", "lastchangenumber"), changes);
}

}  // namespace
}  // namespace bascule::test
