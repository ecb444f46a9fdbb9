// How long a change takes from a directory of each kind until SCIM shows it, the real program in
// front of a real server. directory_bench KIND [USERS] [CHANGES], KIND one of
//   389ds          content synchronisation
//   generic-389ds  389 Directory Server as any LDAPv3 server: woken by its persistent search
//   generic-slapd  slapd without syncprov as any LDAPv3 server: asked every 15 s
//   samba          DirSync once a second
// Beside it: the same changes as ldapsearch with the sync control hears of them (389ds), and the
// processor that the server takes while nothing happens (samba).
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <sstream>
#include <thread>

#include "tests/support/daemon_rig.hpp"
#include "tests/support/ds389_rig.hpp"
#include "tests/support/samba_rig.hpp"

namespace {

using namespace bascule::test;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

double since(steady_clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count();
}

/// A server with people, and how the program reaches it.
class Directory {
  public:
    virtual ~Directory() = default;
    [[nodiscard]] virtual std::unique_ptr<DaemonRig> make_daemon() const = 0;
    [[nodiscard]] virtual LdapClient client() const = 0;
    [[nodiscard]] virtual std::string dn(std::size_t user) const { return user_dn(user); }
    [[nodiscard]] virtual std::string user_name(std::size_t user) const { return user_uid(user); }
    /// ldapsearch arguments that make the server tell changes; empty when it has no such search.
    [[nodiscard]] virtual std::vector<std::string> listener() const { return {}; }
    [[nodiscard]] virtual pid_t process() const { return 0; }
};

class Ds389 final : public Directory {
  public:
    Ds389(std::size_t users, std::string lines) : lines_(std::move(lines)) {
        rig_.start();
        rig_.modify(units_ldif() + users_ldif({.count = users}));
    }
    std::unique_ptr<DaemonRig> make_daemon() const override {
        return std::make_unique<DaemonRig>(rig_.ldap_uri(), lines_);
    }
    LdapClient client() const override { return rig_.client(); }
    std::vector<std::string> listener() const override {
        return {"-H", rig_.ldap_uri(),
                "-D", Ds389Rig::service_dn(),
                "-w", Ds389Rig::service_password(),
                "-b", Ds389Rig::suffix(),
                "-E", "sync=rp"};
    }

  private:
    Ds389Rig rig_;
    std::string lines_;
};

class SilentSlapd final : public Directory {
  public:
    explicit SilentSlapd(std::size_t users) : rig_(options()) {
        rig_.load_ldif(directory_ldif(users));
        rig_.start();
    }
    std::unique_ptr<DaemonRig> make_daemon() const override {
        return std::make_unique<DaemonRig>(rig_, "    dialect: generic\n");
    }
    LdapClient client() const override {
        return {rig_.ldap_uri(), SlapdRig::admin_dn(), SlapdRig::admin_password()};
    }

  private:
    static SlapdOptions options() {
        SlapdOptions out;
        out.syncprov = false;
        return out;
    }
    SlapdRig rig_;
};

class Samba final : public Directory {
  public:
    explicit Samba(std::size_t users) {
        rig_.start();
        std::string ldif;
        for (std::size_t user = 0; user < users; ++user) {
            ldif += fmt::format(
                "dn: {}\nchangetype: add\nobjectClass: user\nsAMAccountName: {}\n\n", dn(user),
                user_name(user)
            );
        }
        rig_.modify(ldif);
    }
    std::unique_ptr<DaemonRig> make_daemon() const override {
        return std::make_unique<DaemonRig>(
            DirectoryAccess{
                rig_.ldaps_uri(), SambaRig::suffix(), SambaRig::service_dn(),
                SambaRig::service_password()},
            "    ca: " + rig_.ca_file() + "\n"
        );
    }
    LdapClient client() const override { return rig_.client(); }
    std::string dn(std::size_t user) const override {
        return "CN=" + user_uid(user) + "," + SambaRig::people();
    }
    pid_t process() const override { return rig_.process_id(); }

