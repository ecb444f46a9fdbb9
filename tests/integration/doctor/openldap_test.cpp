// What the doctor finds in a real slapd: each lack by its name and place, and a remedy that mends
// it when it is given to ldapmodify as it stands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/doctor/checkup.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

constexpr std::size_t people = 30;

ldap::ExaminationOptions options_for(const SlapdRig& rig) {
    ldap::ExaminationOptions options;
    options.name = "corp";
    auto& connection = options.source.connection;
    connection.servers = {rig.ldaps_uri()};
    connection.ca_file = rig.ca_file();
    connection.bind_dn = SlapdRig::service_dn();
    connection.secret = [] { return Secret(SlapdRig::service_password()); };
    connection.network_timeout = std::chrono::seconds(5);
    connection.operation_timeout = std::chrono::seconds(10);
    options.source.base = SlapdRig::suffix();
    options.writes_passwords = true;
    options.unlocks = true;
    return options;
}

class DoctorOpenLdap : public testing::Test {
  protected:
    void start(SlapdOptions options = {}) {
        rig_ = std::make_unique<SlapdRig>(std::move(options));
        rig_->load_ldif(directory_ldif(people, 3));
        rig_->start();
    }
    /// The usual rules with another one before them.
    void narrow(const std::string& rule) {
        auto rules = SlapdRig::default_access();
        rules.insert(rules.begin(), rule);
        rig_->change_access(rules);
    }
    [[nodiscard]] Checkup look() const { return Checkup(options_for(*rig_)); }
    /// Uses the remedy as it was printed.
    void mend(const directory::Check& check) {
        ASSERT_FALSE(check.remedy.lines.empty());
        rig_->change_configuration(Checkup::text(check));
    }
    /// Lets the service account read the server's configuration.
    void open_configuration() {
        rig_->change_configuration(
            "dn: olcDatabase={0}config,cn=config\nchangetype: modify\nadd: olcAccess\n"
            "olcAccess: {0}to * by dn.exact=\"" +
            SlapdRig::service_dn() + "\" read\n"
        );
    }

    std::unique_ptr<SlapdRig> rig_;
};

TEST_F(DoctorOpenLdap, AnAccountWithTheDocumentedRightsLacksNothing) {
    start();
    const auto found = look();
    EXPECT_THAT(found.faults(), IsEmpty());
    EXPECT_EQ(found.verdict("change_feed"), "ok");
    EXPECT_EQ(found.one("password_secrecy").finding, "refused, as it should be");
    EXPECT_EQ(found.one("write_rights").finding, "allowed (10 containers)");
    EXPECT_EQ(found.verdict("clock"), "ok");
}

TEST_F(DoctorOpenLdap, AMissingWriteRightIsNamedWithItsContainerAndTheRemedyMendsIt) {
    start();
    narrow(
        "to dn.subtree=\"ou=d1,ou=people," + SlapdRig::suffix() +
        "\" attrs=userPassword,pwdReset by self =xw by anonymous auth by * none"
    );
    const auto check = look().one("write_rights");
    EXPECT_EQ(to_string(check.verdict), "FAIL");
    EXPECT_EQ(
        check.finding,
        "no right to write pwdReset, userPassword in ou=d1,ou=people," + SlapdRig::suffix()
    );
    mend(check);
    const auto after = look();
    EXPECT_THAT(after.faults(), IsEmpty());
    // Others have what they had.
    EXPECT_EQ(rig_->bind(user_dn(1), user_password), 0);
    EXPECT_EQ(rig_->bind(SlapdRig::service_dn(), SlapdRig::service_password()), 0);
}

TEST_F(DoctorOpenLdap, ARightThatIsMissingEverywhereIsOneFindingForTheWholeTree) {
    start();
    narrow("to attrs=pwdAccountLockedTime by * read");
    const auto check = look().one("write_rights");
    EXPECT_THAT(
        check.finding,
        HasSubstr("pwdAccountLockedTime in ou=people," + SlapdRig::suffix() + " (10 containers)")
    );
    mend(check);
    EXPECT_THAT(look().faults(), IsEmpty());
}

