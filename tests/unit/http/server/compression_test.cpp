#include "http/server/compression.hpp"

#include <gtest/gtest.h>

#include "inflate.hpp"
#include "server_fixture.hpp"

namespace bascule::http::test {
namespace {

TEST(AcceptEncoding, IsReadAsItsWeightsSay) {
    const auto accepts = [](std::vector<std::string> values) {
        Request request;
        for (auto& value : values) {
            request.headers.emplace_back("accept-encoding", std::move(value));
        }
        return accepts_gzip(request);
    };
    EXPECT_TRUE(accepts({"gzip"}));
    EXPECT_TRUE(accepts({"deflate, GZIP;q=0.5, br"}));
    EXPECT_TRUE(accepts({"br", "gzip"}));
    EXPECT_TRUE(accepts({"*"}));
    EXPECT_TRUE(accepts({"x-gzip ; q=1"}));
    EXPECT_FALSE(accepts({}));
    EXPECT_FALSE(accepts({""}));
    EXPECT_FALSE(accepts({"identity"}));
    EXPECT_FALSE(accepts({"gzip;q=0, *"}));
    EXPECT_FALSE(accepts({"gzip;q=0.000"}));
    EXPECT_FALSE(accepts({"gzipped, notgzip"}));
    EXPECT_FALSE(accepts({"*;q=0"}));
    EXPECT_FALSE(accepts({",;,q="}));
}

/// So many pieces behind the beginning of a JSON text.
class Pieces final : public BodySource {
  public:
    explicit Pieces(int count) : left_(count) {}
    Result<bool> append_piece(std::string& out) override {
        out += "\"piece " + std::to_string(left_) + "\",";
        if (--left_ == 0) {
            out += "0]";
        }
        return left_ > 0;
    }

  private:
    int left_;
};

std::string long_text() {
    std::string text = "[";
    for (int number = 0; number < 2000; ++number) {
        text += std::to_string(number) + ",";
    }
    return text + "0]";
}

std::string pieces_text(int count) {
    std::string text = "[";
    Pieces pieces(count);
    while (*pieces.append_piece(text)) {
    }
    return text;
}

/// GET /long, /short and /stream may be compressed, /secret may not; /text is no JSON.
class Compression : public ServerTest {
  protected:
    void serve(bool enabled = true) {
        Router router;
        const auto add = [&](const std::string& pattern, bool allowed, auto answer) {
            Route route;
            route.pattern = pattern;
            route.may_compress = allowed;
            route.handler = [answer](const Request&, const RequestContext&) {
                Response response;
                response.content_type = "application/scim+json";
                answer(response);
                return response;
            };
            ASSERT_TRUE(router.add(std::move(route)));
        };
        const auto lengthy = [](Response& response) { response.body = long_text(); };
        add("/long", true, lengthy);
        add("/secret", false, lengthy);
        add("/short", true, [](Response& response) { response.body = "[1]"; });
        add("/text", true, [](Response& response) {
            response.body = long_text();
            response.content_type = "text/plain";
        });
        add("/stream", true, [](Response& response) {
            response.body = "[";
            response.rest = std::make_shared<Pieces>(3000);
        });
        const auto shared = std::make_shared<const Router>(std::move(router));
        start([&](ServerOptions& options) {
            options.listeners.front().router = shared;
            options.compression = enabled;
        });
    }
    Answer ask(const std::string& path, const std::string& more = "Accept-Encoding: gzip\r\n") {
        auto client = connect();
        client.send("GET " + path + " HTTP/1.1\r\nHost: test\r\n" + more + "\r\n");
        return client.read();
    }
};

TEST_F(Compression, OfALongAnswerGivesTheSameText) {
    serve();
    const Answer answer = ask("/long");
    EXPECT_EQ(answer.headers.at("content-encoding"), "gzip");
    EXPECT_EQ(answer.headers.at("vary"), "Accept-Encoding");
    EXPECT_EQ(answer.headers.at("content-length"), std::to_string(answer.body.size()));
    EXPECT_LT(answer.body.size(), long_text().size() / 2);
    EXPECT_EQ(inflated(answer.body), long_text());
}

TEST_F(Compression, IsForWhoAsksForItOnly) {
    serve();
    const Answer answer = ask("/long", "");
    EXPECT_FALSE(answer.headers.contains("content-encoding"));
    EXPECT_EQ(answer.headers.at("vary"), "Accept-Encoding");
    EXPECT_EQ(answer.body, long_text());
    EXPECT_FALSE(ask("/long", "Accept-Encoding: gzip;q=0\r\n").headers.contains("content-encoding")
    );
}

TEST_F(Compression, LeavesAloneWhatIsShortSecretOrNoJson) {
    serve();
    for (const char* path : {"/short", "/secret", "/text"}) {
        const Answer answer = ask(path);
        EXPECT_EQ(answer.status, 200);
        EXPECT_FALSE(answer.headers.contains("content-encoding")) << path;
        EXPECT_FALSE(answer.headers.contains("vary")) << path;
    }
}

TEST_F(Compression, OfAStreamedAnswerReachesItsEnd) {
    serve();
    const Answer answer = ask("/stream");
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(answer.headers.at("content-encoding"), "gzip");
    EXPECT_EQ(answer.headers.at("transfer-encoding"), "chunked");
    EXPECT_EQ(inflated(answer.body), pieces_text(3000));
    EXPECT_EQ(ask("/stream", "").body, pieces_text(3000));
}

TEST_F(Compression, OfAStreamForHttp10EndsWithTheConnection) {
    serve();
    auto client = connect();
    client.send("GET /stream HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n");
    const std::string text = client.read_to_end();
    EXPECT_EQ(inflated(text.substr(text.find("\r\n\r\n") + 4)), pieces_text(3000));
}

TEST_F(Compression, HeadTellsTheLengthOfTheCompressedAnswer) {
    serve();
    auto client = connect();
    client.send("HEAD /long HTTP/1.1\r\nHost: test\r\nAccept-Encoding: gzip\r\n\r\n");
    const Answer head = client.read(true);
    EXPECT_EQ(head.headers.at("content-encoding"), "gzip");
    EXPECT_EQ(head.headers.at("content-length"), ask("/long").headers.at("content-length"));
}

TEST_F(Compression, CanBeTurnedOff) {
    serve(false);
    const Answer answer = ask("/long");
    EXPECT_FALSE(answer.headers.contains("content-encoding"));
    EXPECT_EQ(answer.body, long_text());
}

}  // namespace
}  // namespace bascule::http::test
