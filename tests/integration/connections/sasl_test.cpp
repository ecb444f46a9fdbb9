// The service account without a password: by client certificate, as the local user, by Kerberos.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "connectors/ldap/connection.hpp"
#include "tests/integration/connections/kerberos_domain.hpp"
#include "tests/integration/connections/silent_service.hpp"
#include "tests/support/process.hpp"
#include "tests/support/samba_rig.hpp"
#include "tests/support/slapd_rig.hpp"

namespace bascule::test {
namespace {

using ldap::BindMethod;
using ldap::Connection;
using ldap::ConnectionOptions;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

void run(const std::vector<std::string>& arguments) {
    require(run_program(arguments), arguments.front());
}

ConnectionOptions options_for(const std::string& server, BindMethod method) {
    ConnectionOptions options;
    options.servers = {server};
    options.method = method;
    options.network_timeout = options.operation_timeout = seconds(10);
    return options;
}

Result<Connection> open(const ConnectionOptions& options) {
    return Connection::open_bound(options, steady_clock::now() + seconds(20));
}

class External : public testing::Test {
  protected:
    External() : slapd_(with_mapping()) {
        slapd_.load_ldif(directory_ldif(3));
        slapd_.start();
    }

    static SlapdOptions with_mapping() {
        SlapdOptions options;
        options.global_lines = fmt::format(
            "TLSVerifyClient try\n"
            "authz-regexp \"cn=bascule-client\" \"{0}\"\n"
            "authz-regexp \"gidNumber=[0-9]+\\\\+uidNumber={1},cn=peercred,cn=external,cn=auth\" "
            "\"{0}\"",
            SlapdRig::service_dn(), ::getuid()
        );
        return options;
    }

    /// A certificate for a client from the rig's authority.
    void make_certificate(const std::string& name) {
        const std::string tls = slapd_.folder() + "/tls/";
        const std::string path = slapd_.folder() + "/" + name;
        run(
            {"openssl", "req", "-subj", "/CN=" + name, "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path + ".key", "-out",
             path + ".csr"}
        );
        run(
            {"openssl", "x509", "-req", "-in", path + ".csr", "-CA", tls + "ca.pem", "-CAkey",
             tls + "ca.key", "-CAcreateserial", "-days", "30", "-out", path + ".pem"}
        );
    }
    [[nodiscard]] ConnectionOptions by_certificate(const std::string& name) const {
        auto options = options_for(slapd_.ldaps_uri(), BindMethod::external);
        options.ca_file = slapd_.ca_file();
        options.certificate_file = slapd_.folder() + "/" + name + ".pem";
        options.key_file = slapd_.folder() + "/" + name + ".key";
        return options;
    }
    /// Only the service account may write this.
    static bool is_service(Connection& connection) {
        const auto outcome = connection.modify(
            user_dn(1), {{"pwdReset", {"TRUE"}}}, steady_clock::now() + seconds(10)
        );
        return outcome.has_value() && outcome->success();
    }

    SlapdRig slapd_;
};

TEST_F(External, LocalUserIsKnownOverTheLocalSocket) {
    auto connection = open(options_for(slapd_.ldapi_uri(), BindMethod::external));
    ASSERT_TRUE(connection.has_value()) << connection.error().context;
    EXPECT_TRUE(is_service(*connection));
}

TEST_F(External, ClientCertificateProvesTheAccount) {
    make_certificate("bascule-client");
    auto connection = open(by_certificate("bascule-client"));
    ASSERT_TRUE(connection.has_value()) << connection.error().context;
    EXPECT_TRUE(is_service(*connection));
    auto start_tls = by_certificate("bascule-client");
    start_tls.servers = {slapd_.ldap_uri()};
    start_tls.start_tls = true;
    auto second = open(start_tls);
    ASSERT_TRUE(second.has_value()) << second.error().context;
    EXPECT_TRUE(is_service(*second));
}

TEST_F(External, CertificateOfSomebodyElseIsNotTheAccount) {
    make_certificate("somebody");
    auto connection = open(by_certificate("somebody"));
    ASSERT_TRUE(connection.has_value()) << connection.error().context;
    EXPECT_FALSE(is_service(*connection));
}

TEST_F(External, WithoutACertificateTheBindIsRefused) {
    auto options = options_for(slapd_.ldaps_uri(), BindMethod::external);
    options.ca_file = slapd_.ca_file();
    EXPECT_FALSE(open(options).has_value());
}

class Kerberos : public testing::Test {
  protected:
    void SetUp() override {
        const auto obstacle = SambaRig::obstacle();
        if (!obstacle.empty()) {
            GTEST_SKIP() << obstacle;
        }
        domain_ = std::make_unique<KerberosDomain>();
        configure("/krb5.conf", domain_->controller());
    }
    /// RIG.TEST as told; nobody answers for the realm RIG.DUMB.
    void configure(const std::string& name, const std::string& controller) {
        domain_->configure(
            name, controller, fmt::format("RIG.DUMB = {{\n kdc = {}\n}}\n", nobody())
        );
    }
    [[nodiscard]] std::string nobody() const { return fmt::format("127.0.0.1:{}", silent_.port()); }
    /// The account's keytab as if it were one of the realm RIG.DUMB.
    [[nodiscard]] ConnectionOptions with_keytab_of_nobody() const {
        std::ifstream file(domain_->keytab(), std::ios::binary);
        std::string bytes{std::istreambuf_iterator<char>(file), {}};
        const std::string realm = "RIG.TEST";
        for (auto at = bytes.find(realm); at != std::string::npos; at = bytes.find(realm)) {
            bytes.replace(at, realm.size(), "RIG.DUMB");
        }
        auto options = with_keytab();
        options.keytab_file = samba().folder() + "/nobody.keytab";
        std::ofstream(options.keytab_file, std::ios::binary) << bytes;
        options.network_timeout = options.operation_timeout = milliseconds(700);
        return options;
    }
    [[nodiscard]] ConnectionOptions with_keytab() const {
        auto options = options_for("ldap://dc1.rig.test", BindMethod::gssapi);
        options.keytab_file = domain_->keytab();
        const ldap::DnsLookup lookup({domain_->dns()});
        options.addresses = [lookup](const std::string& host, int port, auto deadline) {
            return lookup.addresses(host, port, deadline);
        };
        return options;
    }
    [[nodiscard]] static bool may_read(Connection& connection) {
        ldap::SearchRequest request;
        request.base = SambaRig::service_dn();
        const auto found = connection.search(request, steady_clock::now() + seconds(10));
        return found.has_value() && found->size() == 1;
    }

