#include "tests/support/samba_rig.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/support/process.hpp"
#include "tests/support/reserved_port.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {
namespace {

constexpr const char* template_folder = BASCULE_SAMBA_TEMPLATE;
constexpr const char* prepare_script = BASCULE_SAMBA_PREPARE;
constexpr const char* template_address = "127.0.0.10";
constexpr const char* administrator_password = "Adm1n-Passw0rd";
constexpr std::uint16_t ldap_port = 389;

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A loopback address that no other living process chooses.
std::string own_loopback_address() {
    static std::atomic<std::uint32_t> count{0};
    const std::uint32_t number = static_cast<std::uint32_t>(::getpid()) * 4U + count++ % 4U;
    return fmt::format(
        "127.{}.{}.{}", 1U + (number >> 16U) % 254U, (number >> 8U) & 255U, number & 255U
    );
}

/// Everything in the server's own folder, nothing but LDAP.
void write_smb_conf(const std::string& folder, const std::string& address) {
    std::ofstream(folder + "/etc/smb.conf") << fmt::format(
        R"([global]
netbios name = DC1
realm = RIG.TEST
workgroup = RIG
server role = active directory domain controller
server services = ldap
interfaces = {address}/8
bind interfaces only = yes
private dir = {folder}/private
state directory = {folder}/state
cache directory = {folder}/cache
lock directory = {folder}
pid directory = {folder}/run
ncalrpc dir = {folder}/ncalrpc
binddns dir = {folder}/bind-dns
winbindd socket directory = {folder}/run/winbindd
log file = {folder}/log/samba.log
log level = 1
disable netbios = yes
tls enabled = yes
tls keyfile = {folder}/tls/server.key
tls certfile = {folder}/tls/server.pem
tls cafile = {folder}/tls/ca.pem
ldap server require strong auth = no
)",
        fmt::arg("folder", folder), fmt::arg("address", address)
    );
}

void prepare(const std::string& folder, const std::string& action) {
    require(
        run_program(
            {"/usr/bin/python3", prepare_script, folder + "/etc/smb.conf",
             folder + "/private/sam.ldb", action}
        ),
        "preparing the domain"
    );
}

void make_template(const std::string& folder) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    require(
        run_program(
            {"samba-tool", "domain", "provision", "-q", "--targetdir=" + folder, "--realm=RIG.TEST",
             "--domain=RIG", std::string("--adminpass=") + administrator_password,
             "--server-role=dc", "--dns-backend=NONE", "--host-name=dc1",
             std::string("--host-ip=") + template_address, "--backend-store=mdb",
             "--backend-store-size=256Mb",
             fmt::format("--option=interfaces={}/8", template_address),
             "--option=bind interfaces only=yes"}
        ),
        "samba-tool domain provision"
    );
    for (const auto* part : {"run", "ncalrpc", "cache", "log"}) {
        std::filesystem::create_directories(folder + "/" + part);
    }
    write_smb_conf(folder, template_address);
    prepare(folder, "accounts");
}

/// The domain that all rigs are copies of; made when there is none of the present form.
void require_template() {
    const std::string folder = template_folder;
    const std::string form = read_file(prepare_script);
    std::filesystem::create_directories(std::filesystem::path(folder).parent_path());
    const int lock = ::open((folder + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (lock < 0 || ::flock(lock, LOCK_EX) != 0) {
        throw std::runtime_error("cannot lock " + folder);
    }
    if (read_file(folder + "/form") != form) {
        make_template(folder);
        std::ofstream(folder + "/form") << form;
    }
    ::close(lock);
}

std::string make_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "bascule-samba-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("mkdtemp " + pattern);
    }
    return pattern;
}

std::string base64(std::string_view bytes) {
    auto result = run_program({"base64", "-w0"}, bytes);
    require(result, "base64");
    return std::move(result.output);
}

std::string quoted_utf16(std::string_view ascii) {
    std::string out;
    for (const char c : "\"" + std::string(ascii) + "\"") {
        out += c;
        out += '\0';
    }
    return out;
}

}  // namespace

