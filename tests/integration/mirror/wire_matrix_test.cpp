// Answers that come in odd pieces, break off in the middle or never come to an end.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>

#include "tests/integration/mirror/mirror_rig.hpp"
#include "tests/support/relay.hpp"

namespace bascule::test {
namespace {

using std::chrono::milliseconds;
using testing::IsEmpty;
using Fate = Relay::Fate;
using Passing = Relay::Passing;
using Verdict = Relay::Verdict;

class WireMatrix : public testing::Test {
  protected:
    WireMatrix() {
        slapd.load_ldif(directory_ldif(40, 2));
        slapd.start();
    }
    /// A mirror that reaches slapd through the relay, and compares itself with slapd directly.
    MirrorSetup through(const Relay& relay) const {
        auto setup = slapd_setup(slapd, open_limits());
        setup.source.connection.servers = {fmt::format("ldap://127.0.0.1:{}", relay.port())};
        setup.source.heartbeat = milliseconds(200);
        setup.source.connection.operation_timeout = milliseconds(1000);
        return setup;
    }
    /// The mirror is exact, and nobody was taken away on the way.
    static void expect_exact(MirrorRig& mirror) {
        EXPECT_THAT(mirror.wait_equal(), IsEmpty()) << mirror.status().last_error;
        EXPECT_EQ(mirror.deletes(), 0U);
        EXPECT_EQ(mirror.status().objects, 42U);
    }
    SlapdRig slapd;
};

/// What the first connection of a mirror says to its server: the bind and the search.
std::string search_of(const SlapdRig& slapd, const Relay::TlsFiles& tls, MirrorSetup setup) {
    std::mutex mutex;
    std::string search;
    Relay relay(
        slapd.port(),
        [&](const Passing& passing) {
            if (passing.connection == 0 && !passing.from_server && passing.number == 1) {
                const std::scoped_lock lock(mutex);
                search = passing.message;
            }
            return Verdict();
        },
        tls
    );
    auto& server = setup.source.connection.servers.front();
    server = fmt::format("{}:{}", server.substr(0, server.rfind(':')), relay.port());
    MirrorRig mirror(std::move(setup));
    mirror.start();
    EXPECT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    mirror.stop();
    const std::scoped_lock lock(mutex);
    return search;
}

/// With and without TLS.
class WireMatrixTls : public WireMatrix, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Tls, WireMatrixTls, testing::Bool());

/// The server is asked before the mirror asks, and what it says first comes in one piece with the
/// answer to the bind: one TLS record, or one segment.
TEST_P(WireMatrixTls, EntriesThatComeWithTheAnswerToTheBindAreRead) {
    const Relay::TlsFiles tls = GetParam()
                                    ? Relay::TlsFiles{slapd.certificate_file(), slapd.key_file()}
                                    : Relay::TlsFiles{};
    auto setup = slapd_setup(slapd, open_limits());
    setup.source.connection.servers = {
        std::string(GetParam() ? "ldaps" : "ldap") + "://127.0.0.1:0"};
    const auto search = search_of(slapd, tls, setup);
    ASSERT_FALSE(search.empty());
    std::atomic<std::size_t> in_one_piece = 0;
    Relay relay(
        slapd.port(),
        [&](const Passing& passing) -> Verdict {
            if (passing.connection != 0 || passing.number > 20) {
                return {};
            }
            if (!passing.from_server) {
                return passing.number == 0
                           ? Verdict{Fate::pass, search}
                           : Verdict{passing.message == search ? Fate::drop : Fate::pass};
            }
            in_one_piece = passing.number + 1;
            return {passing.number < 20 ? Fate::hold : Fate::pass};
        },
        tls
    );
    auto& server = setup.source.connection.servers.front();
    server = fmt::format("{}:{}", server.substr(0, server.rfind(':')), relay.port());
    setup.source.connection.reach = std::make_shared<ldap::Reachability>();
    MirrorRig mirror(setup);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    EXPECT_EQ(in_one_piece, 21U);
    expect_exact(mirror);
    slapd.set(user_dn(3), "title", "Later");
    expect_exact(mirror);
    EXPECT_EQ(setup.source.connection.reach->view().streams, 1U);
}

/// A request of a kind that no server knows makes it say good-bye in the piece of the bind's
/// answer.
TEST_F(WireMatrix, NoticeOfDisconnectionThatComesWithTheAnswerToTheBindIsOvercome) {
    const std::string unknown("\x30\x06\x02\x02\x7f\x7f\x7d\x00", 8);
    std::atomic<std::size_t> notices = 0;
    Relay relay(slapd.port(), [&](const Passing& passing) -> Verdict {
        if (passing.connection > 1) {
            return {};
        }
        if (!passing.from_server) {
            return {Fate::pass, passing.number == 0 ? unknown : std::string()};
        }
        notices += passing.number == 1 ? 1 : 0;
        return {passing.number == 0 ? Fate::hold : Fate::pass};
    });
    MirrorRig mirror(through(relay));
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    EXPECT_EQ(notices, 2U);
    expect_exact(mirror);
}

/// The only server is there and says nothing for a while.
TEST_F(WireMatrix, SilenceOfTheOnlyServerIsNoticedAndOvercome) {
    auto setup = slapd_setup(slapd, open_limits());
    setup.source.heartbeat = milliseconds(200);
    setup.source.connection.operation_timeout = milliseconds(1000);
    MirrorRig mirror(std::move(setup));
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    slapd.freeze();
    EXPECT_TRUE(MirrorRig::wait([&] { return mirror.status().state == "backoff"; }));
    EXPECT_EQ(mirror.deletes(), 0U);
    slapd.thaw();
    slapd.set(user_dn(3), "title", "Later");
    expect_exact(mirror);
}

/// The server goes on, and the stream tells nothing of it.
TEST_F(WireMatrix, StreamThatFallsSilentIsNoticedAndReplaced) {
    Relay relay(slapd.port());
    MirrorRig mirror(through(relay));
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    relay.mute(0);
    slapd.set(user_dn(3), "title", "Unheard");
    slapd.modify("dn: " + user_dn(4) + "\nchangetype: modify\nreplace: title\ntitle: Too\n");
    expect_exact(mirror);
}

/// What happens to the first message of the server that comes when it is armed.
class Mishap {
  public:
    explicit Mishap(Fate fate) : fate_(fate) {}
    void arm() { armed_ = true; }
    [[nodiscard]] bool happened() const { return happened_; }
    Verdict operator()(const Passing& passing, bool concerns) {
        if (!passing.from_server || !concerns || !armed_.exchange(false)) {
            return {};
        }
        happened_ = true;
        return {fate_};
    }

