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

/// Two controllers have what replication needs beside LDAP.
constexpr const char* replication_lines =
    "server services = ldap cldap rpc\n"
    "dcerpc endpoint servers = epmapper, samr, netlogon, lsarpc, drsuapi\n";

/// Everything in the server's own folder, nothing but LDAP.
void write_smb_conf(const std::string& folder, const std::string& address, SambaRole role) {
    std::ofstream(folder + "/etc/smb.conf") << fmt::format(
        R"([global]
netbios name = {name}
realm = RIG.TEST
workgroup = RIG
server role = active directory domain controller
{services}interfaces = {address}/8
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
        fmt::arg("folder", folder), fmt::arg("address", address),
        fmt::arg("name", role == SambaRole::second ? "DC2" : "DC1"),
        fmt::arg(
            "services", role == SambaRole::first || role == SambaRole::second
                            ? replication_lines
                            : "server services = ldap\n"
        )
    );
}

void prepare(const std::string& folder, const std::string& action, const std::string& dn = {}) {
    require(
        run_program(
            {"/usr/bin/python3", prepare_script, folder + "/etc/smb.conf",
             folder + "/private/sam.ldb", action, dn}
        ),
        "preparing the domain"
    );
}

void make_folders(const std::string& folder) {
    for (const auto* part : {"run", "ncalrpc", "cache", "log"}) {
        std::filesystem::create_directories(folder + "/" + part);
    }
}

std::string log_tail(const std::string& folder) {
    const std::string log =
        read_file(folder + "/log/stdout") + read_file(folder + "/log/samba.log");
    constexpr std::size_t enough = 2000;
    return log.size() > enough ? log.substr(log.size() - enough) : log;
}

void end_server(pid_t& pid, int signal) {
    if (pid > 0) {
        ::kill(pid, signal);
        ::waitpid(std::exchange(pid, 0), nullptr, 0);
    }
}

