#include "tests/support/daemon_rig.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace bascule::test {

namespace {

using Json = nlohmann::json;

/// A TCP connection to loopback that closes itself.
class Socket {
  public:
    explicit Socket(std::uint16_t port)
        : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ =
            ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
            0;
        const timeval patience{60, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    ~Socket() { ::close(descriptor_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    [[nodiscard]] bool connected() const { return connected_; }
    [[nodiscard]] bool send(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                return false;
            }
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// Everything until the peer closes.
    [[nodiscard]] std::string receive() const {
        std::string all;
        char chunk[65536];
        for (ssize_t count = 0; (count = ::recv(descriptor_, chunk, sizeof chunk, 0)) > 0;) {
            all.append(chunk, static_cast<std::size_t>(count));
        }
        return all;
    }

  private:
    int descriptor_;
    bool connected_ = false;
};

HttpAnswer parse_answer(const std::string& text) {
    HttpAnswer answer;
    const auto end_of_header = text.find("\r\n\r\n");
    if (end_of_header == std::string::npos || text.size() < 12) {
        return answer;
    }
    answer.status = std::atoi(text.c_str() + 9);
    answer.body = text.substr(end_of_header + 4);
    const auto length = text.find("Content-Length: ");
    if (length != std::string::npos && length < end_of_header &&
        std::strtoul(text.c_str() + length + 16, nullptr, 10) > answer.body.size()) {
        return {};  // cut off in the middle: the daemon died
    }
    answer.json = Json::parse(answer.body, nullptr, false);
    if (answer.json.is_discarded()) {
        answer.json = nullptr;
    }
    return answer;
}

std::string escaped(const std::string& text) {
    std::ostringstream out;
    for (const unsigned char character : text) {
        if (std::isalnum(character) != 0 || character == '-' || character == '_' ||
            character == '.') {
            out << static_cast<char>(character);
        } else {
            out << '%' << "0123456789ABCDEF"[character >> 4] << "0123456789ABCDEF"[character & 15];
        }
    }
    return out.str();
}

}  // namespace

std::uint16_t free_port() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error("no free port");
    }
    ::close(descriptor);
    return ntohs(address.sin_port);
}

void pause_briefly() {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

DaemonRig::DaemonRig(const SlapdRig& directory, std::string source_lines, std::string lines)
    : port_(free_port()), management_port_(free_port()) {
    std::string pattern = std::filesystem::temp_directory_path() / "bascule-rig.XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("cannot make a folder for the daemon");
    }
    folder_ = pattern;
    std::filesystem::create_directory(folder_ + "/state");
    write_configuration(directory, source_lines, lines);
}

DaemonRig::~DaemonRig() {
    if (running()) {
        kill();
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void DaemonRig::write_configuration(
    const SlapdRig& directory, const std::string& source_lines, const std::string& lines
) const {
    const std::string secret = folder_ + "/service-password";
    std::ofstream(secret) << SlapdRig::service_password();
    std::filesystem::permissions(
        secret, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
    );
    std::ofstream out(configuration());
    out << "server: { listen: \"127.0.0.1:" << port_
        << "\", public_url: \"http://127.0.0.1:" << port_ << "\" }\n"
        << "management: { listen: \"127.0.0.1:" << management_port_ << "\" }\n"
        << "admin: { socket: " << folder_ << "/admin.sock }\n"
        << "store: { sqlite: { path: " << database() << " } }\n"
        << "sources:\n  - name: corp\n    servers: [\"" << directory.ldap_uri() << "\"]\n"
        << "    base: " << SlapdRig::suffix() << "\n    bind: { dn: \"" << SlapdRig::service_dn()
        << "\", password: { file: " << secret << " } }\n"
        << "    write_back: { password: true, unlock: true }\n"
        << source_lines << lines;
}

void DaemonRig::launch() {
    pid_ = start_program({BASCULE_PROGRAM, "serve", "--config", configuration()}, log_file());
}

void DaemonRig::start() {
    launch();
    wait_for_state("live");
}

int DaemonRig::stop() {
    signal(SIGTERM);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void DaemonRig::kill() {
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
}

void DaemonRig::signal(int number) const {
    ::kill(pid_, number);
}

ProcessResult DaemonRig::command(std::vector<std::string> arguments) const {
    std::vector<std::string> all{BASCULE_PROGRAM, "--socket", folder_ + "/admin.sock"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_program(all);
}

Json DaemonRig::source_status() const {
    const ProcessResult result = command({"--json", "status"});
    const Json status = Json::parse(result.output, nullptr, false);
    if (status.is_discarded() || !status.contains("sources") || status["sources"].empty()) {
        return nullptr;
    }
    return status["sources"][0];
}

void DaemonRig::wait_for_state(std::string_view wanted, std::chrono::seconds limit) const {
    wait_until("the state " + std::string(wanted), limit, [&] {
        if (::kill(pid_, 0) != 0 || ::waitpid(pid_, nullptr, WNOHANG) != 0) {
            throw std::runtime_error("the daemon ended by itself; see " + log_file());
        }
        const Json status = source_status();
        return status.is_object() && status.value("state", "") == wanted;
    });
}

const std::string& DaemonRig::token() {
    if (token_.empty()) {
        const ProcessResult made = command(
            {"--json", "token", "create", "--name", "rig", "--scope",
             "users:write,groups:write,admin:write"}
        );
        token_ = Json::parse(made.output).at("token");
    }
    return token_;
}

void DaemonRig::use_token(const std::string& name, const std::string& scopes) {
    const ProcessResult made =
        command({"--json", "token", "create", "--name", name, "--scope", scopes});
    token_ = Json::parse(made.output).at("token");
}

HttpAnswer DaemonRig::request(std::string_view method, std::string_view target, const Json& body)
    const {
    return send(method, target, body.is_null() ? std::string() : body.dump());
}

HttpAnswer DaemonRig::send(
    std::string_view method, std::string_view target, const std::string& payload
) const {
    const Socket socket(port_);
    if (!socket.connected()) {
        return {};
    }
    std::ostringstream text;
    text << method << ' ' << target << " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    if (!token_.empty()) {
        text << "Authorization: Bearer " << token_ << "\r\n";
    }
    if (method != "GET" && method != "DELETE") {
        text << "Content-Type: application/json\r\nContent-Length: " << payload.size() << "\r\n";
    }
    text << "\r\n" << payload;
    // A server that refuses a body answers before all of it is sent.
    (void)socket.send(text.str());
    return parse_answer(socket.receive());
}

std::vector<Json> DaemonRig::all(const std::string& endpoint) const {
    std::vector<Json> resources;
    for (;;) {
        const HttpAnswer page = request(
            "GET",
            "/scim/v2" + endpoint + "?count=1000&startIndex=" + std::to_string(resources.size() + 1)
        );
        if (page.status != 200) {
            throw std::runtime_error(
                "list of " + endpoint + ": " + std::to_string(page.status) + " " + page.body
            );
        }
        for (const Json& resource : page.json.at("Resources")) {
            resources.push_back(resource);
        }
        if (page.json.at("Resources").empty() || resources.size() >= page.json.at("totalResults")) {
            return resources;
        }
    }
}

Json DaemonRig::find(const std::string& endpoint, const std::string& filter) const {
    const HttpAnswer answer = request("GET", "/scim/v2" + endpoint + "?filter=" + escaped(filter));
    if (answer.status != 200 || answer.json.at("totalResults") != 1) {
        return nullptr;
    }
    return answer.json.at("Resources").at(0);
}

void DaemonRig::forget() {
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::filesystem::remove(database() + suffix);
    }
    token_.clear();
}

}  // namespace bascule::test