TEST_F(DoctorOpenLdap, AHiddenAttributeIsToldFromOneThatNobodyHas) {
    start();
    narrow(
        "to dn.subtree=\"ou=d2,ou=people," + SlapdRig::suffix() + "\" attrs=mail,title by * none"
    );
    const auto check = look().one("attributes");
    EXPECT_EQ(check.finding, "cannot see mail, title in ou=d2,ou=people," + SlapdRig::suffix());
    mend(check);
    EXPECT_THAT(look().faults(), IsEmpty());
}

TEST_F(DoctorOpenLdap, StoredPasswordsThatCanBeReadAreAFault) {
    start();
    narrow(
        "to attrs=userPassword by dn.exact=\"" + SlapdRig::service_dn() +
        "\" manage by anonymous auth by * none"
    );
    const auto check = look().one("password_secrecy");
    EXPECT_EQ(to_string(check.verdict), "FAIL");
    EXPECT_THAT(check.remedy.sentence, HasSubstr("passes every rule of the password policy"));
    mend(check);
    EXPECT_THAT(look().faults(), IsEmpty());
}

TEST_F(DoctorOpenLdap, ASizeLimitIsFoundAndTheRemedyLiftsIt) {
    start();
    rig_->change_configuration(
        "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\ndelete: olcLimits\n-\n"
        "replace: olcSizeLimit\nolcSizeLimit: 20\n"
    );
    const auto check = look().one("limits");
    EXPECT_EQ(check.finding, "the answer was cut short after 20 entries");
    mend(check);
    EXPECT_EQ(look().verdict("limits"), "ok");
}

TEST_F(DoctorOpenLdap, ALimitThatNamesTheAccountIsReplacedWhereItCanBeSeen) {
    start({.service_size_limit = "20"});
    open_configuration();
    const auto check = look().one("limits");
    EXPECT_EQ(to_string(check.verdict), "FAIL");
    mend(check);
    EXPECT_EQ(look().verdict("limits"), "ok");
}

TEST_F(DoctorOpenLdap, ADatabaseWithoutSyncprovHasNoChangeFeedWhateverTheRootEntryLists) {
    start({.global_lines = "moduleload syncprov.so", .syncprov = false});
    const auto found = look();
    EXPECT_EQ(found.verdict("change_feed"), "FAIL");
    EXPECT_THAT(found.one("change_feed").remedy.lines, testing::Contains("overlay syncprov"));
}

TEST_F(DoctorOpenLdap, AReadableConfigurationShowsSessionLogAndIndexes) {
    start();
    open_configuration();
    const auto check = look().one("session_log");
    EXPECT_EQ(check.finding, "100 operations");
    EXPECT_EQ(to_string(check.verdict), "advice");
    mend(check);
    EXPECT_EQ(look().one("session_log").finding, "10000 operations");
    EXPECT_EQ(look().one("indexes").finding, "there");
    rig_->change_configuration(
        "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\ndelete: olcDbIndex\n"
        "olcDbIndex: entryCSN eq\n"
    );
    const auto index = look().one("indexes");
    EXPECT_EQ(index.finding, "missing: entryCSN");
    mend(index);
    EXPECT_EQ(look().one("indexes").finding, "there");
}

TEST_F(DoctorOpenLdap, APolicyThatAsksForTheOldPasswordIsAFault) {
    start();
    rig_->set_policy("pwdSafeModify", "TRUE");
    const auto check = look().one("password_policy");
    EXPECT_EQ(to_string(check.verdict), "FAIL");
    rig_->modify(Checkup::text(check));
    EXPECT_THAT(look().faults(), IsEmpty());
}

TEST_F(DoctorOpenLdap, AnUntrustedCertificateIsToldWithItsReason) {
    start();
    auto options = options_for(*rig_);
    options.source.connection.ca_file = rig_->stranger_ca_file();
    const Checkup found(options);
    EXPECT_EQ(found.verdict("server"), "FAIL");
    EXPECT_EQ(found.verdict("tls"), "FAIL");
    EXPECT_THAT(found.one("tls").remedy.sentence, HasSubstr("Bascule test authority"));
    options = options_for(*rig_);
    options.source.connection.servers = {
        "ldaps://127.0.0.1:" + std::to_string(rig_->port()),  // speaks no TLS there
        rig_->ldaps_uri()};
    const Checkup second(options);
    EXPECT_EQ(second.all("server").size(), 2U);
    EXPECT_EQ(second.verdict("server"), "FAIL");
    EXPECT_EQ(second.verdict("change_feed"), "ok");
}

