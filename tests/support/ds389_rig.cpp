#include "tests/support/ds389_rig.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/support/slapd_rig.hpp"

namespace bascule::test {
namespace {

constexpr const char* loopback = "127.0.0.1";
constexpr const char* template_file = "/usr/share/dirsrv/data/template-dse.ldif";

std::string make_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "bascule-ds389-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error(fmt::format("mkdtemp {}: {}", pattern, std::strerror(errno)));
    }
    return pattern;
}

/// Whom the server runs as: a server started by root changes to the package's account.
std::string account() {
    const passwd* entry = ::geteuid() == 0 ? ::getpwnam("dirsrv") : ::getpwuid(::geteuid());
    if (entry == nullptr) {
        throw std::runtime_error("There is no account dirsrv. Install the package 389-ds-base.");
    }
    return entry->pw_name;
}

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
    for (auto at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
}

/// Puts lines into an entry of the configuration; what the entry says of the attribute goes.
void put(
    std::string& text, const std::string& dn,
    const std::vector<std::pair<std::string, std::string>>& lines
) {
    const auto begin = text.find("dn: " + dn + "\n");
    if (begin == std::string::npos) {
        throw std::runtime_error("the configuration template has no entry " + dn);
    }
    const auto end = std::min(text.find("\n\n", begin), text.size());
    std::istringstream entry(text.substr(begin, end - begin));
    std::string changed;
    for (std::string line; std::getline(entry, line);) {
        bool replaced = false;
        for (const auto& [name, value] : lines) {
            replaced =
                replaced || ::strncasecmp(line.c_str(), (name + ":").c_str(), name.size() + 1) == 0;
        }
        if (!replaced) {
            changed += line + "\n";
        }
    }
    for (const auto& [name, value] : lines) {
        changed += name + ": " + value + "\n";
    }
    changed.pop_back();
    text.replace(begin, end - begin, changed);
}

constexpr std::string_view backend_entries = R"(

dn: cn=userRoot,cn=ldbm database,cn=plugins,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsBackendInstance
cn: userRoot
nsslapd-suffix: dc=rig,dc=test
nsslapd-directory: {folder}/db/userRoot

dn: cn=dc\3Drig\2Cdc\3Dtest,cn=mapping tree,cn=config
objectClass: top
objectClass: extensibleObject
objectClass: nsMappingTree
cn: dc=rig,dc=test
nsslapd-state: backend
nsslapd-backend: userRoot
)";

/// The suffix, its branches, the service account and what it may do.
std::string content() {
    const auto service = "ldap:///" + Ds389Rig::service_dn();
    return fmt::format(
        R"(dn: {suffix}
objectClass: domain
dc: rig
aci: (targetattr!="userPassword || aci")(version 3.0; acl "bascule reads"; allow (read,search,compare) userdn="{service}";)

dn: ou=people,{suffix}
objectClass: organizationalUnit
ou: people
aci: (targetattr="userPassword || accountUnlockTime || passwordRetryCount || retryCountResetTime")(version 3.0; acl "bascule resets passwords"; allow (write) userdn="{service}";)
aci: (targetattr="userPassword")(version 3.0; acl "own password"; allow (write) userdn="ldap:///self";)

dn: ou=groups,{suffix}
objectClass: organizationalUnit
ou: groups

dn: ou=services,{suffix}
objectClass: organizationalUnit
ou: services

dn: {dn}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: bascule
userPassword: {password}
nsSizeLimit: -1
nsLookThroughLimit: -1
nsTimeLimit: -1
nsIdleTimeout: -1

dn: cn=config
changetype: modify
add: aci
aci: (targetattr="objectClass || nsslapd-pwpolicy-local || passwordCheckSyntax || passwordMinLength || passwordMinDigits || passwordMinAlphas || passwordMinUppers || passwordMinLowers || passwordMinSpecials || passwordMinCategories || passwordMaxRepeats || passwordHistory || passwordInHistory || passwordMinAge || passwordExp || passwordMaxAge || passwordLockout || passwordMaxFailure || passwordUnlock || passwordLockoutDuration || passwordMustChange")(version 3.0; acl "bascule reads the password policy"; allow (read,search,compare) userdn="{service}";)
)",
        fmt::arg("suffix", Ds389Rig::suffix()), fmt::arg("service", service),
        fmt::arg("dn", Ds389Rig::service_dn()), fmt::arg("password", Ds389Rig::service_password())
    );
}

}  // namespace

