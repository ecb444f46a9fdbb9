#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/ldap_client.hpp"
#include "tests/support/reserved_port.hpp"
#include "tests/support/rig_ldif.hpp"

namespace bascule::test {

/// A real 389 Directory Server in a throw-away folder on ports of loopback that the kernel chose,
/// with a certificate from a throw-away authority. Needs the packages 389-ds-base, ldap-utils and
/// openssl. Run by root it gives its rights up for the package's own account. Every method throws
/// std::runtime_error with the server's own words when it fails. The destructor stops the server
/// and removes the folder. Use it from one thread; that thread must live as long as the server.
///
/// The plug-ins Content Synchronization and Retro Changelog are on. A start
/// takes a second, so tests of one program share an instance. There are the suffix, ou=people,
/// ou=groups and ou=services.
///
/// Accounts: cn=Directory Manager (passes every policy) and cn=bascule,ou=services, which reads
/// everything but passwords, the global password policy too, may write userPassword and the
/// attributes of a lock below ou=people, and obeys every policy.
class Ds389Rig {
  public:
    Ds389Rig();
    ~Ds389Rig();
    Ds389Rig(const Ds389Rig&) = delete;
    Ds389Rig& operator=(const Ds389Rig&) = delete;

    /// Starts the server and returns when it answers.
    void start();
    /// Ends it in good order; does nothing when it is not running.
    void stop();
    /// SIGKILL.
    void kill();
    void restart();
    [[nodiscard]] bool running() const { return pid_ > 0; }

    /// Everything below works on the running server as Directory Manager.
    [[nodiscard]] LdapClient client() const;
    void modify(std::string_view ldif) const { client().modify(ldif); }
    void set(std::string_view dn, std::string_view attribute, std::string_view value) const {
        client().set(dn, attribute, value);
    }
    /// Sets attributes of cn=config, such as the global password policy: name, value, name, value…
    void configure(const std::vector<std::string>& names_and_values) const;
    /// Removes all entries below ou=people and ou=groups and whatever else a test left.
    void clear() const;
    /// Keeps a copy of what the stopped server holds, its changelog included; restore() puts it
    /// back, as a backup is.
    void save() const;
    void restore() const;
    /// Cuts the changelog down to its last record, as its maximum age would; restarts the server.
    void trim_changelog();
    [[nodiscard]] std::vector<std::string> values(std::string_view dn, std::string_view attribute)
        const {
        return client().values(dn, attribute);
    }

    [[nodiscard]] std::uint16_t port() const { return port_.number; }
    [[nodiscard]] std::string ldap_uri() const;
    [[nodiscard]] std::string ldaps_uri() const;
    [[nodiscard]] std::string ca_file() const { return folder_ + "/tls/ca.pem"; }
    [[nodiscard]] const std::string& folder() const { return folder_; }

    [[nodiscard]] static std::string suffix() { return std::string(rig_suffix); }
    [[nodiscard]] static std::string service_dn() { return "cn=bascule,ou=services," + suffix(); }
    [[nodiscard]] static std::string service_password() { return "Service-Passw0rd"; }
    [[nodiscard]] static std::string manager_dn() { return "cn=Directory Manager"; }
    [[nodiscard]] static std::string manager_password() { return "Manager-Passw0rd"; }

  private:
    void write_configuration() const;
    void write_certificates() const;
    void give_away() const;
    [[nodiscard]] std::string log_tail() const;

    std::string folder_;
    ReservedPort port_;
    ReservedPort tls_port_;
    pid_t pid_ = 0;
};

/// The instance that all tests of a program share: started when it is first asked for, stopped at
/// the program's end.
Ds389Rig& shared_ds389();

}  // namespace bascule::test
