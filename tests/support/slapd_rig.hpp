#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/ldap_client.hpp"
#include "tests/support/reserved_port.hpp"
#include "tests/support/rig_ldif.hpp"

namespace bascule::test {

struct SlapdOptions {
    std::size_t session_log = 100;  ///< operations that syncprov remembers; 0: none
    bool memberof = false;
    bool synced = false;  ///< true: every commit reaches the disk (8 ms instead of 0.2 ms)
    std::string service_size_limit = "unlimited";
    std::string address = "127.0.0.1";  ///< where it listens; see own_address()
    /// Lines for slapd.conf before the database (such as "idletimeout 5") and inside it.
    std::string global_lines = {};
    std::string database_lines = {};
    bool syncprov = true;  ///< false: it offers no synchronisation
    /// Lines after syncprov's own and after all overlays. In all lines "{FOLDER}" stands for the
    /// rig's folder.
    std::string syncprov_lines = {};
    std::string overlay_lines = {};
    /// What the server's clock is set off by, as libfaketime takes it ("+1h"); see
    /// clock_can_be_shifted().
    std::string clock_shift = {};
};

/// Whether libfaketime is installed.
bool clock_can_be_shifted();

/// An IPv4 address of this machine that is not loopback; empty text when it has none.
std::string own_address();

/// A real slapd in a throw-away folder on ports of loopback that the kernel chose, with a
/// certificate from a throw-away authority. Needs the packages slapd, ldap-utils and openssl; needs
/// no root. Every method throws std::runtime_error with slapd's own words when it fails. The
/// destructor stops the server and removes the folder. Use it from one thread; that thread must
/// live as long as the server.
///
/// Accounts: cn=admin (root, passes every policy) and cn=bascule,ou=services, which reads
/// everything, may write but not read userPassword, may write pwdReset and pwdAccountLockedTime,
/// and obeys every policy.
class SlapdRig {
  public:
    explicit SlapdRig(SlapdOptions options = {});
    ~SlapdRig();
    SlapdRig(const SlapdRig&) = delete;
    SlapdRig& operator=(const SlapdRig&) = delete;

    /// Loads LDIF into the stopped server (slapadd: overlays do not see it).
    void load_ldif(std::string_view text);
    /// Everything the stopped server holds, operational attributes included; load_ldif after wipe
    /// restores it.
    [[nodiscard]] std::string dump_ldif();
    /// Starts the server and returns when it answers.
    void start();
    /// Starts it on its local socket alone: modify() and its kin reach it, a mirror by TCP does
    /// not.
    void start_unreachable();
    /// Ends it in good order; does nothing when it is not running.
    void stop();
    /// SIGKILL, as a crash or a power cut of the process.
    void kill();
    /// stop() and start() on the same ports; the session log is empty afterwards.
    void restart();
    /// SIGSTOP and SIGCONT: a server that is there and says nothing.
    void freeze();
    void thaw();
    /// Removes all data of the stopped server.
    void wipe();
    /// Gives the stopped server other lines inside its database, and the service account a limit.
    void configure_database(std::string lines, std::string service_size_limit = "unlimited");
    [[nodiscard]] bool running() const { return pid_ > 0; }

    /// Runs ldapmodify as admin with LDIF change records (a record without changetype is an add).
    void modify(std::string_view ldif);
    /// The same as somebody else; returns the exit code of ldapmodify, which is the LDAP result.
    int modify_as(std::string_view dn, std::string_view password, std::string_view ldif);
    /// Replaces one attribute of one entry, as admin.
    void set(std::string_view dn, std::string_view attribute, std::string_view value);
    /// Sets an attribute of the default password policy.
    void set_policy(std::string_view attribute, std::string_view value);
    /// Result code of a simple bind.
    [[nodiscard]] int bind(std::string_view dn, std::string_view password);
    /// Values of an attribute of one entry (operational ones too), read as admin; text values only.
    [[nodiscard]] std::vector<std::string> values(std::string_view dn, std::string_view attribute);
    /// entryUUID in text form; empty when the entry does not exist.
    [[nodiscard]] std::string entry_uuid(std::string_view dn);

    /// Replaces the access rules of the running server ("to * by * read"); they hold until wipe or
    /// the end.
    void change_access(const std::vector<std::string>& rules);
    /// Runs ldapmodify with change records of cn=config as its administrator.
    void change_configuration(std::string_view ldif);
    /// The rules that a new rig has.
    [[nodiscard]] static std::vector<std::string> default_access();

    [[nodiscard]] std::string ldap_uri() const;
    [[nodiscard]] std::string ldaps_uri() const;
    [[nodiscard]] std::string ldapi_uri() const;
    [[nodiscard]] std::uint16_t port() const { return port_.number; }
    [[nodiscard]] std::uint16_t tls_port() const { return tls_port_.number; }
    [[nodiscard]] pid_t process_id() const { return pid_; }
    [[nodiscard]] const std::string& folder() const { return folder_; }
    [[nodiscard]] std::string ca_file() const { return folder_ + "/tls/ca.pem"; }
    [[nodiscard]] std::string certificate_file() const { return folder_ + "/tls/server.pem"; }
    [[nodiscard]] std::string key_file() const { return folder_ + "/tls/server.key"; }
    /// The certificate of an authority that did not sign the server's.
    [[nodiscard]] std::string stranger_ca_file();

    [[nodiscard]] static std::string suffix() { return std::string(rig_suffix); }
    [[nodiscard]] static std::string admin_dn() { return "cn=admin," + suffix(); }
    [[nodiscard]] static std::string admin_password() { return "Admin-Passw0rd"; }
    [[nodiscard]] static std::string service_dn() { return "cn=bascule,ou=services," + suffix(); }
    [[nodiscard]] static std::string service_password() { return "Service-Passw0rd"; }
    [[nodiscard]] static std::string default_policy_dn() {
        return "cn=default,ou=policies," + suffix();
    }

  private:
    [[nodiscard]] LdapClient client() const;
    void launch(const std::string& listeners, const std::function<bool()>& ready);
    void write_configuration() const;
    [[nodiscard]] std::vector<std::string> shifted(std::vector<std::string> program) const;
    [[nodiscard]] std::string in_folder(std::string lines) const;
    [[nodiscard]] std::string log_tail() const;

    SlapdOptions options_;
    std::vector<std::string> access_ = default_access();
    std::string folder_;
    ReservedPort port_;
    ReservedPort tls_port_;
    pid_t pid_ = 0;
};

/// Makes a throw-away authority and a server certificate for localhost, 127.0.0.1 and, when it is
/// given, `address` in `folder`: ca.pem, ca.key, server.pem, server.key.
void make_certificates(const std::string& folder, const std::string& address = {});

}  // namespace bascule::test
