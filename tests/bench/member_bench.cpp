// What one change of a very large group costs, from slapd's commit to the mirror's, and whether a
// storm of changes drains. member_bench MEMBERS [log|whole] [CHANGES]: with "log" by the overlay
// accesslog.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "connectors/ldap/dialects/parts.hpp"
#include "tests/integration/mirror/mirror_rig.hpp"
#include "tests/support/slapd_rig.hpp"

namespace {

using namespace bascule;
using namespace bascule::test;
using std::chrono::steady_clock;

double since(steady_clock::time_point begin) {
    return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

std::size_t status_kib(const std::string& name) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name + ":")) {
            return static_cast<std::size_t>(std::atoll(line.c_str() + name.size() + 1));
        }
    }
    return 0;
}

double mebibytes(std::size_t kibibytes) {
    return static_cast<double>(kibibytes) / 1024;
}

SlapdOptions options_of(const std::string& folder, bool log) {
    SlapdOptions options;
    options.session_log = 1'000'000;
    options.global_lines = "sortvals member\n";
    if (log) {
        options.global_lines += fmt::format(
            "moduleload accesslog.so\ndatabase mdb\nsuffix cn=accesslog\nrootdn cn=log\n"
            "directory {}\ndbnosync\nmaxsize 4294967296\n"
            "index reqEntryUUID,reqStart,entryCSN,objectClass eq\n"
            "limits dn.exact=\"{}\" size=unlimited time=unlimited\naccess to * by * read\n",
            folder, SlapdRig::service_dn()
        );
        options.database_lines =
            "overlay accesslog\nlogdb cn=accesslog\nlogops writes\nlogsuccess TRUE\n";
    }
    return options;
}

class Bench {
  public:
    Bench(const std::string& folder, std::size_t members, bool log, std::size_t storm)
        : members_(members), storm_(storm), slapd_(options_of(folder, log)) {
        slapd_.load_ldif(directory_ldif(members + 1000) + group_ldif("huge", members));
        slapd_.start();
        MirrorSetup setup;
        setup.source.connection.servers = {slapd_.ldap_uri()};
        setup.source.connection.bind_dn = SlapdRig::service_dn();
        setup.source.connection.secret = [] { return Secret(SlapdRig::service_password()); };
        setup.source.connection.operation_timeout = std::chrono::minutes(5);
        setup.source.base = SlapdRig::suffix();
        setup.source.change_log = log ? "cn=accesslog" : "";
        mirror_ = std::make_unique<MirrorRig>(std::move(setup));
    }

    void run() {
        auto begin = steady_clock::now();
        mirror_->start();
        wait([&] { return edges() == members_; });
        fmt::print("loaded {} members in {:.1f} s\n", members_, since(begin));
        change("add", members_);  // a new log counts as whole from its first change on
        wait([&] { return edges() == members_ + 1; });
        for (std::size_t round = 1; round <= 3; ++round) {
            one(round);
        }
        if (storm_ != 0) {
            storm();
        }
    }

  private:
    /// Each member is one octet string.
    std::size_t message_kib() { return edges() * (user_dn(members_).size() + 2) / 1024; }

    void one(std::size_t round) {
        ::malloc_trim(0);
        std::ofstream("/proc/self/clear_refs") << "5";
        const auto rss = status_kib("VmRSS");
        const auto before = edges();
        const double message = mebibytes(message_kib());
        const auto writes = mirror_->last_sequence();
        const auto asked = steady_clock::now();
        change("add", members_ + round);
        const auto committed = steady_clock::now();
        wait([&] { return edges() == before + 1; });
        const double took = since(committed);
        const double rise = mebibytes(status_kib("VmHWM") - rss);
        fmt::print(
            "one member added: {:.0f} ms in slapd, {:.0f} ms more to the mirror's commit, {} "
            "journal records; the whole group is a message of {:.1f} MiB, memory rose by {:.1f} "
            "MiB: {:.2f} times that\n",
            std::chrono::duration<double, std::milli>(committed - asked).count(), took * 1000,
            mirror_->last_sequence() - writes, message, rise, rise / message
        );
    }

    /// Changes of one member each, as fast as slapd takes them.
    void storm() {
        const std::size_t changes = storm_;
        const auto before = edges();
        std::string ldif;
        for (std::size_t i = 0; i < changes; ++i) {
            ldif += modification("add", members_ + 10 + i);
        }
        const auto begin = steady_clock::now();
        slapd_.modify(ldif);
        const double told = since(begin);
        wait([&] { return edges() == before + changes; });
        fmt::print(
            "storm of {} single changes: {:.1f} s in slapd, the mirror {:.1f} s after it\n",
            changes, told, since(begin) - told
        );
    }

    static std::string modification(const std::string& kind, std::size_t user) {
        return fmt::format(
            "dn: {}\nchangetype: modify\n{}: member\nmember: {}\n\n", group_dn("huge"), kind,
            user_dn(user)
        );
    }
    void change(const std::string& kind, std::size_t user) {
        slapd_.modify(modification(kind, user));
    }
    std::size_t edges() {
        const auto entry = mirror_->entry(group_dn("huge"));
        std::size_t count = 0;
        if (entry) {
            static_cast<void>(mirror_->store().read([&](directory::Reader& reader) -> Status {
                count = reader.count_edges(directory::EdgeKind::member, entry->oid).value_or(0);
                return {};
            }));
        }
        return count;
    }
    static void wait(const std::function<bool()>& condition) {
        const auto until = steady_clock::now() + std::chrono::minutes(10);
        while (!condition()) {
            if (steady_clock::now() > until) {
                fmt::print("not within ten minutes\n");
                std::exit(1);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }

    std::size_t members_;
    std::size_t storm_;
    SlapdRig slapd_;
    std::unique_ptr<MirrorRig> mirror_;
};

}  // namespace

int main(int argc, char** argv) {
    const auto members = static_cast<std::size_t>(argc > 1 ? std::atoll(argv[1]) : 100'000);
    const bool log = argc > 2 && std::string(argv[2]) == "log";
    const auto storm = static_cast<std::size_t>(argc > 3 ? std::atoll(argv[3]) : 500);
    std::string pattern = std::filesystem::temp_directory_path() / "bascule-bench-XXXXXX";
    const std::string folder = ::mkdtemp(pattern.data());
    Bench(folder, members, log, storm).run();
    std::filesystem::remove_all(folder);
}