  private:
    SambaRig rig_;
};

std::unique_ptr<Directory> make_directory(const std::string& kind, std::size_t users) {
    if (kind == "389ds")
        return std::make_unique<Ds389>(users, "");
    if (kind == "generic-389ds")
        return std::make_unique<Ds389>(users, "    dialect: generic\n");
    if (kind == "generic-slapd")
        return std::make_unique<SilentSlapd>(users);
    if (kind == "samba")
        return std::make_unique<Samba>(users);
    return nullptr;
}

void report(const std::string& name, std::vector<double> times) {
    if (times.empty())
        return;
    std::ranges::sort(times);
    const auto at = [&](std::size_t percent) {
        return times[std::min(times.size() - 1, times.size() * percent / 100)];
    };
    fmt::print(
        "{:<52} p50 {:9.1f} ms   p99 {:9.1f} ms   longest {:9.1f} ms   n {}\n", name, at(50),
        at(99), times.back(), times.size()
    );
    std::fflush(stdout);
}

/// An ldapsearch that goes on telling changes.
class Listener {
  public:
    Listener(const std::string& folder, const std::vector<std::string>& arguments)
        : file_(folder + "/listener") {
        std::vector<std::string> command{"stdbuf", "-oL", "ldapsearch",  "-x",
                                         "-LLL",   "-o",  "ldif-wrap=no"};
        command.insert(command.end(), arguments.begin(), arguments.end());
        command.insert(command.end(), {"(title=*)", "title"});
        start_program(command, file_);
    }
    /// When this title was told; nothing when it was not within `limit`.
    [[nodiscard]] std::optional<steady_clock::time_point> when(
        const std::string& title, milliseconds limit
    ) const {
        const auto end = steady_clock::now() + limit;
        while (steady_clock::now() < end) {
            std::ifstream file(file_);
            std::ostringstream text;
            text << file.rdbuf();
            if (text.str().find("title: " + title + "\n") != std::string::npos)
                return steady_clock::now();
            std::this_thread::sleep_for(milliseconds(1));
        }
        return std::nullopt;
    }

  private:
    std::string file_;
};

class Bench {
  public:
    Bench(std::string kind, std::size_t users, std::size_t changes)
        : kind_(std::move(kind)),
          users_(users),
          changes_(changes),
          directory_(make_directory(kind_, users)),
          daemon_(directory_->make_daemon()) {}

    void run() {
        const auto begin = steady_clock::now();
        daemon_->start();
        fmt::print(
            "{:<52} {:.2f} s, {} users\n", kind_ + ": first mirror", since(begin) / 1000, users_
        );
        static_cast<void>(daemon_->token());
        for (std::size_t user = 0; user < std::min(users_, changes_); ++user)
            ids_.push_back(daemon_->find("/Users", "userName eq \"" + name(user) + "\"").at("id"));
        reference();
        visible();
        idle_server();
    }

  private:
    std::string name(std::size_t user) const { return directory_->user_name(user); }
    std::string set_title(std::size_t change, const std::string& round) const {
        auto title = fmt::format("{} {}", round, change);
        directory_->client().set(directory_->dn(change % ids_.size()), "title", title);
        return title;
    }

