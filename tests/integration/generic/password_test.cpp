// Passwords of servers of which nothing is known but their root entry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/ldap/dialects/generic/passwords.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::ldap {
namespace {

using directory::MustChange;
using test::SlapdRig;
using testing::HasSubstr;

Deadline soon() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(10);
}

std::string code_of(const Status& status) {
    return status ? "ok" : status.error().code;
}

class GenericPasswords : public testing::Test {
  protected:
    explicit GenericPasswords(test::SlapdOptions options = {.syncprov = false})
        : slapd(std::move(options)) {
        slapd.load_ldif(test::directory_ldif(4));
        slapd.start();
        ConnectionOptions service;
        service.servers = {slapd.ldaps_uri()};
        service.ca_file = slapd.ca_file();
        service.bind_dn = SlapdRig::service_dn();
        service.secret = [] { return Secret(SlapdRig::service_password()); };
        work.emplace(std::move(service));
    }
    Status reset(GenericPasswordWriter& writer, const std::string& password) {
        return writer.reset(dn, Secret(std::string(password)), MustChange::yes, soon());
    }
    SlapdRig slapd;
    std::optional<WorkConnection> work;
    std::string dn = test::user_dn(1);
    std::string present = std::string(test::user_password);
};

TEST_F(GenericPasswords, ResetAndChangeGoByPasswordModify) {
    GenericPasswordWriter writer(*work, false);
    EXPECT_EQ(code_of(reset(writer, "Fresh-Word-1")), "ok");
    EXPECT_EQ(slapd.bind(dn, "Fresh-Word-1"), 0);
    const auto change = [&](std::string from, std::string to) {
        return code_of(writer.change(dn, Secret(std::move(from)), Secret(std::move(to)), soon()));
    };
    EXPECT_EQ(change("wrong", "Own-Choice-2"), "wrong_password");
    EXPECT_EQ(change("Fresh-Word-1", "short"), "password_too_short");
    EXPECT_EQ(change("Fresh-Word-1", "Own-Choice-2"), "ok");
    EXPECT_EQ(slapd.bind(dn, "Own-Choice-2"), 0);
    EXPECT_EQ(code_of(reset(writer, "Fresh-Word-1")), "password_in_history");
    EXPECT_TRUE(writer.account_state(dn, soon())->exists);
    EXPECT_FALSE(writer.account_state("uid=nobody," + SlapdRig::suffix(), soon())->exists);
    EXPECT_EQ(code_of(writer.unlock(dn, soon())), "directory_denied");
    EXPECT_FALSE(writer.policy(dn, soon())->enforced_on_reset);
}

class WithoutPasswordModify : public GenericPasswords {
  protected:
    // An access rule hides what the server offers, as one does that has nothing to offer.
    WithoutPasswordModify()
        : GenericPasswords(
              {.global_lines = "access to dn.base=\"\" attrs=supportedExtension by * none\n"
                               "access to dn.base=\"\" by * read",
               .syncprov = false}
          ) {}
};

TEST_F(WithoutPasswordModify, UserPasswordIsReplacedOnlyWhenAllowed) {
    GenericPasswordWriter careful(*work, false);
    const auto refused = reset(careful, "Fresh-Word-1");
    EXPECT_EQ(code_of(refused), "password_change_not_allowed");
    EXPECT_THAT(refused.error().detail, HasSubstr("replace_password"));
    EXPECT_EQ(slapd.bind(dn, present), 0);
    GenericPasswordWriter writer(*work, true);
    EXPECT_EQ(code_of(reset(writer, "Fresh-Word-1")), "ok");
    EXPECT_EQ(slapd.bind(dn, "Fresh-Word-1"), 0);
}

}  // namespace
}  // namespace bascule::ldap
