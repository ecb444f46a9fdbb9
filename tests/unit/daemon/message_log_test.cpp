#include "daemon/replay/message_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

namespace bascule::daemon {
namespace {

using Kind = FeedMessage::Kind;
using testing::HasSubstr;
using testing::Not;

class MessageLog : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = std::filesystem::temp_directory_path() / "bascule-log-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
        path = folder_ / "corp.messages";
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    static FeedMessage changed(const std::string& name) {
        FeedMessage message;
        message.kind = Kind::changed;
        message.time = Time(std::chrono::milliseconds(1'790'000'000'123));
        message.entry.anchor.bytes[0] = 7;
        message.entry.dn = "cn=" + name;
        message.entry.dn_key = name + "\x01";
        message.entry.csn = "csn";
        message.entry.attributes = {
            {"cn", {name}}, {"userPassword", {"Secret-1"}}, {"UnicodePwd;x", {"Secret-2"}}};
        return message;
    }
    void write(const std::vector<FeedMessage>& messages, std::uint64_t limit = 1U << 20U) const {
        const auto log = MessageLogWriter::open(path, limit);
        ASSERT_TRUE(log.has_value()) << log.error().detail;
        for (const FeedMessage& message : messages)
            static_cast<void>((*log)->write(message));
    }
    [[nodiscard]] std::vector<FeedMessage> read(bool* whole = nullptr) const {
        std::vector<FeedMessage> found;
        const auto log = MessageLogReader::open(path);
        EXPECT_TRUE(log.has_value());
        while (log) {
            auto message = (*log)->next();
            EXPECT_TRUE(message.has_value());
            if (!message || !*message)
                break;
            found.push_back(**std::move(message));
        }
        if (whole != nullptr)
            *whole = log && (*log)->whole();
        return found;
    }

    std::string path;

  private:
    std::filesystem::path folder_;
};

TEST_F(MessageLog, GivesBackWhatWasWrittenAcrossRestarts) {
    FeedMessage done;
    done.kind = Kind::refresh_done;
    done.proof = directory::AbsenceProof::present_phase;
    done.text = "cookie";
    FeedMessage members;
    members.kind = Kind::members_changed;
    members.members.attribute = "member";
    members.members.csn = "s";
    members.members.added = {{"cn=a", "a\x01", std::nullopt}};
    members.members.removed = {{"cn=b", "b\x01", Uuid{{9}}}};
    FeedMessage gone;
    gone.kind = Kind::deleted;
    gone.anchors = {Uuid{{1}}, Uuid{{2}}};
    gone.order = 17;
    write({changed("one"), done});
    write({members, gone});
    bool whole = false;
    const auto found = read(&whole);
    ASSERT_EQ(found.size(), 4U);
    EXPECT_TRUE(whole);
    EXPECT_EQ(found[0].entry.dn, "cn=one");
    EXPECT_EQ(found[0].entry.dn_key, "one\x01");
    EXPECT_EQ(found[0].time, changed("one").time);
    EXPECT_EQ(found[1].proof, directory::AbsenceProof::present_phase);
    EXPECT_EQ(found[1].text, "cookie");
    EXPECT_EQ(found[2].members.added.front().dn, "cn=a");
    EXPECT_FALSE(found[2].members.added.front().anchor.has_value());
    EXPECT_EQ(found[2].members.removed.front().anchor, Uuid{{9}});
    EXPECT_EQ(found[3].anchors.size(), 2U);
    EXPECT_EQ(found[3].order, 17U);
}

TEST_F(MessageLog, NeverHoldsPasswordsAndIsReadableByItsOwnerOnly) {
    write({changed("one")});
    const auto found = read();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].entry.attributes.size(), 1U);
    EXPECT_EQ(found[0].entry.attributes.front().name, "cn");
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(MessageLog, ATornBlockIsLeftOutAndCutOff) {
    write({changed("one")});
    write({changed("two")});
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 3);
    bool whole = true;
    EXPECT_EQ(read(&whole).size(), 1U);
    EXPECT_FALSE(whole);
    write({changed("three")});
    const auto found = read(&whole);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[1].entry.dn, "cn=three");
    EXPECT_TRUE(whole);
}

TEST_F(MessageLog, EndsAtItsSize) {
    const auto log = MessageLogWriter::open(path, 100);
    ASSERT_TRUE(log.has_value());
    FeedMessage message = changed("y");
    std::mt19937 random(1);
    std::string noise;
    for (int at = 0; at < 4000; ++at)
        noise += static_cast<char>(random() % 256);
    message.entry.dn = noise;
    static_cast<void>((*log)->write(message));
    EXPECT_FALSE((*log)->flush());
    EXPECT_FALSE((*log)->write(changed("z")));
    EXPECT_LE(std::filesystem::file_size(path), 100U);
}

TEST_F(MessageLog, AFileOfAnotherKindIsLeftAlone) {
    std::ofstream(path) << "something that somebody needs\n";
    EXPECT_EQ(MessageLogWriter::open(path, 1000).error().code, "not_recorded");
    EXPECT_EQ(MessageLogReader::open(path).error().code, "broken_message_log");
    EXPECT_EQ(MessageLogReader::open(path + "x").error().code, "no_message_log");
}

}  // namespace
}  // namespace bascule::daemon
