// Phone numbers are written value by value, and what somebody else wrote is never overwritten: on
// each kind of server, by its own rules.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <latch>

#include "connectors/ldap/dialects/directory_source.hpp"
#include "tests/support/ds389_rig.hpp"
#include "tests/support/rig_ldif.hpp"
#include "tests/support/samba_rig.hpp"
#include "tests/support/slapd_rig.hpp"
#include "tests/unit/mirror/registry_fixture.hpp"

namespace bascule::test {
namespace {

using directory::TypedValue;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Numbers = std::vector<TypedValue>;

Numbers mobile(const std::string& number) {
    return {{"mobile", number}};
}

ldap::SourceOptions options_for(
    const std::string& server, const std::string& base, const std::string& dn,
    const std::string& password
) {
    ldap::SourceOptions options;
    options.connection.servers = {server};
    options.connection.bind_dn = dn;
    options.connection.secret = [password] { return Secret(std::string(password)); };
    options.connection.network_timeout = std::chrono::seconds(2);
    options.connection.operation_timeout = std::chrono::seconds(5);
    options.base = base;
    options.written_phones = {"mobile"};
    return options;
}

/// LDIF that gives an attribute this one value, or none when it is empty.
std::string replacement(
    const std::string& dn, const std::string& attribute, const std::string& value
) {
    const std::string line = value.empty() ? "" : fmt::format("{}: {}\n", attribute, value);
    return fmt::format("dn: {}\nchangetype: modify\nreplace: {}\n{}", dn, attribute, line);
}

/// One person of a server, and how the test looks at the server beside the product.
struct Place {
    ldap::SourceOptions options;
    ldap::Dialect dialect = ldap::Dialect::openldap;
    std::string dn;
    std::function<std::vector<std::string>()> values;
    std::function<void(const std::string&)> somebody_writes;
    std::string type = "mobile";

    [[nodiscard]] Numbers number(const std::string& value) const { return {{type, value}}; }
};

class Writing {
  public:
    explicit Writing(const Place& place) : dn_(place.dn) {
        auto made =
            ldap::DirectorySource::make(place.options, place.dialect, {}, product_registry());
        if (!made) {
            throw std::runtime_error(made.error().detail);
        }
        source_ = std::move(*made);
    }
    Result<std::string> operator()(const Numbers& before, const Numbers& after) {
        return source_->attributes().write_phones(
            dn_, before, after, std::chrono::steady_clock::now() + std::chrono::seconds(20)
        );
    }

