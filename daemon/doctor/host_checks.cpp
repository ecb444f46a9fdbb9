// What stands on this machine: store, secrets, certificate, admin socket.
#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <system_error>

#include "daemon/doctor/doctor.hpp"

namespace bascule::daemon {
namespace {

using directory::Findings;

constexpr double gibibyte = 1024.0 * 1024.0 * 1024.0;
constexpr double scarce_bytes = gibibyte;
constexpr double scarce_share = 0.1;
constexpr std::chrono::days soon_expiring{30};

std::string mode_text(mode_t mode) {
    return fmt::format("{:04o}", mode & 07777U);
}

/// Bytes 18 and 19 of the file tell how it is written: 2 is write-ahead (SQLite file format 1.3.3).
std::optional<bool> is_write_ahead(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::array<char, 20> head{};
    if (!file.read(head.data(), head.size())) {
        return std::nullopt;
    }
    return head[18] == 2 && head[19] == 2;
}

void examine_space(const std::string& folder, const std::string& state, Findings& findings) {
    struct statvfs space {};
    if (::statvfs(folder.c_str(), &space) != 0) {
        findings.bad(
            "store", "sqlite " + folder, std::system_category().message(errno),
            {"Check store.sqlite.path.", {}}
        );
        return;
    }
    const double block = static_cast<double>(space.f_frsize);
    const double free = static_cast<double>(space.f_bavail) * block;
    const double all = static_cast<double>(space.f_blocks) * block;
    const std::string finding =
        fmt::format("{}{:.1f} GiB free of {:.0f}", state, free / gibibyte, all / gibibyte);
    if (free < scarce_bytes || free < all * scarce_share) {
        findings.advise(
            "store", "sqlite", finding,
            {"Make room: when the disk is full, nothing more is mirrored.", {}}
        );
        return;
    }
    findings.good("store", "sqlite", finding);
}

void examine_store(const std::string& path, Findings& findings) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const bool exists = std::filesystem::exists(path);
    if (::access(folder.c_str(), W_OK | X_OK) != 0 ||
        (exists && ::access(path.c_str(), R_OK | W_OK) != 0)) {
        findings.bad(
            "store", "sqlite " + path, "not writable",
            {"For the account that the service runs as (bascule by its unit):",
             {"chown -R bascule:bascule " + folder}}
        );
        return;
    }
    const auto write_ahead = is_write_ahead(path);
    if (exists && write_ahead && !*write_ahead) {
        findings.bad(
            "store", "sqlite " + path, "is not in write-ahead mode: another program changed it",
            {"With the service stopped:", {"sqlite3 " + path + " 'PRAGMA journal_mode=WAL'"}}
        );
        return;
    }
    examine_space(folder, exists ? "WAL, " : "not made yet, ", findings);
}

void examine_journal(directory::Store* store, Findings& findings) {
    if (store == nullptr) {
        return;
    }
    std::int64_t sequence = 0;
    const Status read = store->read([&sequence](directory::Reader& reader) -> Status {
        BASCULE_TRY(sequence, reader.last_sequence());
        return {};
    });
    if (read) {
        findings.good("journal", "journal", fmt::format("at {}", sequence));
    } else {
        findings.bad(
            "journal", "journal", read.error().detail, {"See the log of the service.", {}}
        );
    }
}

/// The file behind "{ file: … }" and "{ credential: … }"; nothing for other places.
std::optional<std::string> file_of(const std::string& origin) {
    const auto word = [&origin](std::string_view key) -> std::optional<std::string> {
        if (!origin.starts_with(key) || !origin.ends_with(" }")) {
            return std::nullopt;
        }
        auto name = origin.substr(key.size(), origin.size() - key.size() - 2);
        if (name.size() > 1 && name.front() == '"' && name.back() == '"') {
            name = name.substr(1, name.size() - 2);
        }
        return name;
    };
    if (auto path = word("{ file: ")) {
        return path;
    }
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (auto name = word("{ credential: "); name && folder != nullptr) {
        return std::string(folder) + "/" + *name;
    }
    return std::nullopt;
}

void examine_secret(
    const std::string& option, const config::SecretSetting& secret, Findings& findings
) {
    if (!secret.is_set()) {
        return;
    }
    const auto path = file_of(secret.origin);
    if (!path) {
        if (secret.origin == "(inline)") {
            findings.advise(
                "secret", option, "stands in the configuration file",
                {"Put it into a file of its own: { file: /etc/bascule/… } or { credential: … }.",
                 {}}
            );
        } else {
            findings.good("secret", option, secret.origin);
        }
        return;
    }
    struct stat info {};
    if (::stat(path->c_str(), &info) != 0 || ::access(path->c_str(), R_OK) != 0) {
        findings.bad(
            "secret", option, *path + ": " + std::system_category().message(errno),
            {"The service must be able to read it:",
             {"chown root:bascule " + *path, "chmod 0640 " + *path}}
        );
        return;
    }
    if ((info.st_mode & S_IRWXO) != 0) {
        findings.bad(
            "secret", option, *path + " is open to everybody, " + mode_text(info.st_mode),
            {"Close it:", {"chmod o= " + *path}}
        );
        return;
    }
    findings.good("secret", option, *path + ", " + mode_text(info.st_mode));
}

/// When the first certificate of a PEM file ends.
std::optional<Time> certificate_end(const std::string& path) {
    const std::unique_ptr<BIO, int (*)(BIO*)> file(BIO_new_file(path.c_str(), "r"), BIO_free);
    if (!file) {
        return std::nullopt;
    }
    const std::unique_ptr<X509, void (*)(X509*)> certificate(
        PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), X509_free
    );
    std::tm parts{};
    if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts) != 1) {
        return std::nullopt;
    }
    return Time(std::chrono::seconds(::timegm(&parts)));
}

