#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "directory/base/result.hpp"

namespace bascule::ldap {

/// The Kerberos servers (KDC) did not answer in time for a bind at `server`.
/// `unavailable`/"directory_kerberos".
[[nodiscard]] Error kerberos_unanswered(const std::string& server);

/// Makes the tickets of a keytab those of the calling thread for as long as it lives. Tickets are
/// kept in memory, shared by all that use the same keytab and principal, and fetched anew when the
/// keytab has changed or less than ten minutes are left.
class KerberosTickets {
  public:
    /// An empty keytab: the thread keeps the tickets of the process's environment. While somebody
    /// else fetches the same tickets it waits until `deadline`; fetching itself takes as long as
    /// the Kerberos servers let it. Errors are `unavailable`/"directory_kerberos".
    [[nodiscard]] static Result<std::unique_ptr<KerberosTickets>> use(
        const std::string& keytab, const std::string& principal,
        std::chrono::steady_clock::time_point deadline
    );
    ~KerberosTickets();
    KerberosTickets(const KerberosTickets&) = delete;
    KerberosTickets& operator=(const KerberosTickets&) = delete;

  private:
    explicit KerberosTickets(const std::string& cache);
    bool switched_;
};

}  // namespace bascule::ldap
