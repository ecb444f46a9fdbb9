#include "tests/support/slapd_rig.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/support/ldap_client.hpp"
#include "tests/support/process.hpp"

namespace bascule::test {
namespace {

constexpr std::string_view configuration_password = "Config-Passw0rd";
constexpr const char* faketime_library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

std::string make_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "bascule-slapd-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error(fmt::format("mkdtemp {}: {}", pattern, std::strerror(errno)));
    }
    return pattern;
}

std::string percent_encoded_path(const std::string& path) {
    std::string out;
    for (const char c : path) {
        out += c == '/' ? std::string("%2F") : std::string(1, c);
    }
    return out;
}

}  // namespace

bool clock_can_be_shifted() {
    return std::filesystem::exists(faketime_library);
}

std::string own_address() {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) {
        return {};
    }
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
    for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
        const bool usable = one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET &&
                            (one->ifa_flags & IFF_UP) != 0 && (one->ifa_flags & IFF_LOOPBACK) == 0;
        std::array<char, INET_ADDRSTRLEN> text{};
        if (usable && ::inet_ntop(
                          AF_INET, &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr,
                          text.data(), text.size()
                      ) != nullptr) {
            return text.data();
        }
    }
    return {};
}

void make_certificates(const std::string& folder, const std::string& address) {
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/extensions")
        << "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
        << (address.empty() ? "" : ",IP:" + address) << "\nextendedKeyUsage=serverAuth\n";
    const std::vector<std::string> key{
        "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout"};
    const auto openssl = [&](std::vector<std::string> arguments) {
        require(run_program(arguments), "openssl");
    };
    std::vector<std::string> authority{
        "openssl", "req", "-x509", "-days", "30", "-subj", "/CN=Bascule test authority"};
    authority.insert(authority.end(), key.begin(), key.end());
    authority.insert(
        authority.end(), {folder + "/ca.key", "-out", folder + "/ca.pem", "-addext",
                          "keyUsage=critical,keyCertSign,cRLSign"}
    );
    openssl(authority);
    std::vector<std::string> request{"openssl", "req", "-subj", "/CN=localhost"};
    request.insert(request.end(), key.begin(), key.end());
    request.insert(request.end(), {folder + "/server.key", "-out", folder + "/server.csr"});
    openssl(request);
    openssl(
        {"openssl", "x509", "-req", "-in", folder + "/server.csr", "-CA", folder + "/ca.pem",
         "-CAkey", folder + "/ca.key", "-CAcreateserial", "-days", "30", "-extfile",
         folder + "/extensions", "-out", folder + "/server.pem"}
    );
}

std::vector<std::string> SlapdRig::default_access() {
    const auto service = fmt::format("dn.exact=\"{}\"", service_dn());
    return {
        fmt::format(
            "to attrs=userPassword by {} =w by self =xw by anonymous auth by * none", service
        ),
        fmt::format("to attrs=pwdReset,pwdAccountLockedTime by {} write by * read", service),
        fmt::format("to * by {} read by users read by * none", service),
    };
}

SlapdRig::SlapdRig(SlapdOptions options)
    : options_(std::move(options)),
      folder_(make_folder()),
      port_(options_.address),
      tls_port_(options_.address) {
    if (find_program("slapd").empty()) {
        std::filesystem::remove_all(folder_);
        throw std::runtime_error(
            "slapd is not installed. Install the packages slapd and ldap-utils."
        );
    }
    std::filesystem::create_directories(folder_ + "/db");
    std::filesystem::create_directories(folder_ + "/log");
    make_certificates(folder_ + "/tls");
    write_configuration();
}