Ds389Rig::Ds389Rig() : folder_(make_folder()), port_(loopback), tls_port_(loopback) {
    if (find_program("ns-slapd").empty()) {
        std::filesystem::remove_all(folder_);
        throw std::runtime_error(
            "389 Directory Server is not installed. Install the package 389-ds-base."
        );
    }
    for (const auto* name :
         {"config/schema", "db", "home", "log", "run", "lock", "tmp", "ldif", "bak"}) {
        std::filesystem::create_directories(folder_ + "/" + name);
    }
    for (const auto* name : {"slapd-collations.conf", "certmap.conf"}) {
        std::filesystem::copy_file(
            fmt::format("/etc/dirsrv/config/{}", name), fmt::format("{}/config/{}", folder_, name)
        );
    }
    std::ofstream(folder_ + "/config/schema/99user.ldif") << "dn: cn=schema\nobjectClass: top\n";
    write_configuration();
    write_certificates();
    give_away();
    start();
    modify(content());
}

Ds389Rig::~Ds389Rig() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

/// What dscreate would make of the package's template, in a tenth of its time.
void Ds389Rig::write_configuration() const {
    std::string text = read_file(template_file);
    const std::map<std::string, std::string> values{
        {"schema_dir", folder_ + "/config/schema"},
        {"lock_dir", folder_ + "/lock"},
        {"tmp_dir", folder_ + "/tmp"},
        {"cert_dir", folder_ + "/config"},
        {"ldif_dir", folder_ + "/ldif"},
        {"bak_dir", folder_ + "/bak"},
        {"run_dir", folder_ + "/run"},
        {"inst_dir", folder_},
        {"log_dir", folder_ + "/log"},
        {"config_dir", folder_ + "/config"},
        {"db_dir", folder_ + "/db"},
        {"db_home_dir", folder_ + "/home"},
        {"db_lib", "bdb"},
        {"fqdn", "localhost"},
        {"ds_port", std::to_string(port_.number)},
        {"ds_user", account()},
        {"rootdn", manager_dn()},
        {"ds_passwd", "{CLEAR}" + manager_password()},
        {"ldapi_enabled", "off"},
        {"ldapi_autobind", "off"},
        {"ldapi", folder_ + "/run/ldapi"},
        {"ds_suffix", suffix()},
    };
    for (const auto& [name, value] : values) {
        replace_all(text, "%" + name + "%", value);
    }
    put(text, "cn=config",
        {{"nsslapd-listenhost", loopback},
         {"nsslapd-securelistenhost", loopback},
         {"nsslapd-securePort", std::to_string(tls_port_.number)},
         {"nsslapd-security", "on"},
         {"nsslapd-accesslog-logging-enabled", "off"},
         {"nsslapd-allow-hashed-passwords", "off"},
         {"passwordStorageScheme", "SSHA512"}});
    put(text, "cn=config,cn=ldbm database,cn=plugins,cn=config",
        {{"nsslapd-db-durable-transaction", "off"}});
    put(text, "cn=Content Synchronization,cn=plugins,cn=config", {{"nsslapd-pluginenabled", "on"}});
    put(text, "cn=Retro Changelog Plugin,cn=plugins,cn=config",
        {{"nsslapd-pluginenabled", "on"}, {"nsslapd-attribute", "nsuniqueid:targetUniqueId"}});
    text.erase(text.find_last_not_of('\n') + 1);
    text += fmt::format(fmt::runtime(backend_entries), fmt::arg("folder", folder_));
    std::ofstream(folder_ + "/config/dse.ldif") << text;
}

void Ds389Rig::write_certificates() const {
    const auto tls = folder_ + "/tls";
    const auto database = "sql:" + folder_ + "/config";
    make_certificates(tls);
    require(
        run_program(
            {"openssl", "pkcs12", "-export", "-in", tls + "/server.pem", "-inkey",
             tls + "/server.key", "-name", "Server-Cert", "-out", tls + "/server.p12", "-passout",
             "pass:"}
        ),
        "openssl"
    );
    require(run_program({"certutil", "-N", "-d", database, "--empty-password"}), "certutil");
    require(
        run_program({"pk12util", "-i", tls + "/server.p12", "-d", database, "-W", ""}), "pk12util"
    );
    require(
        run_program(
            {"certutil", "-A", "-n", "ca", "-t", "CT,,", "-a", "-i", tls + "/ca.pem", "-d",
             database}
        ),
        "certutil"
    );
}

void Ds389Rig::give_away() const {
    if (::geteuid() != 0) {
        return;
    }
    const passwd* owner = ::getpwnam(account().c_str());
    const auto give = [&](const std::filesystem::path& path) {
        if (::lchown(path.c_str(), owner->pw_uid, owner->pw_gid) != 0) {
            throw std::runtime_error(
                fmt::format("chown {}: {}", path.string(), std::strerror(errno))
            );
        }
    };
    give(folder_);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
        give(entry.path());
    }
}

