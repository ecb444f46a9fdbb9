#include <filesystem>

#include "client_rig.hpp"

namespace bascule::test {
namespace {

using namespace std::chrono_literals;

/// The daemon with TLS and an authority of clients' certificates; asked with curl.
class Certificates : public ClientRig {
  protected:
    static void SetUpTestSuite() {
        std::string pattern = std::filesystem::temp_directory_path() / "bascule-tls.XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        make_authority("ca");
        make_authority("stranger");
        issue("server", "ca", "IP:127.0.0.1");
        issue("hr", "ca", "DNS:hr.example.com");
        issue("uri", "ca", "URI:spiffe://example.com/hr");
        issue("mail", "ca", "email:hr@example.com");
        issue("nobody", "ca", "DNS:nobody.example.com");
        issue("forged", "stranger", "DNS:hr.example.com");
        daemon_ = new DaemonRig(
            "server: { listen: \"{ADDRESS}\", public_url: \"https://{ADDRESS}\", tls: { "
            "certificate: " +
            path("server.pem") + ", key: { file: " + path("server.key") +
            " }, client_ca: " + path("ca.pem") + " } }\n"
        );
        daemon_->start();
        secret_ = client("token", "users:read");
        client(
            "hr", "users:read",
            {"--no-secret", "--certificate",
             "DNS:hr.example.com,URI:spiffe://example.com/hr,email:hr@example.com"}
        );
    }
    static void TearDownTestSuite() {
        stop();
        std::filesystem::remove_all(folder_);
    }

    static std::string path(const std::string& name) { return folder_ + "/" + name; }
    static void openssl(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "openssl");
        const ProcessResult result = run_program(arguments);
        ASSERT_EQ(result.exit_code, 0) << result.output;
    }
    static void make_authority(const std::string& name) {
        openssl(
            {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "2", "-subj", "/CN=" + name, "-keyout", path(name + ".key"), "-out",
             path(name + ".pem")}
        );
    }
    static void issue(const std::string& name, const std::string& by, const std::string& names) {
        openssl(
            {"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
             "/CN=" + name, "-keyout", path(name + ".key"), "-out", path(name + ".csr")}
        );
        std::ofstream(path(name + ".ext")) << "subjectAltName=" << names << "\n";
        openssl(
            {"x509", "-req", "-in", path(name + ".csr"), "-CA", path(by + ".pem"), "-CAkey",
             path(by + ".key"), "-CAcreateserial", "-days", "2", "-extfile", path(name + ".ext"),
             "-out", path(name + ".pem")}
        );
        std::filesystem::permissions(
            path(name + ".key"),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
        );
    }
    /// The HTTP status as text; "000" when there is no connection.
    static std::string status(
        std::vector<std::string> options, const std::string& certificate = {}
    ) {
        std::vector<std::string> arguments{"curl", "-s",           "-o",       "/dev/null",
                                           "-w",   "%{http_code}", "--cacert", path("ca.pem")};
        if (!certificate.empty()) {
            arguments.insert(
                arguments.end(),
                {"--cert", path(certificate + ".pem"), "--key", path(certificate + ".key")}
            );
        }
        arguments.insert(arguments.end(), options.begin(), options.end());
        arguments.push_back(
            "https://127.0.0.1:" + std::to_string(daemon_->port()) + "/scim/v2/Users?count=0"
        );
        return run_program(arguments).output;
    }

    static inline std::string folder_;
    static inline std::string secret_;
};

TEST_F(Certificates, Check163_NamesInACertificateSignAClientOn) {
    EXPECT_EQ(status({}, "hr"), "200");
    EXPECT_EQ(status({}, "uri"), "200");
    EXPECT_EQ(status({}, "mail"), "200");
    EXPECT_EQ(status({}, "nobody"), "401");
    EXPECT_EQ(status({}), "401");
}

TEST_F(Certificates, OnesOfAnotherAuthorityAreNotTaken) {
    EXPECT_EQ(status({}, "forged"), "000");
}

TEST_F(Certificates, TokensWorkWithAndWithoutACertificate) {
    const std::string header = "Authorization: Bearer " + secret_;
    EXPECT_EQ(status({"-H", header}), "200");
    EXPECT_EQ(status({"-H", header}, "nobody"), "200");
    EXPECT_EQ(status({"-H", "Authorization: Bearer wrong"}, "hr"), "401");
}

TEST_F(Certificates, HeadersSayNothingAboutCertificates) {
    for (const std::string name :
         {"X-Client-Cert", "X-SSL-Client-SAN", "X-Forwarded-Client-Cert", "Client-Cert"}) {
        EXPECT_EQ(status({"-H", name + ": DNS:hr.example.com"}), "401") << name;
    }
}

TEST_F(Certificates, TheClientLosesItsNameAtOnce) {
    EXPECT_EQ(run({"client", "set", "hr", "--certificate", "DNS:other.example.com"}).exit_code, 0);
    EXPECT_EQ(status({}, "hr"), "401");
    EXPECT_EQ(
        run({"client", "set", "hr", "--certificate",
             "DNS:hr.example.com,URI:spiffe://example.com/hr,email:hr@example.com"})
            .exit_code,
        0
    );
    EXPECT_EQ(status({}, "hr"), "200");
}

TEST_F(Certificates, Check169_Tls12And13AreSpokenNothingOlder) {
    const std::string header = "Authorization: Bearer " + secret_;
    EXPECT_EQ(status({"-H", header, "--tlsv1.3"}), "200");
    for (const std::string suite :
         {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"}) {
        EXPECT_EQ(status({"-H", header, "--tls-max", "1.2", "--ciphers", suite}), "200") << suite;
    }
    EXPECT_EQ(
        status({"-H", header, "--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-SHA"}), "000"
    );
    for (const std::string version : {"-tls1", "-tls1_1"}) {
        const ProcessResult old = run_program(
            {"openssl", "s_client", version, "-cipher", "ALL:@SECLEVEL=0", "-connect",
             "127.0.0.1:" + std::to_string(daemon_->port())}
        );
        EXPECT_NE(old.exit_code, 0) << version;
        EXPECT_NE(old.output.find("Cipher is (NONE)"), std::string::npos) << old.output;
    }
}

}  // namespace
}  // namespace bascule::test
