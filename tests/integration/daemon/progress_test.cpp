// What a long reading tells of itself: held in the middle by a relay, looked at by the command.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>

#include "tests/integration/sources/source_text.hpp"
#include "tests/support/daemon_rig.hpp"
#include "tests/support/relay.hpp"

namespace bascule::test {
namespace {

using std::chrono::seconds;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

constexpr std::size_t people = 1500;
constexpr std::size_t last_to_pass = 1200;
constexpr const char* patient_lines =
    "    timeouts: { operation: 60s }\n    audit: { at: \"off\" }\n";

/// Lets no message with this text pass before it is opened.
class Barrier {
  public:
    explicit Barrier(std::string text) : text_(std::move(text)) {}
    Relay::Verdict judge(const Relay::Passing& passing) {
        std::unique_lock lock(mutex_);
        if (passing.from_server && passing.message.find(text_) != std::string::npos) {
            changed_.wait_for(lock, seconds(50), [this] { return open_; });
        }
        return {};
    }
    void open() {
        const std::scoped_lock lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

  private:
    std::string text_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
};

class Progress : public testing::Test {
  protected:
    Progress() {
        directory.load_ldif(directory_ldif(people, 3));
        directory.start();
    }
    ~Progress() override { barrier.open(); }

    /// The daemon begins to read, and reads no further than to the barrier.
    void read_to_barrier() {
        daemon.launch();
        wait_until("the reading to stop half-way", seconds(40), [this] {
            const auto entries = progress().value("entries", 0U);
            return entries >= last_to_pass;
        });
    }
    [[nodiscard]] Json source() const {
        const Json status = daemon.source_status();
        return status.is_object() ? status : Json::object();
    }
    [[nodiscard]] Json progress() const { return source().value("progress", Json::object()); }

    SlapdRig directory;
    Barrier barrier{user_uid(last_to_pass)};
    Relay relay{
        directory.port(), [this](const Relay::Passing& passing) { return barrier.judge(passing); }};
    DaemonRig daemon{fmt::format("ldap://127.0.0.1:{}", relay.port()), patient_lines};
};

TEST_F(Progress, AFirstReadingTellsEntriesAndRate) {
    read_to_barrier();
    const Json told = source();
    EXPECT_EQ(told["state"], "loading");
    EXPECT_EQ(told["progress"]["stage"], "reading");
    EXPECT_LT(told["progress"]["entries"], people);
    EXPECT_GT(told["entriesPerSecond"], 0);
    EXPECT_FALSE(told["progress"].contains("expected")) << "nobody knows how many there are";
    EXPECT_FALSE(told["progress"].contains("secondsLeft"));
    const auto text = daemon.command({"status"});
    EXPECT_EQ(text.exit_code, 1);
    EXPECT_THAT(text.output, ContainsRegex("corp +loading +1,[0-9]+ entries, [0-9,]+/s; "));

    barrier.open();
    daemon.wait_for_state("live");
    EXPECT_FALSE(source().contains("progress"));
    EXPECT_EQ(source()["entriesPerSecond"], 0);
}

TEST_F(Progress, AnotherReadingTellsWhatIsLeft) {
    // The same entries at another address: the cookie of the first does not count there.
    Relay open_way(directory.port());
    const auto reach = [this](const Relay& way) {
        auto access = access_to(directory);
        access.server = fmt::format("ldap://127.0.0.1:{}", way.port());
        daemon.set_sources("sources:\n" + source_text(daemon, "corp", access, patient_lines));
    };
    reach(open_way);
    daemon.start();
    EXPECT_EQ(daemon.stop(), 0);
    reach(relay);
    read_to_barrier();
    const Json told = source();
    const auto entries = told["progress"].value("entries", 0U);
    const auto expected = told["progress"].value("expected", 0U);
    EXPECT_GE(expected, people);
    EXPECT_LT(expected, people + 100);
    const auto rate = told.value("entriesPerSecond", 0.0);
    ASSERT_GT(rate, 0);
    EXPECT_NEAR(told["progress"].value("secondsLeft", 0.0), (expected - entries) / rate, 0.01);
    EXPECT_THAT(
        daemon.command({"status"}).output,
        ContainsRegex("loading +1,[0-9]+ of 1,5[0-9]+ entries \\(8[0-9] %\\), [0-9,]+/s, "
                      "[0-9.]+ (s|ms|min) left; 1,5[0-9]+ objects")
    );
    barrier.open();
    daemon.wait_for_state("live");
}

TEST_F(Progress, WithoutATerminalFollowingPrintsLines) {
    read_to_barrier();
    const auto followed = daemon.command({"status", "--follow", "--timeout", "1"});
    EXPECT_THAT(followed.output, ContainsRegex("^corp loading 1,[0-9]+ entries, [0-9,]+/s\n"));
    EXPECT_THAT(followed.output, Not(HasSubstr("\033")));
}

TEST_F(Progress, OnATerminalOneLineIsWrittenOverAndClearedAtTheEnd) {
    read_to_barrier();
    const auto shown_file = daemon.folder() + "/terminal";
    const auto shown = [&] {
        std::ostringstream text;
        text << std::ifstream(shown_file).rdbuf();
        return text.str();
    };
    const auto command = fmt::format(
        "{} --socket {}/admin.sock status --wait --timeout 60; echo ended with $?", BASCULE_PROGRAM,
        daemon.folder()
    );
    // script(1) gives its command a terminal.
    start_program({"script", "--quiet", "--flush", "--command", command, "/dev/null"}, shown_file);
    const std::string clear = "\r\033[K";
    wait_until("a second look", seconds(20), [&] {
        const auto text = shown();
        return text.find(clear, text.find(clear) + 1) != std::string::npos;
    });
    EXPECT_THAT(shown(), ContainsRegex("corp loading 1,[0-9]+ entries, [0-9,]+/s"));
    EXPECT_THAT(shown(), Not(HasSubstr("\n")));
    barrier.open();
    wait_until("the command to end", seconds(40), [&] {
        return shown().find("ended with 0") != std::string::npos;
    });
    const auto text = shown();
    const auto table = text.substr(text.rfind(clear) + clear.size());
    EXPECT_THAT(table, testing::StartsWith("corp ")) << "the line is gone, the table stands there";
    EXPECT_THAT(table, HasSubstr("live"));
}

}  // namespace
}  // namespace bascule::test