SlapdRig::~SlapdRig() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void SlapdRig::write_configuration() const {
    std::ofstream file(folder_ + "/slapd.conf");
    file << "modulepath /usr/lib/ldap\n" << (options_.syncprov ? "moduleload syncprov.so\n" : "");
    file << fmt::format(
        R"(include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
moduleload back_mdb.so
moduleload ppolicy.so
moduleload memberof.so
pidfile {folder}/slapd.pid
loglevel none
threads 4
TLSCACertificateFile {folder}/tls/ca.pem
TLSCertificateFile {folder}/tls/server.pem
TLSCertificateKeyFile {folder}/tls/server.key
sizelimit 500
{global_lines}
database config
rootdn cn=config
rootpw {config_password}
database mdb
suffix "{suffix}"
rootdn "cn=admin,{suffix}"
rootpw {admin_password}
directory {folder}/db
maxsize 8589934592
{sync}
index objectClass,entryUUID,entryCSN,uid,mail,member eq
limits dn.exact="{service}" size={size_limit} time=unlimited
{database_lines}
)",
        fmt::arg("folder", folder_), fmt::arg("global_lines", in_folder(options_.global_lines)),
        fmt::arg("config_password", configuration_password), fmt::arg("suffix", suffix()),
        fmt::arg("admin_password", admin_password()),
        fmt::arg("sync", options_.synced ? "" : "dbnosync"), fmt::arg("service", service_dn()),
        fmt::arg("size_limit", options_.service_size_limit),
        fmt::arg("database_lines", in_folder(options_.database_lines))
    );
    for (const auto& rule : access_) {
        file << "access " << rule << '\n';
    }
    if (options_.syncprov) {
        file << "overlay syncprov\nsyncprov-checkpoint 100 10\n";
    }
    if (options_.syncprov && options_.session_log > 0) {
        file << "syncprov-sessionlog " << options_.session_log << '\n';
    }
    file << in_folder(options_.syncprov_lines) << '\n';
    file << "overlay ppolicy\nppolicy_default \"" << default_policy_dn()
         << "\"\nppolicy_use_lockout\nppolicy_hash_cleartext\n";
    if (options_.memberof) {
        file << "overlay memberof\n";
    }
    file << in_folder(options_.overlay_lines) << '\n';
}

std::string SlapdRig::in_folder(std::string lines) const {
    constexpr std::string_view name = "{FOLDER}";
    for (auto at = lines.find(name); at != std::string::npos; at = lines.find(name, at)) {
        lines.replace(at, name.size(), folder_);
    }
    return lines;
}

void SlapdRig::configure_database(std::string lines, std::string service_size_limit) {
    options_.database_lines = std::move(lines);
    options_.service_size_limit = std::move(service_size_limit);
    write_configuration();
}

/// The program with the clock of this server.
std::vector<std::string> SlapdRig::shifted(std::vector<std::string> program) const {
    if (!options_.clock_shift.empty()) {
        const std::vector<std::string> before{
            "env", std::string("LD_PRELOAD=") + faketime_library,
            "FAKETIME=" + options_.clock_shift, "FAKETIME_DONT_FAKE_MONOTONIC=1"};
        program.insert(program.begin(), before.begin(), before.end());
    }
    return program;
}

void SlapdRig::load_ldif(std::string_view text) {
    if (running()) {
        throw std::runtime_error("load_ldif needs a stopped server");
    }
    require(
        run_program(
            shifted({"slapadd", "-q", "-w", "-f", folder_ + "/slapd.conf", "-b", suffix()}), text
        ),
        "slapadd"
    );
}

std::string SlapdRig::dump_ldif() {
    auto result = run_program({"slapcat", "-f", folder_ + "/slapd.conf", "-b", suffix()});
    require(result, "slapcat");
    return std::move(result.output);
}

void SlapdRig::start() {
    launch(fmt::format("{} {} {}", ldap_uri(), ldaps_uri(), ldapi_uri()), [this] {
        return ldap_answers(options_.address, port_.number);
    });
}

void SlapdRig::start_unreachable() {
    launch(ldapi_uri(), [this] { return bind(admin_dn(), admin_password()) == 0; });
}

