// What /metrics tells of event streams.
#include <optional>

#include "tests/integration/events/event_rig.hpp"
#include "tests/support/http_client.hpp"

namespace bascule::test {
namespace {

const Json at_once{{"returnImmediately", true}};

class StreamMetrics : public EventTest {
  protected:
    void SetUp() override {
        EventTest::SetUp();
        stream({"create", "--name", "feed", "--token", "client"});
    }
    /// The value of bascule_event_stream_NAME{stream="feed"}; nothing when there is none.
    [[nodiscard]] std::optional<double> value(const std::string& name) const {
        const std::string text =
            HttpClient(daemon_.management_port()).send({"GET", "/metrics", {}, {}}).body;
        const std::string start = "\nbascule_event_stream_" + name + "{stream=\"feed\"} ";
        const auto at = text.find(start);
        return at == std::string::npos ? std::nullopt
                                       : std::optional(std::stod(text.substr(at + start.size())));
    }
    [[nodiscard]] std::vector<std::string> waiting() {
        std::vector<std::string> ids;
        const Json answer = poll("feed", at_once);
        for (const auto& [id, text] : answer.at("sets").items()) {
            ids.push_back(id);
        }
        return ids;
    }
};

TEST_F(StreamMetrics, TellHowFarTheReceiverIsBehind) {
    EXPECT_EQ(value("lag_records"), 0);
    EXPECT_EQ(value("lag_seconds"), 0);
    (void)add_user("ada");
    (void)add_user("bob");
    EXPECT_EQ(value("lag_records"), 2);
    wait_until("some age", std::chrono::seconds(30), [&] {
        return value("lag_seconds").value_or(0) > 0;
    });
    const auto ids = waiting();
    ASSERT_EQ(ids.size(), 2U);
    (void)poll("feed", {{"maxEvents", 0}, {"ack", {ids[1]}}});
    EXPECT_EQ(value("lag_records"), 2) << "the older one is lacking";
    EXPECT_EQ(value("delivered_total"), 1);
    (void)poll("feed", {{"maxEvents", 0}, {"ack", {ids[0]}}});
    EXPECT_EQ(value("lag_records"), 0);
    EXPECT_EQ(value("lag_seconds"), 0);
    EXPECT_EQ(value("delivered_total"), 2);
    (void)make_token("unrelated", "users:read");
    EXPECT_EQ(value("lag_records"), 0) << "what is not told is no lag";
}

TEST_F(StreamMetrics, TellErrorsAndPauses) {
    EXPECT_EQ(value("paused"), 0);
    EXPECT_EQ(value("refused_total"), 0);
    EXPECT_EQ(value("last_error_age_seconds"), std::nullopt);
    (void)add_user("ada");
    const Json error{{"err", "invalid_key"}};
    (void)poll("feed", {{"maxEvents", 0}, {"setErrs", {{waiting().at(0), error}}}});
    EXPECT_EQ(value("refused_total"), 1);
    EXPECT_GE(value("last_error_age_seconds").value_or(-1), 0);
    stream({"pause", "feed"});
    EXPECT_EQ(value("paused"), 1);
    stream({"resume", "feed"});
    EXPECT_EQ(value("paused"), 0);
    EXPECT_EQ(daemon_.command({"token", "revoke", "client"}).exit_code, 0);
    EXPECT_EQ(value("paused"), 1);
    stream({"remove", "feed"});
    for (const char* const name : {"paused", "lag_records", "delivered_total"}) {
        EXPECT_EQ(value(name), std::nullopt) << name;
    }
}

}  // namespace
}  // namespace bascule::test
