// Delivery by polling (RFC 8936).
#include <chrono>
#include <future>

#include "tests/integration/events/event_rig.hpp"

namespace bascule::test {
namespace {

using std::chrono::steady_clock;

std::vector<std::string> ids_in(const Json& answer) {
    std::vector<std::string> ids;
    for (const auto& [id, token] : answer.at("sets").items()) {
        ids.push_back(id);
    }
    return ids;
}

const Json at_once{{"returnImmediately", true}};

class Polling : public EventTest {
  protected:
    void SetUp() override {
        EventTest::SetUp();
        stream({"create", "--name", "feed", "--token", "client"});
    }
};

TEST_F(Polling, UnacknowledgedTokensComeAgainUnderTheSameIds) {
    (void)add_user("ada");
    (void)add_user("bob");
    const Json first = poll("feed", at_once);
    const Json second = poll("feed", at_once);
    ASSERT_EQ(ids_in(first).size(), 2U);
    EXPECT_EQ(ids_in(first), ids_in(second));
    (void)poll("feed", {{"maxEvents", 0}, {"ack", {ids_in(first)[1]}}});
    const Json rest = poll("feed", at_once);
    EXPECT_EQ(ids_in(rest), std::vector<std::string>{ids_in(first)[0]});
    EXPECT_TRUE(
        poll("feed", {{"returnImmediately", true}, {"ack", ids_in(rest)}}).at("sets").empty()
    );
    EXPECT_EQ(stream_status("feed").at("delivered"), 2);
    EXPECT_EQ(stream_status("feed").at("behind"), 0);
}

TEST_F(Polling, TheClientBoundsHowMuchComes) {
    for (int i = 0; i < 5; ++i) {
        (void)add_user("user" + std::to_string(i));
    }
    const Json some = poll("feed", {{"returnImmediately", true}, {"maxEvents", 2}});
    EXPECT_EQ(some.at("sets").size(), 2U);
    EXPECT_EQ(some.at("moreAvailable"), true);
    EXPECT_TRUE(poll("feed", {{"maxEvents", 0}}).at("sets").empty());
    std::size_t seen = 0;
    std::vector<std::string> acknowledge;
    for (bool more = true; more;) {
        const Json page =
            poll("feed", {{"returnImmediately", true}, {"maxEvents", 2}, {"ack", acknowledge}});
        acknowledge = ids_in(page);
        seen += acknowledge.size();
        more = page.value("moreAvailable", false);
    }
    EXPECT_EQ(seen, 5U);
}

TEST_F(Polling, ALongPollEndsWithTheNextChange) {
    auto waiting = std::async(std::launch::async, [&] { return poll("feed", Json::object()); });
    EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
    (void)add_user("ada");
    EXPECT_EQ(waiting.get().at("sets").size(), 1U);
}

TEST_F(Polling, ALongPollIsBounded) {
    const auto begin = steady_clock::now();
    EXPECT_TRUE(poll("feed", Json::object()).at("sets").empty());
    const auto taken = steady_clock::now() - begin;
    EXPECT_GT(taken, std::chrono::seconds(5));
    EXPECT_LT(taken, std::chrono::seconds(20));
}

TEST_F(Polling, ShutdownEndsLongPolls) {
    auto waiting = std::async(std::launch::async, [&] {
        return send("POST", "/events/v1/streams/feed/poll", Json::object());
    });
    EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
    const auto begin = steady_clock::now();
    EXPECT_EQ(daemon_.stop(), 0);
    EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(5));
    EXPECT_EQ(waiting.get().status, 200);
}

TEST_F(Polling, ErrorsOfTheReceiverAreRecorded) {
    (void)add_user("ada");
    const std::string id = ids_in(poll("feed", at_once)).front();
    const Json error{{"err", "authentication_failed"}, {"description", "no such key"}};
    EXPECT_TRUE(
        poll("feed", {{"returnImmediately", true}, {"setErrs", {{id, error}}}}).at("sets").empty()
    );
    const Json status = stream_status("feed");
    EXPECT_EQ(status.at("refused"), 1);
    EXPECT_NE(status.at("lastError").get<std::string>().find("no such key"), std::string::npos);
}

TEST_F(Polling, OnlyTheStreamsOwnTokenMayPoll) {
    const std::string other = make_token("other", "users:write,events:read");
    const std::string scopeless = make_token("scopeless", "users:write");
    const std::string path = "/events/v1/streams/feed/poll";
    EXPECT_EQ(send("POST", path, at_once, {}, other).status, 404);
    EXPECT_EQ(send("POST", path, at_once, {}, scopeless).status, 403);
    EXPECT_EQ(send("POST", path, at_once, {}, "bsc_wrong").status, 401);
    EXPECT_EQ(send("POST", "/events/v1/streams/none/poll", at_once).status, 404);
    EXPECT_EQ(send("POST", path, {{"maxEvents", -1}}).status, 400);
    EXPECT_EQ(send("POST", path, {{"ack", 7}}).status, 400);
}

TEST_F(Polling, AcknowledgementsSurviveACrash) {
    (void)add_user("ada");
    (void)add_user("bob");
    const auto ids = ids_in(poll("feed", at_once));
    (void)poll("feed", {{"maxEvents", 0}, {"ack", {ids.at(0)}}});
    daemon_.kill();
    daemon_.start();
    EXPECT_EQ(ids_in(poll("feed", at_once)), std::vector<std::string>{ids.at(1)});
}

TEST_F(Polling, AReplayDeliversAgainWhatCameAfterATime) {
    (void)add_user("ada");
    const auto ids = ids_in(poll("feed", at_once));
    EXPECT_TRUE(poll("feed", {{"returnImmediately", true}, {"ack", ids}}).at("sets").empty());
    stream({"replay", "feed", "--from", "1h"});
    EXPECT_EQ(ids_in(poll("feed", at_once)), ids);
    stream({"create", "--name", "late", "--token", "client", "--from", "7d"});
    EXPECT_EQ(poll("late", at_once).at("sets").size(), 1U);
}

TEST_F(Polling, APausedStreamKeepsItsTokens) {
    stream({"pause", "feed"});
    (void)add_user("ada");
    EXPECT_TRUE(poll("feed", at_once).at("sets").empty());
    stream({"resume", "feed"});
    EXPECT_EQ(poll("feed", at_once).at("sets").size(), 1U);
    stream({"remove", "feed"});
    EXPECT_EQ(send("POST", "/events/v1/streams/feed/poll", at_once).status, 404);
}

TEST_F(Polling, StreamsThatCannotWorkAreRefused) {
    const auto refused = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"stream", "create", "--name", "x"});
        return daemon_.command(arguments).exit_code != 0;
    };
    (void)make_token("scopeless", "users:write");
    EXPECT_TRUE(refused({}));
    EXPECT_TRUE(refused({"--token", "nobody"}));
    EXPECT_TRUE(refused({"--token", "scopeless"}));
    EXPECT_TRUE(refused({"--token", "client", "--scope", "users:write"}));
    EXPECT_TRUE(refused({"--push", "http://receiver.example/"}));
    EXPECT_TRUE(refused({"--push", "https://user@receiver.example/"}));
    EXPECT_TRUE(refused({"--token", "client", "--group", "01890000-0000-7000-8000-00000000dead"}));
    EXPECT_NE(
        daemon_.command({"stream", "create", "--name", "feed", "--token", "client"}).exit_code, 0
    );
}

}  // namespace
}  // namespace bascule::test
