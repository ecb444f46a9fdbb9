#include "config/secret_reader.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/load.hpp"

namespace bascule::config {
namespace {

namespace fs = std::filesystem;

class SecretFile : public testing::Test {
  protected:
    SecretFile() {
        std::string pattern = (fs::temp_directory_path() / "bascule-secret-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~SecretFile() override { fs::remove_all(folder_); }

    std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) {
        const std::string path = folder_ + "/" + name;
        std::ofstream(path, std::ios::binary) << text;
        ::chmod(path.c_str(), mode);
        return path;
    }
    static std::string reveal(const Result<SecretSetting>& secret) {
        return secret ? std::string(secret->value.reveal()) : "error: " + secret.error().detail;
    }

    std::string folder_;
};

TEST_F(SecretFile, DropsOneLineEnd) {
    EXPECT_EQ(reveal(read_secret(SecretPlace::file, write("a", "pass word\n"))), "pass word");
    EXPECT_EQ(reveal(read_secret(SecretPlace::file, write("b", "x\r\n"))), "x");
    EXPECT_EQ(reveal(read_secret(SecretPlace::file, write("c", "x\n\n"))), "x\n");
    EXPECT_EQ(reveal(read_secret(SecretPlace::file, write("d", "x"))), "x");
}

TEST_F(SecretFile, IsRefusedWhenEverybodyMayReadIt) {
    const auto secret = read_secret(SecretPlace::file, write("a", "x", 0644));
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().code, "invalid_secret");
    EXPECT_NE(secret.error().detail.find("everybody may read"), std::string::npos);
    EXPECT_TRUE(read_secret(SecretPlace::file, write("b", "x", 0640)));
}

TEST_F(SecretFile, MustExistBeRegularAndHoldSomething) {
    EXPECT_FALSE(read_secret(SecretPlace::file, folder_ + "/absent"));
    EXPECT_FALSE(read_secret(SecretPlace::file, folder_));
    EXPECT_FALSE(read_secret(SecretPlace::file, write("empty", "\n")));
    EXPECT_FALSE(read_secret(SecretPlace::file, write("large", std::string(70'000, 'x'))));
}

TEST_F(SecretFile, ComesFromTheCredentialsFolder) {
    write("corp-ldap", "s3cret\n", 0400);
    ::setenv("CREDENTIALS_DIRECTORY", folder_.c_str(), 1);
    EXPECT_EQ(reveal(read_secret(SecretPlace::credential, "corp-ldap")), "s3cret");
    EXPECT_FALSE(read_secret(SecretPlace::credential, "other"));
    EXPECT_FALSE(read_secret(SecretPlace::credential, "../corp-ldap"));
    ::unsetenv("CREDENTIALS_DIRECTORY");
    EXPECT_EQ(read_secret(SecretPlace::credential, "corp-ldap").error().code, "not_here");
}

TEST_F(SecretFile, EnvironmentIsTakenByName) {
    ::setenv("BASCULE_TEST_SECRET", "from env", 1);
    EXPECT_EQ(reveal(read_secret(SecretPlace::env, "BASCULE_TEST_SECRET")), "from env");
    ::unsetenv("BASCULE_TEST_SECRET");
    EXPECT_EQ(read_secret(SecretPlace::env, "BASCULE_TEST_SECRET").error().code, "not_here");
}

TEST_F(SecretFile, MissingEnvironmentStopsTheServiceAndOnlyWarnsACheck) {
    const std::string text =
        "server: { public_url: https://id.example.com }\n"
        "sources: [ { name: a, servers: [ldaps://a], base: dc=a, bind: { dn: cn=x, password: { "
        "env: "
        "BASCULE_TEST_ABSENT } } } ]\n";
    EXPECT_EQ(load_text(text, "f", Secrets::required).errors(), 1u);
    const auto checked = load_text(text, "f", Secrets::checked);
    EXPECT_EQ(checked.errors(), 0u);
    EXPECT_EQ(checked.warnings(), 1u);
}

TEST_F(SecretFile, ReachesTheSettings) {
    const std::string path = write("pw", "s3cret\n");
    const auto outcome = load_text(
        "server: { public_url: https://id.example.com }\n"
        "sources: [ { name: a, servers: [ldaps://a], base: dc=a, bind: { dn: cn=x, password: { "
        "file: " +
            path + " } } } ]\n",
        "f"
    );
    ASSERT_TRUE(outcome.settings);
    EXPECT_EQ(outcome.settings->sources[0].bind_password.value.reveal(), "s3cret");
    EXPECT_EQ(outcome.settings->sources[0].bind_password.origin, "{ file: " + path + " }");
}

}  // namespace
}  // namespace bascule::config
