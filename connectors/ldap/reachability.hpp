#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"
#include "directory/base/time.hpp"

namespace bascule::ldap {

/// A server that may be connected to.
struct Candidate {
    std::string uri;
    int rank = 0;  ///< less is better; equal ones are as good as each other
};

/// How much a reader would lose by going on at another server than its last one.
enum class Loyalty {
    none,     ///< nothing: the preferred server is the best
    prefers,  ///< something: its last server is the best while it answers
    waits,    ///< everything is read again: its last server may take a while to come back
};

/// What is known of how a source's servers are reached: which of them failed lately, whether they
/// accept the service account, when their certificates end. Shared by all connections of a source,
/// so that what one has found out spares the others the wait. Thread-safe.
class Reachability {
  public:
    using Clock = std::chrono::steady_clock;

    /// In which order to try: as ranked, but those that failed lately last. A server is set aside
    /// for 5 s, twice as long with each further failure, 5 min at most.
    [[nodiscard]] std::vector<std::string> order(
        std::vector<Candidate> candidates, Loyalty loyalty = Loyalty::none
    ) const;
    void failed(const std::string& server);
    void succeeded(const std::string& server);
    [[nodiscard]] bool is_set_aside(const std::string& server) const;

    /// The change feed has read from this server in an earlier life of the program; it is waited
    /// for as when it was lost. Of no effect when a server is known.
    void feed_was_at(const std::string& server);
    /// The change feed reads from this server now.
    void feed_at(const std::string& server);
    /// It does no more. `silent`: the server is there and says nothing, so that it is not waited
    /// for.
    void feed_lost(bool silent);

    /// Whether the service account may be tried with this secret. A secret that was refused is
    /// tried again after a minute, later after up to 15, and a changed one at once, so that the
    /// account is not locked out: until then `unauthenticated`/"directory_credentials".
    [[nodiscard]] Status may_bind(const Secret& secret) const;
    void refused(const Secret& secret, const Error& error);
    void accepted();

    /// A server's certificate ends then.
    void certificate_ends(const std::string& server, Time when);
    void count_referral();
    /// Changed certificates or a changed secret are not accepted; empty: they are.
    void set_problem(std::string problem);

    /// What an operator sees.
    struct View {
        std::string server;  ///< of the change feed; empty: of none
        std::vector<std::string> set_aside;
        std::map<std::string, Time> certificates;  ///< server to the end of its certificate
        std::uint64_t referrals = 0;
        std::uint64_t streams = 0;  ///< connections that the feed has read from so far
        std::string problem;
    };
    [[nodiscard]] View view() const;

  private:
    struct Failure {
        int count = 0;
        Clock::time_point until;
    };
    struct Refusal {
        Secret secret;
        Error error;
        int count = 0;
        Clock::time_point until;
    };
    [[nodiscard]] bool set_aside(const std::string& server) const;

    mutable std::mutex mutex_;
    std::map<std::string, Failure> failures_;
    std::string feed_server_;  ///< where the feed is or was
    bool feed_connected_ = false;
    std::optional<Clock::time_point> wait_until_;
    std::optional<Refusal> refusal_;
    std::map<std::string, Time> certificates_;
    std::uint64_t referrals_ = 0;
    std::uint64_t streams_ = 0;
    std::string problem_;
};

}  // namespace bascule::ldap