  private:
    std::string dn_;
    std::unique_ptr<ldap::DirectorySource> source_;
};

void expect_written_and_read_back(const Place& place) {
    Writing write(place);
    const auto added = write({}, place.number("+49 (30) 111-1111"));
    ASSERT_TRUE(added) << added.error().detail << " " << added.error().context;
    EXPECT_THAT(*added, HasSubstr("+49301111111"));
    EXPECT_THAT(place.values(), ElementsAre("+49301111111"));
    const auto changed = write(place.number("+49301111111"), place.number("+49302222222"));
    ASSERT_TRUE(changed) << changed.error().detail << " " << changed.error().context;
    EXPECT_THAT(place.values(), ElementsAre("+49302222222"));
    const auto removed = write(place.number("+49302222222"), {});
    ASSERT_TRUE(removed) << removed.error().detail << " " << removed.error().context;
    EXPECT_EQ(removed->find("4930"), std::string::npos) << *removed;
    EXPECT_THAT(place.values(), IsEmpty());
}

void expect_others_are_not_overwritten(const Place& place) {
    Writing write(place);
    place.somebody_writes("+49305555555");
    for (const Numbers& before : {Numbers{}, place.number("+49301111111")}) {
        const auto late = write(before, place.number("+49303333333"));
        ASSERT_FALSE(late);
        EXPECT_EQ(late.error().code, "changed_meanwhile") << late.error().context;
        EXPECT_THAT(late.error().detail, HasSubstr("Nothing was changed"));
        EXPECT_THAT(place.values(), ElementsAre("+49305555555"));
    }
}

/// Two people who give a first number at the same instant.
void expect_no_two_first_numbers(const Place& place) {
    Writing one(place);
    Writing other(place);
    for (int round = 0; round < 30; ++round) {
        place.somebody_writes("");
        std::latch both(2);
        const auto write = [&](Writing& who, const std::string& number) {
            both.arrive_and_wait();
            return who({}, place.number(number)).has_value();
        };
        auto second = std::async(std::launch::async, [&] { return write(other, "+49302222222"); });
        const bool first_stands = write(one, "+49301111111");
        const bool second_stands = second.get();
        ASSERT_FALSE(first_stands && second_stands);
        std::vector<std::string> standing;
        if (first_stands) {
            standing.emplace_back("+49301111111");
        } else if (second_stands) {
            standing.emplace_back("+49302222222");
        }
        ASSERT_EQ(place.values(), standing) << "round " << round;
    }
    place.somebody_writes("");
}

void expect_it_works(const Place& place) {
    expect_no_two_first_numbers(place);
    expect_written_and_read_back(place);
    expect_others_are_not_overwritten(place);
}

class PhoneWriterSlapd : public testing::TestWithParam<ldap::Dialect> {
  protected:
    PhoneWriterSlapd() {
        allow();
        rig.load_ldif(directory_ldif(3, 1));
        rig.start();
    }
    void allow() {
        auto rules = SlapdRig::default_access();
        rules.insert(
            rules.begin(),
            "to attrs=mobile by dn.exact=\"" + SlapdRig::service_dn() + "\" write by * read"
        );
        rig.change_access(rules);
    }
    Place place(ldap::Dialect dialect) {
        return {
            options_for(
                rig.ldap_uri(), SlapdRig::suffix(), SlapdRig::service_dn(),
                SlapdRig::service_password()
            ),
            dialect, user_dn(1), [this] { return rig.values(user_dn(1), "mobile"); },
            [this](const std::string& number) {
                rig.modify(replacement(user_dn(1), "mobile", number));
            }};
    }
    SlapdRig rig;
};

TEST_P(PhoneWriterSlapd, NumbersAreWrittenReadBackAndNeverOverwritten) {
    expect_it_works(place(GetParam()));
}

TEST_P(PhoneWriterSlapd, ARefusalAndASilentServerSayThatNothingWasChanged) {
    Writing write(place(GetParam()));
    rig.change_access(SlapdRig::default_access());
    const auto denied = write({}, mobile("+49301111111"));
    ASSERT_FALSE(denied);
    EXPECT_EQ(denied.error().code, "directory_denied");
    EXPECT_THAT(denied.error().detail, HasSubstr("Nothing was changed"));
    allow();
    const auto bad = write({}, mobile("call me"));
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, "invalid_phone_number");
    rig.stop();
    const auto down = write({}, mobile("+49301111111"));
    ASSERT_FALSE(down);
    EXPECT_EQ(down.error().code, "writeback_unavailable");
    EXPECT_THAT(down.error().detail, HasSubstr("was not changed"));
    rig.start();
    EXPECT_THAT(rig.values(user_dn(1), "mobile"), IsEmpty());
    EXPECT_TRUE(write({}, mobile("+49301111111")));
}

INSTANTIATE_TEST_SUITE_P(
    Dialects, PhoneWriterSlapd, testing::Values(ldap::Dialect::openldap, ldap::Dialect::generic),
    [](const auto& one) { return one.param == ldap::Dialect::generic ? "Generic" : "OpenLdap"; }
);

TEST(PhoneWriterDs389, NumbersAreWrittenReadBackAndNeverOverwritten) {
    Ds389Rig& rig = shared_ds389();
    const auto people = "ou=people," + Ds389Rig::suffix();
    const auto dn = "uid=leo," + people;
    rig.modify(fmt::format(
        "dn: {0}\nobjectClass: inetOrgPerson\nuid: leo\ncn: Leo\nsn: Leo\n\n"
        "dn: {1}\nchangetype: modify\nadd: aci\naci: (targetattr=\"mobile\")(version 3.0; acl "
        "\"phones\"; allow (write) userdn=\"ldap:///{2}\";)\n",
        dn, people, Ds389Rig::service_dn()
    ));
    expect_it_works(
        {options_for(
             rig.ldap_uri(), Ds389Rig::suffix(), Ds389Rig::service_dn(),
             Ds389Rig::service_password()
         ),
         ldap::Dialect::ds389, dn, [&] { return rig.values(dn, "mobile"); },
         [&](const std::string& number) { rig.modify(replacement(dn, "mobile", number)); }}
    );
    rig.clear();
}

TEST(PhoneWriterDomain, NumbersAreWrittenReadBackAndNeverOverwritten) {
    if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
        GTEST_SKIP() << obstacle;
    }
    SambaRig samba;
    samba.start();
    const auto dn = samba.add_user("leo", "Passw0rd-old");
    auto options = options_for(
        samba.ldaps_uri(), SambaRig::people(), SambaRig::service_dn(), SambaRig::service_password()
    );
    options.written_phones = {"telephoneNumber"};
    options.connection.ca_file = samba.ca_file();
    expect_it_works(
        {options, ldap::Dialect::active_directory, dn,
         [&] { return samba.client().values(dn, "telephoneNumber"); },
         [&](const std::string& number) {
             samba.modify(replacement(dn, "telephoneNumber", number));
         },
         "work"}
    );
}

}  // namespace
}  // namespace bascule::test