void SlapdRig::launch(const std::string& listeners, const std::function<bool()>& ready) {
    if (running()) {
        return;
    }
    std::vector<std::string> program{"slapd", "-d",     "0", "-f", folder_ + "/slapd.conf",
                                     "-h",    listeners};
    if (!options_.clock_shift.empty()) {
        const std::vector<std::string> shifted{
            "env", std::string("LD_PRELOAD=") + faketime_library,
            "FAKETIME=" + options_.clock_shift, "FAKETIME_DONT_FAKE_MONOTONIC=1"};
        program.insert(program.begin(), shifted.begin(), shifted.end());
    }
    pid_ = start_program(program, folder_ + "/slapd.log");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!ready()) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = 0;
            throw std::runtime_error("slapd ended at its start: " + log_tail());
        }
        if (std::chrono::steady_clock::now() > deadline) {
            kill();
            throw std::runtime_error("slapd did not answer within 30 s: " + log_tail());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void SlapdRig::stop() {
    if (running()) {
        ::kill(pid_, SIGCONT);
        ::kill(pid_, SIGTERM);
        ::waitpid(std::exchange(pid_, 0), nullptr, 0);
    }
}

void SlapdRig::kill() {
    if (running()) {
        ::kill(pid_, SIGKILL);
        ::waitpid(std::exchange(pid_, 0), nullptr, 0);
    }
}

void SlapdRig::restart() {
    stop();
    start();
}

void SlapdRig::freeze() {
    ::kill(pid_, SIGSTOP);
    // The signal takes effect a little later; a server that still answers is not silent.
    ::waitpid(pid_, nullptr, WUNTRACED);
}

void SlapdRig::thaw() {
    ::kill(pid_, SIGCONT);
}

void SlapdRig::wipe() {
    if (running()) {
        throw std::runtime_error("wipe needs a stopped server");
    }
    std::filesystem::remove_all(folder_ + "/db");
    std::filesystem::create_directories(folder_ + "/db");
}

LdapClient SlapdRig::client() const {
    return {ldapi_uri(), admin_dn(), admin_password()};
}

int SlapdRig::modify_as(std::string_view dn, std::string_view password, std::string_view ldif) {
    return client().modify_as(dn, password, ldif);
}

void SlapdRig::modify(std::string_view ldif) {
    client().modify(ldif);
}

void SlapdRig::set(std::string_view dn, std::string_view attribute, std::string_view value) {
    client().set(dn, attribute, value);
}

void SlapdRig::set_policy(std::string_view attribute, std::string_view value) {
    set(default_policy_dn(), attribute, value);
}

int SlapdRig::bind(std::string_view dn, std::string_view password) {
    return client().bind(dn, password);
}

std::vector<std::string> SlapdRig::values(std::string_view dn, std::string_view attribute) {
    return client().values(dn, attribute);
}

std::string SlapdRig::entry_uuid(std::string_view dn) {
    auto found = values(dn, "entryUUID");
    return found.empty() ? std::string() : std::move(found.front());
}

void SlapdRig::change_configuration(std::string_view ldif) {
    require(
        run_program(
            {"ldapmodify", "-x", "-H", ldapi_uri(), "-D", "cn=config", "-w",
             std::string(configuration_password)},
            ldif
        ),
        "ldapmodify of cn=config"
    );
}

void SlapdRig::change_access(const std::vector<std::string>& rules) {
    access_ = rules;
    write_configuration();
    if (!running()) {
        return;
    }
    std::string ldif = "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: olcAccess\n";
    for (std::size_t i = 0; i < rules.size(); ++i) {
        fmt::format_to(std::back_inserter(ldif), "olcAccess: {{{}}}{}\n", i, rules[i]);
    }
    change_configuration(ldif);
}

std::string SlapdRig::ldap_uri() const {
    return fmt::format("ldap://{}:{}", options_.address, port_.number);
}

std::string SlapdRig::ldaps_uri() const {
    return fmt::format("ldaps://{}:{}", options_.address, tls_port_.number);
}

std::string SlapdRig::ldapi_uri() const {
    return "ldapi://" + percent_encoded_path(folder_ + "/ldapi");
}

std::string SlapdRig::stranger_ca_file() {
    const auto folder = folder_ + "/stranger";
    if (!std::filesystem::exists(folder + "/ca.pem")) {
        make_certificates(folder);
    }
    return folder + "/ca.pem";
}

std::string SlapdRig::log_tail() const {
    std::ifstream file(folder_ + "/slapd.log");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    return text.substr(text.size() > 2000 ? text.size() - 2000 : 0);
}

}  // namespace bascule::test
