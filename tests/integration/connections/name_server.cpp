#include "tests/integration/connections/name_server.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <utility>

#include "connectors/ldap/dns_lookup.hpp"
#include "tests/support/process.hpp"

namespace bascule::test {

NameServer::NameServer(const std::vector<std::string>& records)
    : log_(std::filesystem::temp_directory_path() / fmt::format("bascule-dns-{}", port_.number)) {
    start(records);
}

NameServer::~NameServer() {
    stop();
    std::error_code ignored;
    std::filesystem::remove(log_, ignored);
}

void NameServer::start(const std::vector<std::string>& records) {
    std::vector<std::string> arguments{
        "dnsmasq",
        "--keep-in-foreground",
        fmt::format("--port={}", port_.number),
        "--listen-address=127.0.0.1",
        "--bind-interfaces",
        "--conf-file=/dev/null",
        "--user=root",
        "--no-resolv",
        "--no-hosts",
        "--pid-file=",
        "--local=/rig.test/",
        "--host-record=here.rig.test,127.0.0.1"};
    arguments.insert(arguments.end(), records.begin(), records.end());
    pid_ = start_program(arguments, log_);
    const ldap::DnsLookup lookup({address()});
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (true) {
        const auto found = lookup.addresses(
            "here.rig.test", 1, std::chrono::steady_clock::now() + std::chrono::milliseconds(300)
        );
        if (found && !found->empty()) {
            return;
        }
        if (std::chrono::steady_clock::now() > end) {
            stop();
            throw std::runtime_error("dnsmasq did not answer; see " + log_);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

void NameServer::replace(const std::vector<std::string>& records) {
    stop();
    start(records);
}

void NameServer::stop() {
    if (pid_ > 0) {
        ::kill(pid_, SIGTERM);
        ::waitpid(std::exchange(pid_, 0), nullptr, 0);
    }
}

std::string NameServer::address() const {
    return fmt::format("127.0.0.1:{}", port_.number);
}

}  // namespace bascule::test
