#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "tests/support/ldap_client.hpp"

namespace bascule::test {

/// A real Samba Active Directory domain controller in a throw-away folder on a loopback address of
/// its own, because its ports are fixed (389, 636). Needs root and the packages samba,
/// samba-ad-dc, samba-ad-provision, samba-dsdb-modules, python3-samba, ldap-utils and openssl.
///
/// A domain takes ten seconds to make, so it is made once for all tests of a build and copied.
/// Every method throws std::runtime_error with the server's own words when it fails. The destructor
/// stops the server and removes the folder. Use it from one thread; that thread must live as long
/// as the server.
///
/// There are OU=people, OU=groups and OU=services. Accounts: Administrator, and
/// CN=bascule,OU=services, which reads everything, sees deleted objects, and below OU=people may
/// reset passwords and write pwdLastSet, lockoutTime and telephoneNumber.
/// CN=reader,OU=services has no rights of its own.
class SambaRig {
  public:
    SambaRig();
    ~SambaRig();
    SambaRig(const SambaRig&) = delete;
    SambaRig& operator=(const SambaRig&) = delete;

    /// What keeps the rig from running here; empty when nothing does.
    [[nodiscard]] static std::string obstacle();

    /// Starts the server and returns when it answers. `model` is samba's process model: with
    /// "single" one process serves everything, with "standard" each connection has one.
    void start(const std::string& model = "single");
    /// Ends it in good order; does nothing when it is not running.
    void stop();
    void kill();
    void restart();
    /// Gives the stopped server's database another identity, as a restored backup has.
    void change_identity();
    [[nodiscard]] bool running() const { return pid_ > 0; }
    [[nodiscard]] pid_t process_id() const { return pid_; }

    /// Everything below works on the running server as Administrator.
    [[nodiscard]] LdapClient client() const;
    void modify(std::string_view ldif) const { client().modify(ldif); }
    void set(std::string_view dn, std::string_view attribute, std::string_view value) const {
        client().set(dn, attribute, value);
    }
    /// Adds an account below OU=people with a password ("" for none) and returns its DN; `more` are
    /// further LDIF lines.
    std::string add_user(
        const std::string& name, const std::string& password = {}, const std::string& more = {}
    ) const;
    /// Result of a simple bind: "" when it succeeded, else the server's data code ("52e").
    [[nodiscard]] std::string bind_failure(std::string_view name, std::string_view password) const;
    /// An instant as accountExpires counts.
    [[nodiscard]] static std::string ticks_after(double seconds);

    [[nodiscard]] std::string ldap_uri() const { return "ldap://" + address_; }
    [[nodiscard]] std::string ldaps_uri() const { return "ldaps://" + address_; }
    [[nodiscard]] std::string ca_file() const { return folder_ + "/tls/ca.pem"; }
    [[nodiscard]] const std::string& folder() const { return folder_; }

    [[nodiscard]] static std::string suffix() { return "DC=rig,DC=test"; }
    [[nodiscard]] static std::string people() { return "OU=people," + suffix(); }
    [[nodiscard]] static std::string groups() { return "OU=groups," + suffix(); }
    [[nodiscard]] static std::string service_dn() { return "CN=bascule,OU=services," + suffix(); }
    [[nodiscard]] static std::string reader_dn() { return "CN=reader,OU=services," + suffix(); }
    [[nodiscard]] static std::string service_password() { return "Service-Passw0rd"; }

  private:
    void write_configuration() const;
    [[nodiscard]] std::string log_tail() const;

    std::string folder_;
    std::string address_;
    pid_t pid_ = 0;
};

}  // namespace bascule::test
