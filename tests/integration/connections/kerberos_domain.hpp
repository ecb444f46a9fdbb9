#pragma once

#include <memory>
#include <string>

#include "tests/integration/connections/name_server.hpp"
#include "tests/support/samba_rig.hpp"

namespace bascule::test {

/// A Samba domain that gives Kerberos tickets, found by a DNS server of its own as rig.test with
/// the controller dc1.rig.test. Sets KRB5_CONFIG for this process and those that it makes.
class KerberosDomain {
  public:
    KerberosDomain();

    [[nodiscard]] SambaRig& samba() { return samba_; }
    [[nodiscard]] std::string dns() const { return dns_->address(); }
    /// Writes the service account's keys, at once, in place of what is there.
    void export_keytab() const;
    [[nodiscard]] std::string keytab() const { return samba_.folder() + "/bascule.keytab"; }
    /// A krb5.conf that asks this address ("127.0.0.1:88") for tickets of RIG.TEST; further lines
    /// of [realms].
    void configure(
        const std::string& name, const std::string& controller, const std::string& realms = {}
    ) const;
    [[nodiscard]] std::string controller() const { return samba_.address() + ":88"; }
    /// Gives the controller one more name that it proves by Kerberos ("ldap/…").
    void add_principal(const std::string& principal) const;
    void change_password(const std::string& password) const;

  private:
    [[nodiscard]] std::string smb_conf() const { return samba_.folder() + "/etc/smb.conf"; }

    SambaRig samba_;
    std::unique_ptr<NameServer> dns_;
};

}  // namespace bascule::test
