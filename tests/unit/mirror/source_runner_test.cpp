#include "directory/mirror/source_runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <thread>

#include "tests/unit/mirror/mirror_fixture.hpp"

namespace bascule::mirror {
namespace {

using directory::AbsenceProof;
using directory::FeedEnd;
using directory::FeedResult;
using directory::FeedSink;
using directory::FeedStart;
using test::MirrorWorld;

FeedResult ended(FeedEnd end, const std::string& code) {
    return {end, Error{ErrorKind::unavailable, code, "The words of the server.", {}, {}, {}}};
}

/// A feed whose runs are written down beforehand; after the last it waits to be stopped.
class ScriptedFeed final : public directory::Feed {
  public:
    using Run = std::function<FeedResult(const FeedStart&, FeedSink&)>;
    explicit ScriptedFeed(std::deque<Run> runs) : runs_(std::move(runs)) {}

    FeedResult run(const directory::FeedStart& start, FeedSink& sink, std::stop_token stop)
        override {
        if (!runs_.empty()) {
            const Run next = runs_.front();
            runs_.pop_front();
            return next(start, sink);
        }
        while (!stop.stop_requested())
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        return {};
    }
    [[nodiscard]] std::string fingerprint() const override { return "scripted"; }

  private:
    std::deque<Run> runs_;
};

FeedResult refresh(const FeedStart&, FeedSink& sink) {
    auto entry = test::parse_entry(
        "dn: uid=a,dc=com\nobjectClass: inetOrgPerson\nuid: a\ncn: a\nsn: x\nentryUUID: "
        "00000000-0000-4000-8000-000000000001\n"
    );
    MirrorWorld::check(sink.refresh_started(false));
    MirrorWorld::check(sink.changed(entry));
    MirrorWorld::check(sink.refresh_done(AbsenceProof::snapshot, "c1"));
    return {};
}

class SourceRunnerTest : public testing::Test {
  protected:
    SourceRunner& run(std::deque<ScriptedFeed::Run> runs) {
        runner = std::make_unique<SourceRunner>(
            *world.store, std::make_unique<ScriptedFeed>(std::move(runs)), *world.mapper,
            world.clock, "corp"
        );
        runner->start();
        return *runner;
    }
    bool reaches(const std::string& state) {
        for (int tries = 0; tries < 2000; ++tries) {
            if (runner->snapshot().state == state)
                return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return false;
    }
    MirrorWorld world;
    std::unique_ptr<SourceRunner> runner;
};

TEST_F(SourceRunnerTest, LiveSourceTellsObjectsCookieAndEntriesRead) {
    run({[](const FeedStart& start, FeedSink& sink) {
        refresh(start, sink);
        return ended(FeedEnd::limited, "directory_limit");
    }});
    ASSERT_TRUE(reaches("degraded"));
    const SourceStatus status = runner->snapshot();
    EXPECT_EQ(status.objects, 1U);
    EXPECT_EQ(status.received, 1U);
    EXPECT_EQ(status.cookie, "c1");
    EXPECT_EQ(status.last_error, "directory_limit: The words of the server.");
    EXPECT_FALSE(status.lag);
}

TEST_F(SourceRunnerTest, LagIsTheTimeFromTheServersStampToTheCommit) {
    run({[](const FeedStart& start, FeedSink& sink) {
        refresh(start, sink);
        auto entry = test::parse_entry(
            "dn: uid=a,dc=com\nobjectClass: inetOrgPerson\nuid: a\ncn: a\nsn: y\nentryUUID: "
            "00000000-0000-4000-8000-000000000001\n"
        );
        entry.csn = "20260921141319.960000Z#000000#000#000000";  // 40 ms before the clock's time
        MirrorWorld::check(sink.changed(entry));
        MirrorWorld::check(sink.idle());
        return ended(FeedEnd::refused, "directory_credentials");
    }});
    ASSERT_TRUE(reaches("degraded"));
    EXPECT_EQ(runner->snapshot().lag, 40);
}

TEST_F(SourceRunnerTest, LostConnectionIsTriedAgainWithTheCookie) {
    FeedStart second;
    run(
        {[](const FeedStart& start, FeedSink& sink) {
             refresh(start, sink);
             return ended(FeedEnd::disconnected, "server_down");
         },
         [&](const FeedStart& start, FeedSink&) {
             second = start;
             return ended(FeedEnd::base_missing, "base_missing");
         }}
    );
    ASSERT_TRUE(reaches("degraded"));
    EXPECT_EQ(second.cookie, "c1");
    EXPECT_TRUE(second.interrupted);
    EXPECT_EQ(runner->snapshot().objects, 1U);
}

TEST_F(SourceRunnerTest, RejectedCookieIsForgottenAndDataStay) {
    std::string third = "unset";
    run(
        {[](const FeedStart& start, FeedSink& sink) {
             refresh(start, sink);
             return ended(FeedEnd::cookie_rejected, "cookie_rejected");
         },
         [&](const FeedStart& start, FeedSink&) {
             third = start.cookie;
             return ended(FeedEnd::provider_behind, "provider_behind");
         }}
    );
    ASSERT_TRUE(reaches("degraded"));
    EXPECT_EQ(third, "");
    EXPECT_EQ(runner->snapshot().objects, 1U);
}

TEST_F(SourceRunnerTest, StopEndsAPatientWait) {
    run({[](const FeedStart&, FeedSink&) { return ended(FeedEnd::refused, "directory_denied"); }});
    ASSERT_TRUE(reaches("degraded"));
    const auto begin = std::chrono::steady_clock::now();
    runner->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    EXPECT_EQ(runner->snapshot().state, "stopped");
}

}  // namespace
}  // namespace bascule::mirror