/// Starts a server and returns its process when it answers.
pid_t start_server(
    const std::string& folder, const std::string& address, const std::string& model
) {
    pid_t pid = start_program(
        {"samba", "-F", "-M", model, "-s", folder + "/etc/smb.conf"}, folder + "/log/stdout"
    );
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!ldap_answers(address, ldap_port)) {
        if (::waitpid(pid, nullptr, WNOHANG) == pid) {
            throw std::runtime_error("samba ended at its start: " + log_tail(folder));
        }
        if (std::chrono::steady_clock::now() > deadline) {
            end_server(pid, SIGKILL);
            throw std::runtime_error("samba did not answer within 60 s: " + log_tail(folder));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return pid;
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
    make_folders(folder);
    write_smb_conf(folder, template_address, SambaRole::alone);
    prepare(folder, "accounts");
}

void copy_folder(const std::string& from, const std::string& to) {
    require(run_program({"cp", "-a", "--sparse=always", from + "/.", to}), "copying the domain");
}

/// The only domain, and with a second controller joined to it.
void make_pair(const std::string& folder) {
    std::filesystem::remove_all(folder);
    for (const auto* part : {"/1", "/2"}) {
        std::filesystem::create_directories(folder + part);
    }
    copy_folder(template_folder, folder + "/1");
    const auto first = own_loopback_address();
    make_certificates(folder + "/1/tls", first);
    ::chmod((folder + "/1/tls/server.key").c_str(), 0600);
    write_smb_conf(folder + "/1", first, SambaRole::first);
    pid_t server = start_server(folder + "/1", first, "single");
    const auto joined = run_program(
        {"samba-tool",
         "domain",
         "join",
         "rig.test",
         "DC",
         "-q",
         "-U",
         "RIG\\Administrator",
         std::string("--password=") + administrator_password,
         "--server=" + first,
         "--targetdir=" + folder + "/2",
         "--realm=RIG.TEST",
         "--dns-backend=NONE",
         "--use-kerberos=off",
         "--backend-store=mdb",
         "--backend-store-size=256Mb",
         fmt::format("--option=interfaces={}/8", own_loopback_address()),
         "--option=bind interfaces only=yes",
         "--option=netbios name=DC2",
         "--option=workgroup=RIG"}
    );
    end_server(server, SIGTERM);
    require(joined, "samba-tool domain join");
    make_folders(folder + "/2");
}

void make_crowd(const std::string& folder) {
    constexpr int people = 5000;
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    copy_folder(template_folder, folder);
    write_smb_conf(folder, template_address, SambaRole::alone);
    std::string ldif;
    std::string members;
    for (int i = 0; i < people; ++i) {
        const auto dn = fmt::format("CN=c{:05},{}", i, SambaRig::people());
        ldif += "dn: " + dn + "\nobjectClass: contact\n\n";
        members += "member: " + dn + "\n";
    }
    ldif += "dn: CN=many," + SambaRig::groups() + "\nobjectClass: group\nsAMAccountName: many\n" +
            members;
    require(
        run_program(
            {"ldbadd", "--configfile=" + folder + "/etc/smb.conf", "-H",
             folder + "/private/sam.ldb"},
            ldif
        ),
        "ldbadd"
    );
}

/// What all rigs are copies of; made when there is none of the present form.
void require_template(const std::string& folder, void (*make)(const std::string&)) {
    const std::string form = read_file(prepare_script);
    std::filesystem::create_directories(std::filesystem::path(folder).parent_path());
    const int lock = ::open((folder + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (lock < 0 || ::flock(lock, LOCK_EX) != 0) {
        throw std::runtime_error("cannot lock " + folder);
    }
    if (read_file(folder + "/form") != form) {
        make(folder);
        std::ofstream(folder + "/form") << form;
    }
    ::close(lock);
}

/// The folder to copy for a controller.
std::string require_template(SambaRole role) {
    const std::string folder = template_folder;
    require_template(folder, &make_template);
    if (role == SambaRole::alone) {
        return folder;
    }
    if (role == SambaRole::crowded) {
        require_template(folder + "-crowded", &make_crowd);
        return folder + "-crowded";
    }
    const std::string pair = folder + "-of-two";
    require_template(pair, &make_pair);
    return pair + (role == SambaRole::first ? "/1" : "/2");
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

SambaRig::SambaRig(SambaRole role) : folder_(make_folder()), address_(own_loopback_address()) {
    try {
        copy_folder(require_template(role), folder_);
        make_certificates(folder_ + "/tls", address_);
        ::chmod((folder_ + "/tls/server.key").c_str(), 0600);
        write_smb_conf(folder_, address_, role);
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
    pid_ = start_server(folder_, address_, model);
}

void SambaRig::stop() {
    end_server(pid_, SIGTERM);
}

/// The processes that it made end when they notice.
void SambaRig::kill() {
    end_server(pid_, SIGKILL);
}

void SambaRig::freeze() const {
    ::kill(pid_, SIGSTOP);
}

void SambaRig::thaw() const {
    ::kill(pid_, SIGCONT);
}

void SambaRig::switch_recycle_bin_on() {
    prepare(folder_, "recycle-bin");
}

void SambaRig::hide_people(bool hidden) const {
    prepare(folder_, hidden ? "hide-people" : "show-people");
}

void SambaRig::hide_numbers(bool hidden) const {
    prepare(folder_, hidden ? "hide-numbers" : "show-numbers");
}

void SambaRig::revive(const std::string& name, const std::string& dn) const {
    const auto access = client();
    const std::string show_deleted = "!1.2.840.113556.1.4.417";
    const auto found = run_program(
        {"ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-E", show_deleted, "-H", access.uri,
         "-D", access.admin_dn, "-w", access.admin_password, "-b", suffix(),
         "(&(isDeleted=TRUE)(sAMAccountName=" + name + "))", "1.1"}
    );
    require(found, "finding a deleted account");
    const std::string deleted = found.output.substr(0, found.output.find('\n') + 1);
    require(
        run_program(
            {"ldapmodify", "-x", "-e", show_deleted, "-H", access.uri, "-D", access.admin_dn, "-w",
             access.admin_password},
            deleted + "changetype: modify\ndelete: isDeleted\n-\nreplace: distinguishedName\n" +
                "distinguishedName: " + dn + "\n"
        ),
        "bringing an account back"
    );
}

void SambaRig::replicate_from(const SambaRig& other) const {
    require(
        run_program(
            {"samba-tool", "drs", "replicate", "DC", other.address_, suffix(), "--local", "-s",
             folder_ + "/etc/smb.conf", "-U", "RIG\\Administrator",
             std::string("--password=") + administrator_password, "--use-kerberos=off"}
        ),
        "samba-tool drs replicate"
    );
}

void SambaRig::configure(const std::string& line) const {
    std::ofstream(folder_ + "/etc/smb.conf", std::ios::app) << line << "\n";
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

void SambaRig::age_password(const std::string& dn) const {
    prepare(folder_, "age-password", dn);
}

void SambaRig::deny_reset(const std::string& dn) const {
    prepare(folder_, "deny-reset", dn);
}

void SambaRig::deny_change(const std::string& dn) const {
    prepare(folder_, "deny-change", dn);
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

}  // namespace bascule::test