    /// What the server itself takes to tell somebody else.
    void reference() const {
        if (directory_->listener().empty())
            return;
        const Listener listener(daemon_->folder(), directory_->listener());
        std::this_thread::sleep_for(std::chrono::seconds(2));
        std::vector<double> times;
        for (std::size_t change = 0; change < std::min<std::size_t>(changes_, 50); ++change) {
            const auto begin = steady_clock::now();
            const auto title = set_title(change, "Reference");
            if (const auto told = listener.when(title, milliseconds(10'000)))
                times.push_back(std::chrono::duration<double, std::milli>(*told - begin).count());
        }
        report("  reference: ldapsearch with the sync control", std::move(times));
    }

    struct Pending {
        std::size_t user;
        std::string title;
        steady_clock::time_point begin;
    };

    /// Changes at times that follow no clock; each counts from before ldapmodify was started.
    void visible() {
        std::mutex mutex;
        std::vector<Pending> pending;
        bool done = false;
        std::thread writer([&] {
            std::mt19937 random(1);
            std::uniform_int_distribution pause(100, kind_ == "generic-slapd" ? 3'000 : 900);
            for (std::size_t change = 0; change < changes_; ++change) {
                std::this_thread::sleep_for(milliseconds(pause(random)));
                const auto begin = steady_clock::now();
                auto title = set_title(change, "Timed");
                const std::lock_guard lock(mutex);
                pending.push_back({change % ids_.size(), std::move(title), begin});
            }
            const std::lock_guard lock(mutex);
            done = true;
        });
        std::vector<double> times;
        HttpClient client(daemon_->port());
        while (true) {
            std::vector<Pending> look;
            {
                const std::lock_guard lock(mutex);
                if (done && pending.empty())
                    break;
                look = pending;
            }
            for (const auto& one : look) {
                if (!is_visible(client, one))
                    continue;
                times.push_back(since(one.begin));
                const std::lock_guard lock(mutex);
                std::erase_if(pending, [&](const Pending& other) {
                    return other.title == one.title;
                });
            }
            std::this_thread::sleep_for(milliseconds(2));
        }
        writer.join();
        report(kind_ + ": change to visible by SCIM", std::move(times));
    }

    bool is_visible(HttpClient& client, const Pending& change) {
        const auto answer = client.send(
            {"GET",
             "/scim/v2/Users/" + ids_[change.user] + "?attributes=title",
             {{"Authorization", "Bearer " + daemon_->token()}},
             {}}
        );
        if (since(change.begin) > 60'000)
            throw std::runtime_error("a change did not arrive within a minute");
        return answer.status == 200 && answer.json.value("title", "") == change.title;
    }

    double processor_seconds() const {
        std::ifstream file(fmt::format("/proc/{}/stat", directory_->process()));
        std::string text;
        std::getline(file, text);
        std::istringstream fields(text.substr(text.rfind(')') + 2));
        std::string word;
        double ticks = 0;
        for (int field = 0; field < 13 && fields >> word; ++field) {
            if (field >= 11)
                ticks += std::stod(word);
        }
        return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }

    void idle_server() {
        if (directory_->process() == 0)
            return;
        constexpr std::chrono::seconds look(30);
        const auto measure = [&] {
            const double before = processor_seconds();
            std::this_thread::sleep_for(look);
            return (processor_seconds() - before) / static_cast<double>(look.count()) * 100;
        };
        const double with = measure();
        static_cast<void>(daemon_->stop());
        fmt::print(
            "{:<52} {:.2f} %, without the mirror {:.2f} %\n",
            kind_ + ": processor of the idle server", with, measure()
        );
    }

    std::string kind_;
    std::size_t users_;
    std::size_t changes_;
    std::unique_ptr<Directory> directory_;
    std::unique_ptr<DaemonRig> daemon_;
    std::vector<std::string> ids_;
};

}  // namespace

int main(int argc, char** argv) {
    const std::string kind = argc > 1 ? argv[1] : "";
    const auto users = static_cast<std::size_t>(argc > 2 ? std::atoll(argv[2]) : 1000);
    const auto changes = static_cast<std::size_t>(argc > 3 ? std::atoll(argv[3]) : 100);
    if (kind != "389ds" && kind != "generic-389ds" && kind != "generic-slapd" && kind != "samba") {
        fmt::print(
            "usage: directory_bench 389ds|generic-389ds|generic-slapd|samba [USERS] [CHANGES]\n"
        );
        return 2;
    }
    Bench(kind, users, changes).run();
}