std::string SambaRig::obstacle() {
    if (::geteuid() != 0) {
        return "a domain controller needs root for its fixed ports";
    }
    // Where every server is required, a missing one fails the tests in place of skipping them.
    const bool may_be_missing = std::getenv("BASCULE_REQUIRE_SERVERS") == nullptr;
    const bool missing = find_program("samba").empty() || find_program("samba-tool").empty();
    return may_be_missing && missing ? "Samba's domain controller is not installed" : "";
}

SambaRig::SambaRig() : folder_(make_folder()), address_(own_loopback_address()) {
    try {
        require_template();
        require(
            run_program(
                {"cp", "-a", "--sparse=always", std::string(template_folder) + "/.", folder_}
            ),
            "copying the domain"
        );
        make_certificates(folder_ + "/tls", address_);
        ::chmod((folder_ + "/tls/server.key").c_str(), 0600);
        write_smb_conf(folder_, address_);
    } catch (...) {
        std::filesystem::remove_all(folder_);
        throw;
    }
}

SambaRig::~SambaRig() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void SambaRig::start(const std::string& model) {
    if (running()) {
        return;
    }
    pid_ = start_program(
        {"samba", "-F", "-M", model, "-s", folder_ + "/etc/smb.conf"}, folder_ + "/log/stdout"
    );
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!ldap_answers(address_, ldap_port)) {
        if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
            pid_ = 0;
            throw std::runtime_error("samba ended at its start: " + log_tail());
        }
        if (std::chrono::steady_clock::now() > deadline) {
            kill();
            throw std::runtime_error("samba did not answer within 60 s: " + log_tail());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void SambaRig::stop() {
    if (running()) {
        ::kill(pid_, SIGTERM);
        ::waitpid(std::exchange(pid_, 0), nullptr, 0);
    }
}

/// The processes that it made end when they notice.
void SambaRig::kill() {
    if (running()) {
        ::kill(pid_, SIGKILL);
        ::waitpid(std::exchange(pid_, 0), nullptr, 0);
    }
}

void SambaRig::restart() {
    stop();
    start();
}

void SambaRig::change_identity() {
    prepare(folder_, "identity");
}

LdapClient SambaRig::client() const {
    return {ldap_uri(), "CN=Administrator,CN=Users," + suffix(), administrator_password};
}

std::string SambaRig::add_user(
    const std::string& name, const std::string& password, const std::string& more
) const {
    const std::string dn = "CN=" + name + "," + people();
    std::string ldif = fmt::format(
        "dn: {}\nobjectClass: user\nsAMAccountName: {}\nuserPrincipalName: {}@rig.test\n"
        "givenName: Given\nsn: Sur {}\nmail: {}@rig.test\n{}",
        dn, name, name, name, name, more
    );
    if (!password.empty()) {
        ldif += "userAccountControl: 512\nunicodePwd:: " + base64(quoted_utf16(password)) + "\n";
    }
    modify(ldif);
    return dn;
}

std::string SambaRig::bind_failure(std::string_view name, std::string_view password) const {
    const auto result = run_program(
        {"ldapwhoami", "-x", "-H", ldap_uri(), "-D", std::string(name), "-w", std::string(password)}
    );
    const auto at = result.output.find(", data ");
    if (at == std::string::npos) {
        // Samba has no "Who am I?": a refusal of that proves the bind.
        return result.exit_code == 49 ? result.output : "";
    }
    return result.output.substr(at + 7, result.output.find(',', at + 7) - at - 7);
}

std::string SambaRig::ticks_after(double seconds) {
    const auto since_epoch =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
    return std::to_string(
        static_cast<std::int64_t>((since_epoch.count() + seconds + 11'644'473'600.0) * 1e7)
    );
}

std::string SambaRig::log_tail() const {
    const std::string log =
        read_file(folder_ + "/log/stdout") + read_file(folder_ + "/log/samba.log");
    constexpr std::size_t enough = 2000;
    return log.size() > enough ? log.substr(log.size() - enough) : log;
}

}  // namespace bascule::test
