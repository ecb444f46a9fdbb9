// What the doctor finds in a real domain; the command that it prints is given to the shell of the
// domain controller as it stands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "tests/integration/doctor/checkup.hpp"
#include "tests/support/samba_rig.hpp"

namespace bascule::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class DoctorDomain : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
            GTEST_SKIP() << obstacle;
        }
        samba_ = std::make_unique<SambaRig>();
        samba_->start();
        samba_->add_user("alice", "Passw0rd-old");
    }
    [[nodiscard]] ldap::ExaminationOptions options(const std::string& account) const {
        ldap::ExaminationOptions options;
        options.name = "corp";
        auto& connection = options.source.connection;
        connection.servers = {samba_->ldaps_uri()};
        connection.ca_file = samba_->ca_file();
        connection.bind_dn = account;
        connection.secret = [] { return Secret(SambaRig::service_password()); };
        connection.network_timeout = std::chrono::seconds(10);
        connection.operation_timeout = std::chrono::seconds(20);
        options.source.base = SambaRig::people();
        options.writes_passwords = true;
        options.unlocks = true;
        return options;
    }
    /// As somebody on the domain controller types it; there it finds its own configuration.
    void run_as_printed(const directory::Check& check) const {
        ASSERT_FALSE(check.remedy.lines.empty());
        ::setenv("SMB_CONF_PATH", (samba_->folder() + "/etc/smb.conf").c_str(), 1);
        for (const auto& line : check.remedy.lines) {
            const auto result = run_program({"sh", "-c", line});
            EXPECT_EQ(result.exit_code, 0) << line << "\n" << result.output;
        }
        ::unsetenv("SMB_CONF_PATH");
    }

    std::unique_ptr<SambaRig> samba_;
};

TEST_F(DoctorDomain, AnAccountWithTheDocumentedRightsLacksNothing) {
    const Checkup found(options(SambaRig::service_dn()));
    EXPECT_THAT(found.faults(), IsEmpty());
    EXPECT_EQ(found.verdict("change_feed"), "ok");
    EXPECT_EQ(found.one("write_rights").finding, "allowed (1 container)");
    EXPECT_EQ(found.one("reset_history").finding, "this server cannot apply it");
    EXPECT_EQ(found.verdict("clock"), "ok");
}

TEST_F(DoctorDomain, MissingRightsAreNamedAndThePrintedCommandMendsThem) {
    auto reader = options(SambaRig::reader_dn());
    reader.written_attributes = {"mobile"};
    const auto check = Checkup(reader).one("write_rights");
    EXPECT_EQ(
        check.finding,
        "no right to Reset Password, pwdLastSet, lockoutTime, mobile in " + SambaRig::people()
    );
    run_as_printed(check);
    EXPECT_THAT(Checkup(reader).faults(), IsEmpty());
    // The right is what it seems: a reset by this account succeeds.
    EXPECT_EQ(
        samba_->client().modify_as(
            SambaRig::reader_dn(), SambaRig::service_password(),
            "dn: CN=alice," + SambaRig::people() +
                "\nchangetype: modify\nreplace: mobile\nmobile: +49 30 1\n"
        ),
        0
    );
}

TEST_F(DoctorDomain, AMissingRightOnOneUnitIsToldForThatUnit) {
    samba_->modify(
        "dn: OU=outside," + SambaRig::suffix() + "\nobjectClass: organizationalUnit\n\n" +
        "dn: CN=bob,OU=outside," + SambaRig::suffix() + "\nobjectClass: user\nsAMAccountName: bob\n"
    );
    auto whole = options(SambaRig::service_dn());
    whole.source.base = SambaRig::suffix();
    std::vector<std::string> findings;
    for (const auto& check : Checkup(whole).all("write_rights")) {
        findings.push_back(check.finding);
    }
    EXPECT_THAT(
        findings,
        testing::Contains(HasSubstr("pwdLastSet, lockoutTime in OU=outside," + SambaRig::suffix()))
    );
    EXPECT_THAT(findings, Not(testing::Contains(HasSubstr("in " + SambaRig::people()))));
}

TEST_F(DoctorDomain, DeletedObjectsThatCanBeSeenAreNoMatterOfAdvice) {
    samba_->modify("dn: CN=alice," + SambaRig::people() + "\nchangetype: delete\n");
    samba_->add_user("carol", "Passw0rd-old");
    EXPECT_EQ(Checkup(options(SambaRig::service_dn())).verdict("deleted_objects"), "ok");
    EXPECT_EQ(Checkup(options(SambaRig::reader_dn())).verdict("deleted_objects"), "advice");
}

TEST_F(DoctorDomain, NothingIsChanged) {
    const auto everything = [this] {
        const auto client = samba_->client();
        auto result = run_program(
            {"ldapsearch",
             "-x",
             "-LLL",
             "-o",
             "ldif-wrap=no",
             "-H",
             client.uri,
             "-D",
             client.admin_dn,
             "-w",
             client.admin_password,
             "-b",
             SambaRig::people(),
             "(objectClass=*)",
             "*",
             "nTSecurityDescriptor",
             "replPropertyMetaData",
             "pwdLastSet",
             "lockoutTime",
             "uSNChanged"}
        );
        EXPECT_EQ(result.exit_code, 0);
        return result.output;
    };
    const auto before = everything();
    EXPECT_THAT(Checkup(options(SambaRig::service_dn())).faults(), IsEmpty());
    EXPECT_EQ(everything(), before);
}

}  // namespace
}  // namespace bascule::test
