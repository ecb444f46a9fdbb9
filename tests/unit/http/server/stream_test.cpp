#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "server_fixture.hpp"

namespace bascule::http::test {
namespace {

/// What became of a source.
struct Watch {
    std::atomic<int> pieces{0};
    std::atomic<int> alive{0};
};

/// Gives so many pieces of one letter each; fails at the end when it is told to.
class Letters final : public BodySource {
  public:
    Letters(Watch& watch, int pieces, std::size_t size, bool fails)
        : watch_(watch), pieces_(pieces), size_(size), fails_(fails) {
        ++watch_.alive;
    }
    ~Letters() override { --watch_.alive; }
    Result<bool> append_piece(std::string& out) override {
        ++watch_.pieces;
        if (given_ == pieces_) {
            return fail(ErrorKind::internal, "broken", "The source broke.");
        }
        out.append(size_, static_cast<char>('a' + given_ % 26));
        ++given_;
        return fails_ || given_ < pieces_;
    }

  private:
    Watch& watch_;
    const int pieces_;
    const std::size_t size_;
    const bool fails_;
    int given_ = 0;
};

class Streamed : public ServerTest {
  protected:
    void serve(
        int pieces, std::size_t size, bool fails = false,
        const std::function<void(Timeouts&)>& adjust = {}
    ) {
        Router router;
        for (const auto& [pattern, pool] :
             {std::pair{"/long", Pool::read}, std::pair{"/inline", Pool::inline_}}) {
            Route route;
            route.pattern = pattern;
            route.pool = pool;
            route.handler = [this, pieces, size, fails](const Request&, const RequestContext&) {
                Response response;
                response.content_type = "text/plain";
                response.body = "head:";
                response.rest = std::make_shared<Letters>(watch_, pieces, size, fails);
                return response;
            };
            ASSERT_TRUE(router.add(std::move(route)));
        }
        auto shared = std::make_shared<const Router>(std::move(router));
        start([&](ServerOptions& options) {
            options.listeners.front().router = shared;
            if (adjust) {
                adjust(options.timeouts);
            }
        });
    }
    /// Waits until no source is left.
    bool all_gone() {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (watch_.alive != 0) {
            if (std::chrono::steady_clock::now() > end) {
                return false;
            }
            std::this_thread::yield();
        }
        return true;
    }

    Watch watch_;
};

TEST_F(Streamed, PiecesAreJoinedAndTheConnectionGoesOn) {
    serve(3, 4);
    RawClient client = connect();
    for (const char* path : {"/long", "/inline", "/long"}) {
        const Answer answer = client.get(path);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.headers.at("transfer-encoding"), "chunked");
        EXPECT_EQ(answer.headers.at("content-type"), "text/plain");
        EXPECT_FALSE(answer.headers.contains("content-length"));
        EXPECT_TRUE(answer.complete);
        EXPECT_EQ(answer.body, "head:aaaabbbbcccc");
    }
    EXPECT_TRUE(all_gone());
}

TEST_F(Streamed, EmptyPieceDoesNotEndTheBody) {
    serve(3, 0);
    RawClient client = connect();
    EXPECT_EQ(client.get("/long").body, "head:");
    EXPECT_EQ(client.get("/long").body, "head:");
    EXPECT_EQ(watch_.pieces, 6);
}

TEST_F(Streamed, HeadMakesNoPieces) {
    serve(3, 4);
    RawClient client = connect();
    client.send("HEAD /long HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_EQ(client.read(true).status, 200);
    EXPECT_EQ(client.get("/long").body, "head:aaaabbbbcccc");
    EXPECT_EQ(watch_.pieces, 3);
}

TEST_F(Streamed, OldClientsReadUntilTheEndOfTheConnection) {
    serve(3, 4);
    RawClient client = connect();
    client.send("GET /long HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const Answer answer = client.read();
    EXPECT_FALSE(answer.headers.contains("transfer-encoding"));
    EXPECT_EQ(client.read_to_end(), "head:aaaabbbbcccc");
}

TEST_F(Streamed, BrokenSourceLeavesTheBodyWithoutEnd) {
    serve(2, 4, true);
    RawClient client = connect();
    const Answer answer = client.get("/long");
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.complete);
    EXPECT_EQ(answer.body, "head:aaaabbbb");
    EXPECT_TRUE(client.is_closed());
    EXPECT_TRUE(all_gone());
}

TEST_F(Streamed, ClientThatStopsReadingHoldsNothingForEver) {
    serve(1'000'000, std::size_t{64} << 10, false, [](Timeouts& timeouts) {
        timeouts.write = std::chrono::milliseconds(200);
    });
    RawClient client = connect();
    client.send("GET /long HTTP/1.1\r\nHost: test\r\n\r\n");
    ASSERT_TRUE(observer_.wait_for(1).size() == 1);
    EXPECT_TRUE(all_gone());
    // Made was what the sockets' buffers took, not the whole.
    EXPECT_LT(watch_.pieces, 1000);
}

TEST_F(Streamed, ClientThatGoesAwayEndsTheAnswer) {
    serve(1'000'000, std::size_t{64} << 10);
    {
        RawClient client = connect();
        client.send("GET /long HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    EXPECT_TRUE(all_gone());
}

TEST_F(Streamed, AnswerThatTakesTooLongInAllIsEnded) {
    serve(1'000'000'000, 1024, false, [](Timeouts& timeouts) {
        timeouts.whole_answer = std::chrono::milliseconds(200);
    });
    RawClient client = connect();
    const Answer answer = client.get("/long");
    EXPECT_FALSE(answer.complete);
    EXPECT_TRUE(all_gone());
}

}  // namespace
}  // namespace bascule::http::test