void Ds389Rig::start() {
    if (running()) {
        return;
    }
    pid_ = start_program(
        {"ns-slapd", "-D", folder_ + "/config", "-i", folder_ + "/run/pid", "-d", "0"},
        folder_ + "/ns-slapd.log"
    );
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!ldap_answers(loopback, port_.number)) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = 0;
            throw std::runtime_error("ns-slapd ended at its start: " + log_tail());
        }
        if (std::chrono::steady_clock::now() > deadline) {
            kill();
            throw std::runtime_error("ns-slapd did not answer within 60 s: " + log_tail());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

void Ds389Rig::stop() {
    if (running()) {
        ::kill(pid_, SIGTERM);
        ::waitpid(std::exchange(pid_, 0), nullptr, 0);
    }
}

void Ds389Rig::kill() {
    if (running()) {
        ::kill(pid_, SIGKILL);
        ::waitpid(std::exchange(pid_, 0), nullptr, 0);
    }
}

void Ds389Rig::restart() {
    stop();
    start();
}

LdapClient Ds389Rig::client() const {
    return {ldap_uri(), manager_dn(), manager_password()};
}

void Ds389Rig::configure(const std::vector<std::string>& names_and_values) const {
    std::string ldif = "dn: cn=config\nchangetype: modify\n";
    for (std::size_t i = 0; i + 1 < names_and_values.size(); i += 2) {
        fmt::format_to(
            std::back_inserter(ldif), "replace: {0}\n{0}: {1}\n-\n", names_and_values[i],
            names_and_values[i + 1]
        );
    }
    modify(ldif);
}

void Ds389Rig::clear() const {
    for (const auto* branch : {"ou=people", "ou=groups"}) {
        const auto base = fmt::format("{},{}", branch, suffix());
        const auto found = run_program(
            {"ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", ldap_uri(), "-D", manager_dn(),
             "-w", manager_password(), "-b", base, "(objectClass=*)", "1.1"}
        );
        require(found, "ldapsearch");
        std::istringstream lines(found.output);
        std::multimap<std::ptrdiff_t, std::string, std::greater<>> deepest_first;
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("dn: ") && line != "dn: " + base) {
                deepest_first.emplace(std::ranges::count(line, ','), line);
            }
        }
        std::string deletes;
        for (const auto& [depth, line] : deepest_first) {
            deletes += line + "\nchangetype: delete\n\n";
        }
        if (!deletes.empty()) {
            modify(deletes);
        }
    }
}

void Ds389Rig::save() const {
    for (const auto* name : {"db", "home"}) {
        const auto kept = fmt::format("{}/kept-{}", folder_, name);
        std::filesystem::remove_all(kept);
        require(
            run_program({"cp", "-a", fmt::format("{}/{}", folder_, name), kept}), "keeping a copy"
        );
    }
}

void Ds389Rig::restore() const {
    for (const auto* name : {"db", "home"}) {
        const auto place = fmt::format("{}/{}", folder_, name);
        std::filesystem::remove_all(place);
        require(
            run_program({"cp", "-a", fmt::format("{}/kept-{}", folder_, name), place}),
            "putting a copy back"
        );
    }
}

void Ds389Rig::trim_changelog() {
    constexpr std::string_view plugin = "dn: cn=Retro Changelog Plugin,cn=plugins,cn=config\n";
    modify(fmt::format(
        "{}changetype: modify\nreplace: nsslapd-changelogmaxage\nnsslapd-changelogmaxage: 1s\n-\n"
        "replace: nsslapd-changelog-trim-interval\nnsslapd-changelog-trim-interval: 1\n",
        plugin
    ));
    restart();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (values("", "firstchangenumber") != values("", "lastchangenumber")) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("the changelog was not trimmed within 30 s");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    modify(fmt::format("{}changetype: modify\ndelete: nsslapd-changelogmaxage\n", plugin));
    restart();
}

std::string Ds389Rig::ldap_uri() const {
    return fmt::format("ldap://{}:{}", loopback, port_.number);
}

std::string Ds389Rig::ldaps_uri() const {
    return fmt::format("ldaps://{}:{}", loopback, tls_port_.number);
}

std::string Ds389Rig::log_tail() const {
    const auto text = read_file(folder_ + "/ns-slapd.log") + read_file(folder_ + "/log/errors");
    return text.substr(text.size() > 2000 ? text.size() - 2000 : 0);
}

Ds389Rig& shared_ds389() {
    static Ds389Rig rig;
    return rig;
}

}  // namespace bascule::test
