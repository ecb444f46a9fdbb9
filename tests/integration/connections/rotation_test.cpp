// Certificates and secrets that change under a live stream.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

#include "tests/integration/mirror/mirror_rig.hpp"

namespace bascule::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::IsEmpty;

std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path + ".new") << text;
    std::filesystem::rename(path + ".new", path);
}

class Rotation : public testing::Test {
  protected:
    void SetUp() override {
        slapd_.load_ldif(directory_ldif(300, 4));
        slapd_.start();
        std::filesystem::create_directories(slapd_.folder() + "/client");
        write_file(ca_, content(slapd_.ca_file()));
        write_file(secret_, SlapdRig::service_password());
        auto& connection = setup_.source.connection;
        connection.servers = {slapd_.ldaps_uri()};
        connection.ca_file = ca_;
        connection.bind_dn = SlapdRig::service_dn();
        connection.secret = [this]() -> Result<Secret> { return Secret(content(secret_)); };
        connection.network_timeout = connection.operation_timeout = seconds(2);
        connection.look_interval = milliseconds(100);
        setup_.source.base = SlapdRig::suffix();
    }

    [[nodiscard]] ldap::Reachability::View view() const {
        return setup_.source.connection.reach->view();
    }
    void change_password(const std::string& password) {
        slapd_.set(SlapdRig::service_dn(), "userPassword", password);
    }

    /// Changes an entry again and again while `rotate` runs and until `moved`; the longest time
    /// from a change to its arrival.
    milliseconds longest_gap(
        MirrorRig& mirror, const std::function<void()>& rotate, const std::function<bool()>& moved
    ) {
        milliseconds longest{0};
        const auto end = steady_clock::now() + seconds(20);
        bool rotated = false;
        int after = 0;
        for (int round = 0; after < 20; ++round) {
            const auto title = fmt::format("round {}", round);
            slapd_.set(user_dn(3), "title", title);
            const auto told = steady_clock::now();
            EXPECT_TRUE(MirrorRig::wait([&] {
                return mirror.document(user_dn(3)).find(title) != std::string::npos;
            }));
            longest = std::max(
                longest, std::chrono::duration_cast<milliseconds>(steady_clock::now() - told)
            );
            changes_ = round + 1;
            if (!rotated && round == 5) {
                rotate();
                rotated = true;
            }
            after += rotated && moved() ? 1 : 0;
            if (steady_clock::now() > end) {
                ADD_FAILURE() << "the stream did not move: " << view().problem;
                break;
            }
        }
        return longest;
    }

    SlapdRig slapd_;
    std::string ca_ = slapd_.folder() + "/client/ca.pem";
    std::string secret_ = slapd_.folder() + "/client/secret";
    MirrorSetup setup_;
    std::uint64_t changes_ = 0;
};

TEST_F(Rotation, NewAuthoritiesMoveTheStreamWithoutAGapAndWithoutReadingAgain) {
    MirrorRig mirror(setup_);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    const auto received = mirror.status().received;
    const auto opened = setup_.source.connection.reach->view().streams;
    const auto gap = longest_gap(
        mirror,
        [&] { write_file(ca_, content(slapd_.stranger_ca_file()) + content(slapd_.ca_file())); },
        [&] { return view().streams > opened; }
    );
    EXPECT_LT(gap, seconds(1));
    RecordProperty("gap_milliseconds", static_cast<int>(gap.count()));
    EXPECT_EQ(mirror.status().received, received + changes_);
    EXPECT_EQ(mirror.status().state, "live");
    EXPECT_EQ(view().problem, "");
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(Rotation, AuthoritiesThatDoNotFitLeaveTheStreamWhereItIs) {
    MirrorRig mirror(setup_);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    write_file(ca_, content(slapd_.stranger_ca_file()));
    ASSERT_TRUE(MirrorRig::wait([&] { return !view().problem.empty(); }));
    EXPECT_THAT(view().problem, HasSubstr("directory_tls"));
    EXPECT_EQ(mirror.status().state, "live");
    slapd_.set(user_dn(4), "title", "still told");
    ASSERT_TRUE(MirrorRig::wait([&] {
        return mirror.document(user_dn(4)).find("still told") != std::string::npos;
    }));
    write_file(ca_, content(slapd_.ca_file()));
    EXPECT_TRUE(MirrorRig::wait([&] { return view().problem.empty(); }));
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(Rotation, NewSecretMovesTheStreamWithoutAGapAndWithoutReadingAgain) {
    slapd_.set_policy("pwdMustChange", "FALSE");
    MirrorRig mirror(setup_);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    const auto received = mirror.status().received;
    const auto opened = view().streams;
    const auto gap = longest_gap(
        mirror,
        [&] {
            change_password("Another-Passw0rd");
            write_file(secret_, "Another-Passw0rd");
        },
        [&] { return view().streams > opened; }
    );
    EXPECT_LT(gap, seconds(1));
    RecordProperty("gap_milliseconds", static_cast<int>(gap.count()));
    // The account's own entry has changed, too.
    EXPECT_EQ(mirror.status().received, received + changes_ + 1);
    slapd_.restart();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(Rotation, RefusedSecretIsNotTriedAgainAndAgain) {
    slapd_.set_policy("pwdLockout", "TRUE");
    slapd_.set_policy("pwdMaxFailure", "5");
    write_file(secret_, "wrong");
    MirrorRig mirror(setup_);
    mirror.start();
    ASSERT_TRUE(MirrorRig::wait([&] { return mirror.status().state == "degraded"; }));
    EXPECT_THAT(mirror.status().last_error, HasSubstr("directory_credentials"));
    for (int i = 0; i < 10; ++i) {
        const auto refused = ldap::Connection::open_bound(
            setup_.source.connection, steady_clock::now() + seconds(2)
        );
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code, "directory_credentials");
    }
    EXPECT_EQ(slapd_.values(SlapdRig::service_dn(), "pwdFailureTime").size(), 1U);
    write_file(secret_, SlapdRig::service_password());
    EXPECT_TRUE(mirror.wait_live());
    EXPECT_THAT(mirror.wait_equal(), IsEmpty());
    EXPECT_EQ(mirror.deletes(), 0U);
}

TEST_F(Rotation, EndOfTheServersCertificateIsKnown) {
    MirrorRig mirror(setup_);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    const auto certificates = view().certificates;
    ASSERT_EQ(certificates.count(slapd_.ldaps_uri()), 1U);
    const auto days = std::chrono::duration_cast<std::chrono::hours>(
                          certificates.at(slapd_.ldaps_uri()) - std::chrono::system_clock::now()
                      )
                          .count() /
                      24;
    EXPECT_GE(days, 28);
    EXPECT_LE(days, 30);
}

}  // namespace
}  // namespace bascule::test
