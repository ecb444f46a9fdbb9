#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/daemon_rig.hpp"
#include "tests/support/samba_rig.hpp"

namespace bascule::test {

/// A Samba domain and the real program that mirrors it. A test starts the program when the domain
/// is as it wants it.
class DomainTest : public testing::Test {
  protected:
    void SetUp() override;

    /// Makes the program for the base and starts it; `lines` are more YAML lines of the source.
    void serve(const std::string& base = SambaRig::suffix(), const std::string& lines = {});
    /// The same as another account.
    void serve_as(const std::string& dn, const std::string& base, const std::string& lines);

    /// Waits until what SCIM shows equals the directory; what differs after 20 s. Only what stands
    /// at or below `base` counts.
    [[nodiscard]] std::vector<std::string> wait_equal(const std::string& base = SambaRig::suffix());
    /// The user with this userName, without the domain; null when there is none.
    [[nodiscard]] nlohmann::json user(const std::string& name) const;
    /// Waits until the user's attribute is `value`; false after 10 s.
    [[nodiscard]] bool wait_user(
        const std::string& name, const std::string& attribute, const nlohmann::json& value
    ) const;
    /// Adds a group below OU=groups and returns its DN.
    std::string add_group(const std::string& name, const std::vector<std::string>& members = {});

    SambaRig& samba() { return *samba_; }
    DaemonRig& daemon() { return *daemon_; }

  private:
    [[nodiscard]] std::vector<std::string> differences(const std::string& base);

    std::unique_ptr<SambaRig> samba_;
    std::unique_ptr<DaemonRig> daemon_;
};

}  // namespace bascule::test
