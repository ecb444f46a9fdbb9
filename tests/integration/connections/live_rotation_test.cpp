// What proves the service account is replaced while the real program follows a directory.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "tests/integration/connections/kerberos_domain.hpp"
#include "tests/integration/survival/exactness.hpp"
#include "tests/support/daemon_rig.hpp"
#include "tests/support/removals.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

bool logged(const DaemonRig& daemon, const std::string& word) {
    std::ostringstream text;
    text << std::ifstream(daemon.log_file()).rdbuf();
    return text.str().find(word) != std::string::npos;
}

struct Gaps {
    milliseconds before{0};  ///< the longest from a change to its being served
    milliseconds after{0};   ///< the same from the rotation on
    std::uint64_t changes = 0;
};

/// Changes a person again and again, before and after `rotate` and until the stream is on a
/// connection that was made with what is new.
Gaps follow_through(
    DaemonRig& daemon, const std::string& user,
    const std::function<void(const std::string&)>& change, const std::function<void()>& rotate
) {
    constexpr int rounds = 6;
    Gaps gaps;
    const auto end = steady_clock::now() + seconds(60);
    int after = 0;
    for (int round = 0; after < rounds; ++round) {
        if (round == rounds) {
            rotate();
        }
        const auto title = fmt::format("round {}", round);
        const auto told = steady_clock::now();
        change(title);
        wait_until(title, seconds(20), [&] {
            const auto found = daemon.find("/Users", user);
            return found.is_object() && found.value("title", "") == title;
        });
        auto& longest = round < rounds ? gaps.before : gaps.after;
        longest =
            std::max(longest, std::chrono::duration_cast<milliseconds>(steady_clock::now() - told));
        ++gaps.changes;
        after += logged(daemon, "directory_access_renewed") ? 1 : 0;
        if (steady_clock::now() > end) {
            ADD_FAILURE() << "the stream did not move";
            break;
        }
    }
    return gaps;
}

void run(const std::vector<std::string>& arguments) {
    require(run_program(arguments), arguments.front());
}

/// A new key and a certificate for it, in place of what is there.
void make_certificate(const SlapdRig& slapd, const std::string& path) {
    const std::string tls = slapd.folder() + "/tls/";
    run(
        {"openssl", "req", "-subj", "/CN=bascule-client", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path + ".key.new", "-out",
         path + ".csr"}
    );
    run(
        {"openssl", "x509", "-req", "-in", path + ".csr", "-CA", tls + "ca.pem", "-CAkey",
         tls + "ca.key", "-CAcreateserial", "-days", "30", "-out", path + ".pem.new"}
    );
    std::filesystem::rename(path + ".key.new", path + ".key");
    std::filesystem::rename(path + ".pem.new", path + ".pem");
}

TEST(LiveRotation, ANewClientCertificateLeavesNoGapAndNothingIsReadAgain) {
    SlapdOptions options;
    options.global_lines = fmt::format(
        "TLSVerifyClient demand\nauthz-regexp \"cn=bascule-client\" \"{}\"", SlapdRig::service_dn()
    );
    SlapdRig slapd(options);
    slapd.load_ldif(directory_ldif(200, 2));
    slapd.start();
    const std::string path = slapd.folder() + "/client";
    make_certificate(slapd, path);
    DaemonRig daemon;
    daemon.set_sources(fmt::format(
        "sources:\n  - name: corp\n    servers: [\"{0}\"]\n    ca: {1}\n    base: \"{2}\"\n"
        "    bind: {{ sasl: external, certificate: {3}.pem, key: {3}.key }}\n",
        slapd.ldaps_uri(), slapd.ca_file(), SlapdRig::suffix(), path
    ));
    daemon.launch();
    daemon.wait_live({"corp"});
    static_cast<void>(daemon.token());
    const std::uint64_t received = daemon.status_of("corp")["received"];
    const auto gaps = follow_through(
        daemon, "userName eq \"" + user_uid(3) + "\"",
        [&](const std::string& title) { slapd.set(user_dn(3), "title", title); },
        [&] { make_certificate(slapd, path); }
    );
    EXPECT_LT(gaps.after, seconds(1));
    RecordProperty("gap_milliseconds", static_cast<int>(gaps.after.count()));
    EXPECT_EQ(daemon.status_of("corp")["received"], received + gaps.changes);
    EXPECT_EQ(daemon.status_of("corp")["state"], "live");
    // What is in the files is good for a new beginning, too.
    slapd.restart();
    slapd.set(user_dn(3), "title", "after");
    wait_until("the change after a restart", seconds(30), [&] {
        const auto found = daemon.find("/Users", "userName eq \"" + user_uid(3) + "\"");
        return found.value("title", "") == "after";
    });
    // A change that comes while the server refreshes may be told by the refresh and by the stream.
    const std::uint64_t after = daemon.status_of("corp")["received"];
    EXPECT_GE(after, received + gaps.changes + 1);
    EXPECT_LE(after, received + gaps.changes + 2);
    EXPECT_EQ(settle(slapd, daemon), "");
    EXPECT_EQ(removals_by(daemon), 0U);
}

TEST(LiveRotation, ANewKeytabLeavesNoGapAndNothingIsReadAgain) {
    if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
        GTEST_SKIP() << obstacle;
    }
    KerberosDomain domain;
    const auto alice = domain.samba().add_user("alice");
    DaemonRig daemon;
    daemon.set_sources(fmt::format(
        "sources:\n  - name: corp\n    srv: rig.test\n    dns: [\"{}\"]\n    base: \"{}\"\n"
        "    bind: {{ sasl: gssapi, keytab: {} }}\n",
        domain.dns(), SambaRig::suffix(), domain.keytab()
    ));
    daemon.launch();
    daemon.wait_live({"corp"});
    static_cast<void>(daemon.token());
    const std::uint64_t received = daemon.status_of("corp")["received"];
    const auto gaps = follow_through(
        daemon, "userName eq \"alice@rig.test\"",
        [&](const std::string& title) { domain.samba().set(alice, "title", title); },
        [&] {
            domain.change_password("Another-Passw0rd");
            domain.export_keytab();
        }
    );
    // A domain is asked once a second.
    EXPECT_LT(gaps.after, seconds(2));
    RecordProperty("longest_before_milliseconds", static_cast<int>(gaps.before.count()));
    RecordProperty("longest_after_milliseconds", static_cast<int>(gaps.after.count()));
    EXPECT_EQ(daemon.status_of("corp")["received"], received + gaps.changes);
    EXPECT_EQ(daemon.status_of("corp")["state"], "live");
    // The old keys are of no use to a new beginning.
    domain.samba().restart();
    domain.samba().set(alice, "title", "after");
    wait_until("the change after a restart", seconds(40), [&] {
        const auto found = daemon.find("/Users", "userName eq \"alice@rig.test\"");
        return found.value("title", "") == "after";
    });
    const auto report = nlohmann::json::parse(
        daemon.command({"--json", "drift", "--now"}).output, nullptr, false
    )["sources"][0]["report"];
    EXPECT_EQ(report["drift"], 0) << report;
    EXPECT_EQ(report["complete"], true) << report;
    EXPECT_EQ(removals_by(daemon), 0U);
}

}  // namespace
}  // namespace bascule::test
