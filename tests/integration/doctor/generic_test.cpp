// What the doctor finds at a server of which nothing is known but that it speaks LDAPv3: a slapd
// without syncprov, looked at as such.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/doctor/checkup.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class DoctorGeneric : public testing::Test {
  protected:
    void start(SlapdOptions options = {}) {
        options.syncprov = false;
        rig_ = std::make_unique<SlapdRig>(std::move(options));
        rig_->load_ldif(directory_ldif(30, 3));
        rig_->start();
    }
    /// The usual rules with another one before them.
    void narrow(const std::string& rule) {
        auto rules = SlapdRig::default_access();
        rules.insert(rules.begin(), rule);
        rig_->change_access(rules);
    }
    [[nodiscard]] ldap::ExaminationOptions options() const {
        ldap::ExaminationOptions options;
        options.name = "corp";
        options.dialect = ldap::Dialect::generic;
        auto& connection = options.source.connection;
        connection.servers = {rig_->ldaps_uri()};
        connection.ca_file = rig_->ca_file();
        connection.bind_dn = SlapdRig::service_dn();
        connection.secret = [] { return Secret(SlapdRig::service_password()); };
        connection.network_timeout = std::chrono::seconds(5);
        connection.operation_timeout = std::chrono::seconds(10);
        options.source.base = SlapdRig::suffix();
        options.writes_passwords = true;
        return options;
    }
    [[nodiscard]] Checkup look() const { return Checkup(options()); }
    [[nodiscard]] directory::Check anchor(const std::string& configured) const {
        auto with = options();
        with.source.polling.anchor = configured;
        return Checkup(with).one("anchor");
    }

    std::unique_ptr<SlapdRig> rig_;
};

TEST_F(DoctorGeneric, AnAccountThatSeesEverythingLacksNothing) {
    start();
    const auto found = look();
    EXPECT_THAT(found.faults(), IsEmpty());
    EXPECT_EQ(found.one("anchor").finding, "entryUUID");
    EXPECT_EQ(found.one("change_feed").finding, "by modifyTimestamp");
    EXPECT_EQ(found.verdict("change_feed"), "ok");
    EXPECT_EQ(found.verdict("limits"), "ok");
    EXPECT_EQ(found.verdict("attributes"), "ok");
    EXPECT_EQ(found.verdict("paging"), "none") << "it is offered, so there is nothing to say";
    EXPECT_EQ(found.one("password_secrecy").finding, "refused, as it should be");
    EXPECT_THAT(found.one("write_rights").finding, StartsWith("Password Modify is offered"));
    EXPECT_EQ(found.verdict("must_change"), "advice");
    EXPECT_THAT(found.one("clock").finding, HasSubstr("its newest stamp is 20"));
}

TEST_F(DoctorGeneric, WhatNamesAnEntryIsLookedForAtTheBase) {
    start();
    EXPECT_EQ(to_string(anchor("entryUUID").verdict), "ok");
    const auto by_dn = anchor("dn");
    EXPECT_EQ(to_string(by_dn.verdict), "advice");
    EXPECT_THAT(by_dn.remedy.sentence, HasSubstr("A rename is a deletion and a new person"));
    const auto other = anchor("employeeNumber");
    EXPECT_EQ(to_string(other.verdict), "advice");
    EXPECT_EQ(other.finding, "employeeNumber is not shown at the base entry");
    narrow("to attrs=entryUUID by * none");
    const auto hidden = anchor("");
    EXPECT_EQ(to_string(hidden.verdict), "FAIL");
    EXPECT_THAT(hidden.finding, HasSubstr("entryUUID, nsUniqueId"));
    EXPECT_THAT(hidden.remedy.sentence, HasSubstr("sources[].anchor"));
}

TEST_F(DoctorGeneric, HiddenStampsMeanThatEverythingIsReadAgain) {
    start();
    narrow("to attrs=modifyTimestamp,createTimestamp by * none");
    const auto found = look();
    const auto check = found.one("change_feed");
    EXPECT_EQ(to_string(check.verdict), "advice");
    EXPECT_EQ(check.finding, "modifyTimestamp is not shown, so everything is read again");
    EXPECT_THAT(check.remedy.sentence, HasSubstr("modifyTimestamp and createTimestamp"));
    EXPECT_EQ(found.one("clock").finding, "the server does not tell its time");
}

TEST_F(DoctorGeneric, AHiddenAttributeIsToldWithItsPlaceInWords) {
    start();
    const auto unit = "ou=d2,ou=people," + SlapdRig::suffix();
    narrow("to dn.subtree=\"" + unit + "\" attrs=mail,title by * none");
    const auto check = look().one("attributes");
    EXPECT_EQ(check.finding, "cannot see mail, title in " + unit);
    EXPECT_EQ(
        check.remedy.sentence,
        "Give " + SlapdRig::service_dn() + " the right to read mail, title below " + unit + "."
    );
    EXPECT_THAT(check.remedy.lines, IsEmpty()) << "how rights are written there is not known";
}

TEST_F(DoctorGeneric, ASizeLimitIsFound) {
    start({.service_size_limit = "20"});
    const auto check = look().one("limits");
    EXPECT_EQ(to_string(check.verdict), "FAIL");
    EXPECT_EQ(check.finding, "the answer was cut short after 20 entries");
    EXPECT_THAT(check.remedy.sentence, HasSubstr(SlapdRig::service_dn()));
}

TEST_F(DoctorGeneric, StoredPasswordsThatCanBeReadAreAFault) {
    start();
    narrow(
        "to attrs=userPassword by dn.exact=\"" + SlapdRig::service_dn() +
        "\" read by anonymous auth by * none"
    );
    const auto check = look().one("password_secrecy");
    EXPECT_EQ(to_string(check.verdict), "FAIL");
    EXPECT_THAT(check.remedy.sentence, HasSubstr("Take the right to read userPassword"));
}

TEST_F(DoctorGeneric, WhatTheRootEntryDoesNotOfferIsMissed) {
    start(
        {.global_lines = "access to dn.base=\"\" attrs=supportedExtension,supportedControl "
                         "by * none\naccess to dn.base=\"\" by * read"}
    );
    const auto found = look();
    EXPECT_EQ(found.verdict("paging"), "advice");
    const auto check = found.one("write_rights");
    EXPECT_EQ(to_string(check.verdict), "FAIL");
    EXPECT_EQ(check.finding, "the server offers no Password Modify (RFC 3062)");
    EXPECT_THAT(check.remedy.sentence, HasSubstr("sources[].write_back.replace_password"));
    auto replacing = options();
    replacing.source.replaces_password = true;
    EXPECT_EQ(
        Checkup(replacing).one("write_rights").finding, "userPassword is replaced, as configured"
    );
}

TEST_F(DoctorGeneric, AStampInTheFutureShowsAClockThatIsAhead) {
    if (!clock_can_be_shifted()) {
        GTEST_SKIP() << "libfaketime is not installed";
    }
    start({.clock_shift = "+1h"});
    const auto check = look().one("clock");
    EXPECT_EQ(to_string(check.verdict), "advice");
    EXPECT_THAT(
        check.finding,
        testing::MatchesRegex("the server's newest stamp is 3[56][0-9][0-9] s in the future")
    );
    EXPECT_THAT(check.remedy.sentence, HasSubstr("NTP"));
}

}  // namespace
}  // namespace bascule::test
