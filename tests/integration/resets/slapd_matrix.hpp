#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

#include "tests/integration/resets/matrix.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {

/// A slapd with ppolicy whose people have a password that is as old as they are.
class SlapdMatrix : public testing::Test {
  protected:
    SlapdMatrix(std::string server, SlapdOptions options)
        : slapd(std::move(options)), server_(std::move(server)) {
        slapd.load_ldif(base_ldif());
        slapd.start();
    }
    [[nodiscard]] std::string add(const std::string& name) {
        const auto dn = fmt::format("uid={},ou=people,{}", name, SlapdRig::suffix());
        const std::string initial = "Start-Word-0";
        slapd.modify(fmt::format(
            "dn: {}\nobjectClass: inetOrgPerson\nuid: {}\ncn: Zq\nsn: Zq\nuserPassword: {}\n", dn,
            name, initial
        ));
        // What the owner sets has an age; what the administrator sets has none.
        const auto own = slapd.modify_as(
            dn, initial,
            fmt::format(
                "dn: {}\nchangetype: modify\nreplace: userPassword\nuserPassword: {}\n", dn,
                first_password
            )
        );
        EXPECT_EQ(own, 0);
        return dn;
    }
    [[nodiscard]] Matrix matrix(DaemonRig& daemon) {
        return {
            server_, daemon, [this](const std::string& name) { return add(name); },
            [this](const std::string& dn) {
                return static_cast<int>(slapd.values(dn, "pwdFailureTime").size());
            }};
    }
    /// Puts a rule before the others; give_back() takes it away.
    void narrow(const std::string& rule) {
        auto rules = SlapdRig::default_access();
        rules.insert(rules.begin(), rule);
        slapd.change_access(rules);
    }
    [[nodiscard]] std::function<void()> give_back() {
        return [this] { slapd.change_access(SlapdRig::default_access()); };
    }
    [[nodiscard]] std::function<void(const std::string&)> policy(
        const std::string& attribute, const std::string& value
    ) {
        return [=, this](const std::string&) { slapd.set_policy(attribute, value); };
    }
    [[nodiscard]] std::function<void()> back(
        const std::string& attribute, const std::string& value
    ) {
        return [=, this] { slapd.set_policy(attribute, value); };
    }
    void lock(const std::string& dn) {
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(slapd.bind(dn, "wrong"), 49);
        }
    }
    /// Nobody's password is older than some seconds: it expires when it is a second old.
    void expire(const std::string& dn) {
        slapd.set_policy("pwdMaxAge", "1");
        wait_until("the password to expire", std::chrono::seconds(20), [&] {
            return slapd.bind(dn, first_password) != 0;
        });
    }
    /// Shuts the account as an administrator does; slapd never does so itself.
    void disable(const std::string& dn) { slapd.set(dn, "pwdAccountLockedTime", "000001010000Z"); }
    /// Takes the service account's right to write the password of one person away.
    void protect(const std::string& dn) {
        narrow(fmt::format(
            "to dn.exact=\"{}\" attrs=userPassword,pwdReset by anonymous auth by * none", dn
        ));
    }

    SlapdRig slapd;

  private:
    std::string server_;
};

}  // namespace bascule::test