  private:
    Fate fate_;
    std::atomic<bool> armed_ = false;
    std::atomic<bool> happened_ = false;
};

/// The connection is reset in the middle of an entry; or of an entry comes a byte now and then.
class WireMatrixMishap : public WireMatrix, public testing::WithParamInterface<Fate> {};

std::string name_of(const testing::TestParamInfo<Fate>& mishap) {
    return mishap.param == Fate::cut ? "Reset" : "Drip";
}
INSTANTIATE_TEST_SUITE_P(Kinds, WireMatrixMishap, testing::Values(Fate::cut, Fate::drip), name_of);

TEST_P(WireMatrixMishap, ToAChangeIsOvercome) {
    Mishap mishap(GetParam());
    Relay relay(slapd.port(), [&](const Passing& passing) {
        return mishap(passing, passing.connection == 0);
    });
    MirrorRig mirror(through(relay));
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    mishap.arm();
    slapd.set(user_dn(3), "title", "Interrupted");
    expect_exact(mirror);
    EXPECT_TRUE(mishap.happened());
    slapd.set(user_dn(4), "title", "Later");
    expect_exact(mirror);
}

TEST_P(WireMatrixMishap, ToARefreshIsOvercome) {
    Mishap mishap(GetParam());
    Relay relay(slapd.port(), [&](const Passing& passing) {
        return mishap(passing, passing.number == 20);
    });
    MirrorRig mirror(through(relay));
    mishap.arm();
    mirror.start();
    ASSERT_TRUE(mirror.wait_live()) << mirror.status().last_error;
    EXPECT_TRUE(mishap.happened());
    expect_exact(mirror);
}

}  // namespace
}  // namespace bascule::test
