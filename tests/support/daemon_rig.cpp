#include "tests/support/daemon_rig.hpp"

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

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
    return text;
}

DirectoryAccess slapd_access(const std::string& server) {
    return {server, SlapdRig::suffix(), SlapdRig::service_dn(), SlapdRig::service_password()};
}

std::string source_text(
    const DirectoryAccess& access, const std::string& folder, const std::string& more
) {
    const std::string secret = folder + "/service-password";
    std::ofstream(secret) << access.password;
    std::filesystem::permissions(
        secret, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
    );
    std::ostringstream out;
    out << "sources:\n  - name: corp\n    servers: [\"" << access.server << "\"]\n"
        << "    base: \"" << access.base << "\"\n    bind: { dn: \"" << access.dn
        << "\", password: { file: " << secret << " } }\n"
        << (more.find("write_back:") == std::string::npos
                ? "    write_back: { password: true, unlock: true }\n"
                : "")
        << more;
    return out.str();
}

}  // namespace

void pause_briefly() {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

DaemonRig::DaemonRig(const SlapdRig& directory, std::string source_lines, std::string lines)
    : DaemonRig(directory.ldap_uri(), source_lines, std::move(lines)) {}

DaemonRig::DaemonRig(const std::string& server, const std::string& source_lines, std::string lines)
    : DaemonRig(slapd_access(server), source_lines, std::move(lines)) {}

DaemonRig::DaemonRig(const DirectoryAccess& directory, std::string source_lines, std::string lines)
    : DaemonRig(std::move(lines)) {
    has_directory_ = true;
    source_ = source_text(directory, folder_, source_lines);
    write_configuration();
}

DaemonRig::DaemonRig(std::string lines) : lines_(std::move(lines)) {
    std::string pattern = std::filesystem::temp_directory_path() / "bascule-rig.XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("cannot make a folder for the daemon");
    }
    folder_ = pattern;
    std::filesystem::create_directory(folder_ + "/state");
    source_ = source_text(slapd_access("ldap://127.0.0.1:1"), folder_, {});
    write_configuration();
}

DaemonRig::~DaemonRig() {
    if (running()) {
        kill();
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void DaemonRig::write_configuration() const {
    std::ofstream out(configuration());
    const std::string address = "127.0.0.1:" + std::to_string(port());
    if (lines_.find("server:") == std::string::npos) {
        out << "server: { listen: \"" << address << "\", public_url: \"http://" << address
            << "\" }\n";
    }
    out << "management: { listen: \"127.0.0.1:" << management_port() << "\" }\n"
        << "admin: { socket: " << folder_ << "/admin.sock }\n"
        << "store: { sqlite: { path: " << database() << " } }\n"
        << source_ << replaced(lines_, "{ADDRESS}", address);
}

void DaemonRig::launch() {
    launch_through({});
}

void DaemonRig::launch_through(std::vector<std::string> program) {
    program.insert(program.end(), {BASCULE_PROGRAM, "serve", "--config", configuration()});
    pid_ = start_program(program, log_file());
}

void DaemonRig::start() {
    launch();
    if (has_directory_) {
        return wait_for_state("live");
    }
    wait_until("the daemon to serve", std::chrono::seconds(60), [&] {
        throw_when_ended();
        return source_status().is_object();
    });
}

void DaemonRig::add_directory(const SlapdRig& directory, const std::string& source_lines) {
    has_directory_ = true;
    source_ = source_text(slapd_access(directory.ldap_uri()), folder_, source_lines);
    write_configuration();
    signal(SIGHUP);
    wait_for_state("live");
}

void DaemonRig::set_sources(std::string text) {
    source_ = std::move(text);
    write_configuration();
}

Json DaemonRig::status_of(std::string_view source) const {
    const ProcessResult result = command({"--json", "status"});
    const Json status = Json::parse(result.output, nullptr, false);
    if (status.is_discarded() || !status.contains("sources")) {
        return nullptr;
    }
    for (const Json& one : status["sources"]) {
        if (one.value("name", "") == source) {
            return one;
        }
    }
    return nullptr;
}

void DaemonRig::wait_live(const std::vector<std::string>& sources) const {
    for (const std::string& name : sources) {
        wait_until("source " + name + " to be live", std::chrono::seconds(60), [&] {
            throw_when_ended();
            const Json status = status_of(name);
            return status.is_object() && status.value("state", "") == "live";
        });
    }
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

void DaemonRig::throw_when_ended() const {
    if (::kill(pid_, 0) != 0 || ::waitpid(pid_, nullptr, WNOHANG) != 0) {
        throw std::runtime_error("the daemon ended by itself; see " + log_file());
    }
}

void DaemonRig::wait_for_state(std::string_view wanted, std::chrono::seconds limit) const {
    wait_until("the state " + std::string(wanted), limit, [&] {
        throw_when_ended();
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
    HttpRequest request{std::string(method), std::string(target), {}, payload};
    if (!token_.empty()) {
        request.headers.emplace_back("Authorization", "Bearer " + token_);
    }
    if (method != "GET" && method != "DELETE") {
        request.headers.emplace_back("Content-Type", "application/json");
    }
    return HttpClient(port()).send(request);
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