    [[nodiscard]] SambaRig& samba() const { return domain_->samba(); }

    std::unique_ptr<KerberosDomain> domain_;
    SilentService silent_;
};

TEST_F(Kerberos, KeytabProvesTheAccountAndEncryptsTheConnection) {
    auto connection = open(with_keytab());
    ASSERT_TRUE(connection.has_value()) << connection.error().detail;
    EXPECT_TRUE(connection->encrypted());
    EXPECT_TRUE(may_read(*connection));
    auto again = open(with_keytab());
    ASSERT_TRUE(again.has_value()) << again.error().detail;
    EXPECT_TRUE(may_read(*again));
}

TEST_F(Kerberos, MissingKeytabIsSaid) {
    auto options = with_keytab();
    options.keytab_file = samba().folder() + "/none.keytab";
    const auto connection = open(options);
    ASSERT_FALSE(connection.has_value());
    EXPECT_EQ(connection.error().code, "directory_kerberos");
    EXPECT_THAT(connection.error().detail, HasSubstr("keytab"));
}

/// Opens a connection, which must fail after 700 ms and a little because of Kerberos.
void expect_unanswered(const ConnectionOptions& options) {
    const auto before = steady_clock::now();
    const auto connection = Connection::open_bound(options, before + milliseconds(700));
    const auto took = steady_clock::now() - before;
    ASSERT_FALSE(connection.has_value());
    EXPECT_EQ(connection.error().code, "directory_kerberos") << connection.error().context;
    EXPECT_THAT(connection.error().detail, HasSubstr("KDC"));
    EXPECT_GE(took, milliseconds(600));
    EXPECT_LT(took, milliseconds(1200));
}

TEST_F(Kerberos, SilentServerForTicketsIsBoundedAndOthersGoOn) {
    const auto options = with_keytab_of_nobody();
    std::jthread waits([&] { expect_unanswered(options); });
    const auto connection = open(with_keytab());
    EXPECT_TRUE(connection.has_value()) << connection.error().detail;
    waits.join();
    // The first attempt is still at it.
    expect_unanswered(options);
}

TEST_F(Kerberos, SilentServerForTheDirectorysTicketIsBounded) {
    ASSERT_TRUE(open(with_keytab()).has_value());
    configure("/silent.conf", nobody());
    auto options = with_keytab();
    options.servers = {"ldap://here.rig.test"};
    options.addresses = [dc = samba().ldap_uri().substr(7), lookup = ldap::DnsLookup({})](
                            const std::string&, int port, auto deadline
                        ) { return lookup.addresses(dc, port, deadline); };
    options.network_timeout = options.operation_timeout = milliseconds(700);
    expect_unanswered(options);
}

TEST_F(Kerberos, StopEndsTheWaitForASilentServer) {
    auto options = with_keytab_of_nobody();
    options.network_timeout = options.operation_timeout = seconds(20);
    std::stop_source stop;
    std::jthread stopper([&] {
        std::this_thread::sleep_for(milliseconds(100));
        stop.request_stop();
    });
    const auto before = steady_clock::now();
    const auto connection = Connection::open_bound(options, before + seconds(20), stop.get_token());
    EXPECT_FALSE(connection.has_value());
    EXPECT_LT(steady_clock::now() - before, milliseconds(700));
}

/// Samba's default. What to do is said.
TEST_F(Kerberos, RefusedInsideTlsIsSaidAndWorksWithout) {
    domain_->add_principal("ldap/" + samba().address());
    samba().stop();
    samba().configure("ldap server require strong auth = yes");
    samba().start();
    auto options = with_keytab();
    options.servers = {samba().ldaps_uri()};
    options.ca_file = samba().ca_file();
    const auto refused = open(options);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, "directory_kerberos") << refused.error().context;
    EXPECT_THAT(refused.error().detail, HasSubstr("ldap://"));
    options.servers = {samba().ldap_uri()};
    auto connection = open(options);
    ASSERT_TRUE(connection.has_value()) << connection.error().detail;
    EXPECT_TRUE(connection->encrypted());
    EXPECT_TRUE(may_read(*connection));
}

TEST_F(Kerberos, ServerWithoutAPrincipalOfItsNameIsSaid) {
    auto options = with_keytab();
    options.servers = {"ldap://here.rig.test"};
    options.addresses = [dc = samba().ldap_uri().substr(7), lookup = ldap::DnsLookup({})](
                            const std::string&, int port, auto deadline
                        ) { return lookup.addresses(dc, port, deadline); };
    const auto connection = open(options);
    ASSERT_FALSE(connection.has_value());
    EXPECT_EQ(connection.error().code, "directory_kerberos") << connection.error().context;
}

}  // namespace
}  // namespace bascule::test
