// Delivery by pushing (RFC 8935).
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/integration/events/event_rig.hpp"

namespace bascule::test {
namespace {

constexpr std::chrono::seconds patience{60};

class Pushing : public EventTest {
  protected:
    void create(const PushReceiver& receiver, std::vector<std::string> more = {}) {
        std::vector<std::string> arguments{"create", "--name", "push", "--push", receiver.url()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        stream(arguments);
    }
    [[nodiscard]] std::vector<Token> tokens_in(const PushReceiver& receiver) {
        std::vector<std::string> texts;
        for (const Json& entry : receiver.received()) {
            texts.push_back(entry.at("token"));
        }
        return verify(texts);
    }
    void wait_for_status(const std::string& name, const Json& value) {
        wait_until(name + " " + value.dump(), patience, [&] {
            return stream_status("push").at(name) == value;
        });
    }
};

TEST_F(Pushing, TokensAreDeliveredInOrderWithTheAuthorizationOfTheFile) {
    PushReceiver receiver(daemon_.folder() + "/receiver");
    receiver.start();
    const std::string secret = daemon_.folder() + "/authorization";
    std::ofstream(secret) << "Bearer receiver-secret\n";
    create(receiver, {"--authorization-file", secret, "--full"});
    std::vector<std::string> ids;
    for (int i = 0; i < 10; ++i) {
        ids.push_back(add_user("user" + std::to_string(i)));
    }
    receiver.wait_for(10);
    const auto received = receiver.received();
    EXPECT_EQ(received[0].at("type"), "application/secevent+jwt");
    EXPECT_EQ(received[0].at("authorization"), "Bearer receiver-secret");
    const auto tokens = tokens_in(receiver);
    ASSERT_EQ(tokens.size(), 10U);
    for (std::size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(tokens[i].subject(), ids[i]);
        EXPECT_EQ(tokens[i].event(), "prov:create:full");
        EXPECT_EQ(tokens[i].claims.at("aud"), receiver.url());
    }
    wait_for_status("delivered", 10);
}

TEST_F(Pushing, AReceiverThatIsDownGetsEverythingLater) {
    PushReceiver receiver(daemon_.folder() + "/receiver");
    receiver.start();
    create(receiver);
    receiver.stop();
    const std::string id = add_user("ada");
    wait_until("the error", patience, [&] {
        return !stream_status("push").at("lastError").get<std::string>().empty();
    });
    receiver.start();
    receiver.wait_for(1);
    EXPECT_EQ(tokens_in(receiver).at(0).subject(), id);
    wait_for_status("lastError", "");
}

TEST_F(Pushing, AnOverloadedReceiverIsTriedAgainAfterTheTimeItAsksFor) {
    PushReceiver receiver(daemon_.folder() + "/receiver");
    receiver.start();
    receiver.behave("status 503 2");
    create(receiver);
    (void)add_user("ada");
    receiver.wait_for(1);
    receiver.behave("accept");
    receiver.wait_for(2);
    const auto received = receiver.received();
    EXPECT_GE(received[1].at("time").get<double>() - received[0].at("time").get<double>(), 1.9);
    const auto tokens = tokens_in(receiver);
    EXPECT_EQ(tokens[0].id(), tokens[1].id());
}

TEST_F(Pushing, ARefusedTokenIsRecordedAndHoldsUpNothing) {
    PushReceiver receiver(daemon_.folder() + "/receiver");
    receiver.start();
    receiver.behave("refuse");
    create(receiver);
    (void)add_user("ada");
    wait_for_status("refused", 1);
    EXPECT_NE(
        stream_status("push").at("lastError").get<std::string>().find("not mine"), std::string::npos
    );
    receiver.behave("accept");
    const std::string bob = add_user("bob");
    receiver.wait_for(2);
    EXPECT_EQ(tokens_in(receiver).back().subject(), bob);
}

TEST_F(Pushing, ASlowReceiverDelaysNobodyElse) {
    PushReceiver slow(daemon_.folder() + "/slow");
    PushReceiver quick(daemon_.folder() + "/quick");
    slow.start();
    quick.start();
    slow.behave("slow 3");
    create(slow);
    stream({"create", "--name", "quick", "--push", quick.url()});
    (void)add_user("ada");
    quick.wait_for(1);
    EXPECT_TRUE(slow.received().empty());
    slow.wait_for(1);
}

TEST_F(Pushing, ACrashDuringDeliveryLosesNothing) {
    PushReceiver receiver(daemon_.folder() + "/receiver");
    receiver.start();
    create(receiver);
    receiver.behave("slow 0.02");
    std::set<std::string> made;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 10; ++i) {
            made.insert(add_user("r" + std::to_string(round) + "u" + std::to_string(i)));
        }
        daemon_.kill();
        daemon_.start();
    }
    std::set<std::string> told;
    wait_until("all users", patience, [&] {
        for (const Token& token : tokens_in(receiver)) {
            told.insert(token.subject());
        }
        return told == made;
    });
    // What came twice aside, they came in the order of the changes.
    std::int64_t last = 0;
    std::set<std::string> seen;
    for (const Token& token : tokens_in(receiver)) {
        if (seen.insert(token.id()).second) {
            const std::int64_t sequence = std::stoll(token.id().substr(37));
            EXPECT_GT(sequence, last);
            last = sequence;
        }
    }
}

TEST_F(Pushing, TheReceiversCertificateIsChecked) {
    PushReceiver receiver(daemon_.folder() + "/receiver", true);
    receiver.start();
    create(receiver);
    (void)add_user("ada");
    wait_until("the error", patience, [&] {
        return !stream_status("push").at("lastError").get<std::string>().empty();
    });
    EXPECT_TRUE(receiver.received().empty());
    stream({"remove", "push"});
    create(receiver, {"--ca", receiver.ca_file(), "--from", "1h"});
    receiver.wait_for(1);
}

TEST_F(Pushing, AReplayPushesAgain) {
    PushReceiver receiver(daemon_.folder() + "/receiver");
    receiver.start();
    create(receiver);
    (void)add_user("ada");
    wait_for_status("delivered", 1);
    stream({"replay", "push", "--from", "1h"});
    receiver.wait_for(2);
    const auto tokens = tokens_in(receiver);
    EXPECT_EQ(tokens[0].id(), tokens[1].id());
}

}  // namespace
}  // namespace bascule::test