TEST_F(DoctorOpenLdap, AWrongPasswordOfTheAccountIsToldAndNothingElseIsAsked) {
    start();
    auto options = options_for(*rig_);
    options.source.connection.secret = [] { return Secret("wrong"); };
    const Checkup found(options);
    EXPECT_EQ(found.verdict("server"), "ok");
    EXPECT_EQ(found.verdict("sign_in"), "FAIL");
    EXPECT_EQ(found.verdict("change_feed"), "none");
}

TEST_F(DoctorOpenLdap, NothingIsChanged) {
    start();
    const auto everything = [this] {
        auto result = run_program(
            {"ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", rig_->ldapi_uri(), "-D",
             SlapdRig::admin_dn(), "-w", SlapdRig::admin_password(), "-b", SlapdRig::suffix(),
             "(objectClass=*)", "*", "+"}
        );
        EXPECT_EQ(result.exit_code, 0);
        return result.output;
    };
    auto options = options_for(*rig_);
    options.written_attributes = {"mobile", "telephoneNumber"};
    rig_->set(user_dn(1), "pwdReset", "FALSE");
    rig_->set(user_dn(2), "pwdReset", "TRUE");
    rig_->set(user_dn(3), "mobile", "20");
    rig_->set(user_dn(4), "pwdAccountLockedTime", "19700102000000Z");
    // With every right that there is, so that nothing is held back by a missing one.
    narrow("to * by dn.exact=\"" + SlapdRig::service_dn() + "\" manage by * break");
    const auto before = everything();
    const Checkup found(options);
    EXPECT_EQ(found.verdict("write_rights"), "ok");
    EXPECT_EQ(everything(), before);
}

TEST_F(DoctorOpenLdap, PhonesThatAreWrittenBackNeedTheirOwnRight) {
    start();
    auto options = options_for(*rig_);
    options.written_attributes = {"mobile"};
    const auto check = Checkup(options).one("write_rights");
    EXPECT_THAT(check.finding, HasSubstr("no right to write mobile in ou=people"));
    mend(check);
    EXPECT_EQ(Checkup(options).verdict("write_rights"), "ok");
}

/// A server that shows cn=Monitor tells its time.
constexpr const char* monitor_lines =
    "moduleload back_monitor\ndatabase monitor\naccess to * by * read";

TEST_F(DoctorOpenLdap, AClockThatIsAnHourAheadIsToldInSeconds) {
    if (!clock_can_be_shifted()) {
        GTEST_SKIP() << "libfaketime is not installed";
    }
    start({.global_lines = monitor_lines, .clock_shift = "+1h"});
    const auto found = look();
    const auto check = found.one("clock");
    EXPECT_EQ(to_string(check.verdict), "advice");
    EXPECT_THAT(
        check.finding, MatchesRegex("the server is 3[56][0-9][0-9] s ahead of this machine")
    );
    EXPECT_THAT(check.remedy.sentence, HasSubstr("NTP"));
    EXPECT_THAT(found.faults(), IsEmpty()) << "it is advice: the mirror goes by the server's clock";
}

TEST_F(DoctorOpenLdap, AClockThatIsAnHourBehindIsToldInSeconds) {
    if (!clock_can_be_shifted()) {
        GTEST_SKIP() << "libfaketime is not installed";
    }
    start({.global_lines = monitor_lines, .clock_shift = "-1h"});
    const auto check = look().one("clock");
    EXPECT_EQ(to_string(check.verdict), "advice");
    EXPECT_THAT(check.finding, MatchesRegex("the server is 3[56][0-9][0-9] s behind this machine"));
}

TEST_F(DoctorOpenLdap, WithoutTheMonitorAStampInTheFutureShowsAClockThatIsAhead) {
    if (!clock_can_be_shifted()) {
        GTEST_SKIP() << "libfaketime is not installed";
    }
    start({.clock_shift = "+1h"});
    const auto check = look().one("clock");
    EXPECT_EQ(to_string(check.verdict), "advice");
    EXPECT_THAT(
        check.finding, MatchesRegex("the server's newest stamp is 3[56][0-9][0-9] s in the future")
    );
}

}  // namespace
}  // namespace bascule::test
