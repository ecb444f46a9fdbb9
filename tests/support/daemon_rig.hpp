#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/http_client.hpp"
#include "tests/support/process.hpp"
#include "tests/support/reserved_port.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {

/// How a directory is reached as its service account.
struct DirectoryAccess {
    std::string server;
    std::string base;
    std::string dn;
    std::string password;
};

/// The real program, started with a configuration of its own in a throw-away folder, mirroring a
/// SlapdRig (or nothing), over plain HTTP on loopback. Use it from one thread, but for request(),
/// which any thread may call.
class DaemonRig {
  public:
    /// `source_lines` are more YAML lines of the source ("    guard: {…}"), `lines` more top-level
    /// ones.
    explicit DaemonRig(
        const SlapdRig& directory, std::string source_lines = {}, std::string lines = {}
    );
    /// The same with a directory of any kind.
    explicit DaemonRig(
        const DirectoryAccess& directory, std::string source_lines = {}, std::string lines = {}
    );
    /// The same with any other server that has the suffix and the service account of the rigs.
    DaemonRig(const std::string& server, const std::string& source_lines, std::string lines = {});
    /// With a source whose server is not there; `lines` are more top-level YAML lines, "{ADDRESS}"
    /// stands for the address to listen at. Lines with a server section replace the usual one.
    explicit DaemonRig(std::string lines = {});
    ~DaemonRig();
    DaemonRig(const DaemonRig&) = delete;
    DaemonRig& operator=(const DaemonRig&) = delete;

    /// Starts the program without waiting.
    void launch();
    /// Starts a program that executes the arguments which follow its own: the daemon's.
    void launch_through(std::vector<std::string> program);
    /// launch(), then waits until it serves and, with a directory, until the mirror is live.
    void start();
    /// Gives the running daemon a directory by a reload and waits until the mirror is live.
    void add_directory(const SlapdRig& directory, const std::string& source_lines = {});
    /// Replaces the YAML of the sources ("sources: …"); takes effect at the next start or reload.
    void set_sources(std::string text);
    /// The status of one of several sources; null while it is not told.
    [[nodiscard]] nlohmann::json status_of(std::string_view source) const;
    /// Waits until every one of these sources is live.
    void wait_live(const std::vector<std::string>& sources) const;
    /// SIGTERM and the exit code.
    int stop();
    /// SIGKILL.
    void kill();
    void signal(int number) const;
    [[nodiscard]] bool running() const { return pid_ > 0; }
    [[nodiscard]] pid_t process_id() const { return pid_; }

    /// `bascule --socket … ARGUMENTS`.
    [[nodiscard]] ProcessResult command(std::vector<std::string> arguments) const;
    /// The status of the source as `bascule --json status` tells it; null while nobody answers.
    [[nodiscard]] nlohmann::json source_status() const;
    /// Waits until the source's state is `wanted`; throws after `limit`.
    void wait_for_state(
        std::string_view wanted, std::chrono::seconds limit = std::chrono::seconds(60)
    ) const;

    /// A bearer token with all scopes; made once the daemon runs.
    [[nodiscard]] const std::string& token();
    /// Makes and uses another token, with these scopes.
    void use_token(const std::string& name, const std::string& scopes);
    /// One request with the token (when there is one) on a connection of its own.
    [[nodiscard]] HttpAnswer request(
        std::string_view method, std::string_view target, const nlohmann::json& body = nullptr
    ) const;
    /// The same with a body that need not be JSON.
    [[nodiscard]] HttpAnswer send(
        std::string_view method, std::string_view target, const std::string& payload
    ) const;
    /// Every resource of a list endpoint ("/Users"), page by page.
    [[nodiscard]] std::vector<nlohmann::json> all(const std::string& endpoint) const;
    /// The only resource that a filter finds, or null.
    [[nodiscard]] nlohmann::json find(const std::string& endpoint, const std::string& filter) const;

    [[nodiscard]] const std::string& folder() const { return folder_; }
    [[nodiscard]] std::string database() const { return folder_ + "/state/bascule.db"; }
    [[nodiscard]] std::string log_file() const { return folder_ + "/bascule.log"; }
    [[nodiscard]] std::string configuration() const { return folder_ + "/bascule.yaml"; }
    [[nodiscard]] std::uint16_t port() const { return port_.number; }
    [[nodiscard]] std::uint16_t management_port() const { return management_port_.number; }
    /// Removes the database of the stopped daemon.
    void forget();

  private:
    void write_configuration() const;
    void throw_when_ended() const;

    std::string folder_;
    std::string lines_;
    std::string source_;  ///< YAML of the sources
    bool has_directory_ = false;
    ReservedPort port_{"127.0.0.1"};
    ReservedPort management_port_{"127.0.0.1"};
    pid_t pid_ = 0;
    std::string token_;
};

/// Calls `condition` until it holds; throws std::runtime_error naming `what` after `limit`.
template <class Condition>
void wait_until(const std::string& what, std::chrono::milliseconds limit, Condition condition);

/// Sleeps between two looks at a condition.
void pause_briefly();

template <class Condition>
void wait_until(const std::string& what, std::chrono::milliseconds limit, Condition condition) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) {
            throw std::runtime_error("gave up waiting for " + what);
        }
        pause_briefly();
    }
}

}  // namespace bascule::test
