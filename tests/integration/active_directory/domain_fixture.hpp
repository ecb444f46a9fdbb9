#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/daemon_rig.hpp"
#include "tests/support/removals.hpp"
#include "tests/support/samba_rig.hpp"

namespace bascule::test {

constexpr const char* every_account = "(&(objectClass=user)(sAMAccountType=805306368))";

/// What SCIM shows and the directory says otherwise, at or below `base`, with the users whom
/// `users` finds; empty when the mirror is exact.
[[nodiscard]] std::vector<std::string> domain_differences(
    const SambaRig& samba, const DaemonRig& daemon, const std::string& base = SambaRig::suffix(),
    const std::string& users = every_account
);
/// Waits until nothing differs; what differs after 20 s.
[[nodiscard]] std::vector<std::string> wait_domain_equal(
    const SambaRig& samba, DaemonRig& daemon, const std::string& base = SambaRig::suffix(),
    const std::string& users = every_account
);

/// A Samba domain and the real program that mirrors it. A test starts the program when the domain
/// is as it wants it.
class DomainTest : public testing::Test {
  protected:
    void SetUp() override;

    /// Starts the program on this base; `lines` are more YAML lines of the source.
    void launch(const std::string& base = SambaRig::suffix(), const std::string& lines = {});
    /// The same, and waits until the mirror is live.
    void serve(const std::string& base = SambaRig::suffix(), const std::string& lines = {});

    [[nodiscard]] std::vector<std::string> wait_equal(
        const std::string& base = SambaRig::suffix(), const std::string& users = every_account
    ) {
        return wait_domain_equal(*samba_, *daemon_, base, users);
    }
    [[nodiscard]] std::size_t removals() const { return removals_by(*daemon_); }
    /// The user with this userName, without the domain; null when there is none.
    [[nodiscard]] nlohmann::json user(const std::string& name) const;
    /// Waits until the user's attribute is `value`; false after 10 s.
    [[nodiscard]] bool wait_user(
        const std::string& name, const std::string& attribute, const nlohmann::json& value
    );
    /// Adds a group below OU=groups and returns its DN.
    std::string add_group(const std::string& name, const std::vector<std::string>& members = {});

    SambaRig& samba() { return *samba_; }
    DaemonRig& daemon() { return *daemon_; }

  private:
    std::unique_ptr<SambaRig> samba_;
    std::unique_ptr<DaemonRig> daemon_;
};

}  // namespace bascule::test
