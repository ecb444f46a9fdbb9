#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "tests/support/ldap_client.hpp"

namespace bascule::test {

/// Which controller of a domain a rig is.
enum class SambaRole {
    alone,    ///< the only one
    first,    ///< the first of two; they replicate when they are told to
    second,   ///< the second, joined to the first
    crowded,  ///< the only one, with 5,000 contacts in OU=people and CN=many,OU=groups of them all
};

/// A real Samba Active Directory domain controller in a throw-away folder on a loopback address of
/// its own, because its ports are fixed (389, 636). Needs root and the packages samba,
/// samba-ad-dc, samba-ad-provision, samba-dsdb-modules, python3-samba, ldap-utils and openssl.
///
/// A domain takes ten seconds to make, so it is made once for all tests of a build and copied.
/// So are a domain of two controllers and a crowded one, which take a minute each.
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
    explicit SambaRig(SambaRole role = SambaRole::alone);
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
    /// SIGSTOP and SIGCONT: with the process model "single" it is there and says nothing.
    void freeze() const;
    void thaw() const;
    /// The stopped domain keeps the attributes of what is deleted from now on.
    void switch_recycle_bin_on();
    /// Whether the service account sees what stands in OU=people.
    void hide_people(bool hidden) const;
    /// Whether the service account sees the telephoneNumber of who stands there.
    void hide_numbers(bool hidden) const;
    /// Takes the service account's right to reset the password of an account away.
    void deny_reset(const std::string& dn) const;
    /// Takes everybody's right to change the password of an account away.
    void deny_change(const std::string& dn) const;
    /// Makes the password of an account 100 days old.
    void age_password(const std::string& dn) const;
    /// Brings a deleted account back to where it stood.
    void revive(const std::string& name, const std::string& dn) const;
    /// Takes over what the other, running controller of the domain has told since the last time.
    void replicate_from(const SambaRig& other) const;
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
    [[nodiscard]] const std::string& address() const { return address_; }
    /// A line for [global] of smb.conf; counts from the next start.
    void configure(const std::string& line) const;

    [[nodiscard]] static std::string suffix() { return "DC=rig,DC=test"; }
    [[nodiscard]] static std::string people() { return "OU=people," + suffix(); }
    [[nodiscard]] static std::string groups() { return "OU=groups," + suffix(); }
    [[nodiscard]] static std::string service_dn() { return "CN=bascule,OU=services," + suffix(); }
    [[nodiscard]] static std::string reader_dn() { return "CN=reader,OU=services," + suffix(); }
    [[nodiscard]] static std::string service_password() { return "Service-Passw0rd"; }

  private:
    std::string folder_;
    std::string address_;
    pid_t pid_ = 0;
};

}  // namespace bascule::test