void examine_certificate(const std::string& path, Findings& findings) {
    if (path.empty()) {
        return;
    }
    const auto end = certificate_end(path);
    if (!end) {
        findings.bad(
            "certificate", "own certificate", path + " cannot be read",
            {"Check server.tls.certificate.", {}}
        );
        return;
    }
    const auto left = *end - std::chrono::system_clock::now();
    const std::string finding = "until " + format_time(*end).substr(0, 10);
    if (left < std::chrono::seconds(0)) {
        findings.bad(
            "certificate", "own certificate", finding, {"It is out of date: renew it.", {}}
        );
    } else if (left < soon_expiring) {
        findings.advise("certificate", "own certificate", finding, {"Renew it soon.", {}});
    } else {
        findings.good("certificate", "own certificate", finding);
    }
}

void examine_socket(const std::string& path, bool running, Findings& findings) {
    struct stat info {};
    const bool there = ::stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
    const std::string subject = "admin socket";
    if (!there) {
        if (running) {
            findings.bad("admin_socket", subject, path + " is gone", {"Restart the service.", {}});
        } else {
            findings.good("admin_socket", subject, path + " is not there: no daemon runs");
        }
        return;
    }
    if ((info.st_mode & S_IRWXO) != 0) {
        findings.bad(
            "admin_socket", subject, path + " is open to everybody, " + mode_text(info.st_mode),
            {"Restart the service, or:", {"chmod 0660 " + path}}
        );
        return;
    }
    findings.good("admin_socket", subject, path + ", " + mode_text(info.st_mode));
}

}  // namespace

std::vector<directory::Check> examine_host(
    const config::Settings& settings, directory::Store* store
) {
    Findings of_store("store");
    examine_store(settings.sqlite_path, of_store);
    examine_journal(store, of_store);
    Findings of_host("host");
    for (const config::SourceSettings& source : settings.sources) {
        examine_secret("password of source " + source.name, source.bind_password, of_host);
    }
    examine_secret("server.tls.key", settings.server.tls_key, of_host);
    examine_certificate(settings.server.tls_certificate, of_host);
    examine_socket(settings.admin_socket, store != nullptr, of_host);
    auto all = of_store.take();
    for (auto& check : of_host.take()) {
        all.push_back(std::move(check));
    }
    return all;
}

}  // namespace bascule::daemon
