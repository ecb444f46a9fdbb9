#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/server/request_parser.hpp"
#include "server_fixture.hpp"

namespace bascule::http::test {
namespace {

using Protocol = ServerTest;

std::string post(const std::string& headers, const std::string& body) {
    return "POST /echo HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n" + body;
}

TEST_F(Protocol, ConnectionIsKeptAlive) {
    start();
    RawClient client = connect();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(client.get("/hello").body, "hello");
        EXPECT_EQ(client.get("/pool").body, "from the pool");
    }
}

TEST_F(Protocol, PipelinedRequestsAreAnsweredInOrder) {
    start();
    RawClient client = connect();
    std::string all;
    for (int i = 0; i < 50; ++i) {
        all += "GET /items/" + std::to_string(i) + " HTTP/1.1\r\nHost: test\r\n\r\n" +
               post("Content-Length: 2\r\n", "ab");
    }
    client.send(all);
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(client.read().body, std::to_string(i));
        EXPECT_EQ(client.read().body, "ab");
    }
}

TEST_F(Protocol, RequestMayArriveByteByByte) {
    start();
    RawClient client = connect();
    for (const char c : post("Content-Length: 5\r\n", "abcde")) {
        client.send(std::string_view(&c, 1));
    }
    EXPECT_EQ(client.read().body, "abcde");
}

TEST_F(Protocol, ChunkedBodyIsJoined) {
    start();
    RawClient client = connect();
    client.send(post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\n\r\n"));
    EXPECT_EQ(client.read().body, "abcdefg");
    EXPECT_EQ(client.get("/hello").status, 200);
}

TEST(RequestParsing, ChunkedBodiesMayArriveByteByByte) {
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string body : {"", "abc"}) {
        const std::string text = head + (body.empty() ? "" : "3\r\n" + body + "\r\n") + "0\r\n\r\n";
        RequestParser parser(4096);
        parser.eager(true);
        parser.set_body_limit(10);
        std::size_t taken = 0;
        for (std::size_t arrived = 1; arrived <= text.size(); ++arrived) {
            boost::system::error_code ec;
            taken += parser.feed(boost::asio::buffer(text.data() + taken, arrived - taken), ec);
            EXPECT_TRUE(!ec || ec == boost::beast::http::error::need_more) << ec.message();
        }
        EXPECT_TRUE(parser.is_done());
        EXPECT_EQ(parser.request.body, body);
    }
}

TEST_F(Protocol, BodyOverTheRoutesLimitIsRefused) {
    start();
    RawClient by_length = connect();
    by_length.send(post("Content-Length: 1025\r\n", std::string(1025, 'x')));
    const Answer answer = by_length.read();
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
    EXPECT_NE(answer.body.find("body_too_large"), std::string::npos);
    EXPECT_TRUE(by_length.is_closed());

    RawClient by_chunks = connect();
    std::string chunks;
    for (int i = 0; i < 11; ++i) {
        chunks += "64\r\n" + std::string(100, 'x') + "\r\n";
    }
    by_chunks.send(post("Transfer-Encoding: chunked\r\n", chunks + "0\r\n\r\n"));
    EXPECT_EQ(by_chunks.read().status, 413);

    RawClient exact = connect();
    exact.send(post("Content-Length: 1024\r\n", std::string(1024, 'x')));
    EXPECT_EQ(exact.read().body.size(), 1024U);
}

TEST_F(Protocol, HeaderOverTheLimitIsRefused) {
    start();
    RawClient client = connect();
    client.send("GET /hello HTTP/1.1\r\nHost: test\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
    EXPECT_EQ(client.read().status, 431);
    RawClient endless = connect();
    endless.send("GET /" + std::string(20'000, 'x'));
    EXPECT_EQ(endless.read().status, 431);
    RawClient below = connect();
    below.send("GET /hello HTTP/1.1\r\nHost: test\r\nX: " + std::string(15'000, 'x') + "\r\n\r\n");
    EXPECT_EQ(below.read().status, 200);
}

TEST_F(Protocol, ContinueIsSentBeforeTheBody) {
    start();
    RawClient client = connect();
    client.send(post("Content-Length: 3\r\nExpect: 100-continue\r\n", ""));
    EXPECT_EQ(client.read().status, 100);
    client.send("abc");
    EXPECT_EQ(client.read().body, "abc");

    RawClient too_much = connect();
    too_much.send(post("Content-Length: 5000\r\nExpect: 100-continue\r\n", ""));
    EXPECT_EQ(too_much.read().status, 413);

    RawClient other = connect();
    other.send(post("Content-Length: 3\r\nExpect: miracles\r\n", ""));
    EXPECT_EQ(other.read().status, 417);
}

TEST_F(Protocol, HeadHasLengthAndNoBody) {
    start();
    RawClient client = connect();
    client.send("HEAD /hello HTTP/1.1\r\nHost: test\r\n\r\n");
    const Answer answer = client.read(true);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.at("content-length"), "5");
    EXPECT_EQ(client.get("/hello").body, "hello");
}

TEST_F(Protocol, OptionsAndWrongMethodTellWhatIsAllowed) {
    start();
    RawClient client = connect();
    client.send("OPTIONS /echo HTTP/1.1\r\nHost: test\r\n\r\n");
    const Answer options = client.read();
    EXPECT_EQ(options.status, 204);
    EXPECT_EQ(options.headers.at("allow"), "POST, PUT, OPTIONS");
    client.send("DELETE /hello HTTP/1.1\r\nHost: test\r\n\r\n");
    const Answer wrong = client.read();
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(wrong.headers.at("allow"), "GET, HEAD, OPTIONS");
    EXPECT_NE(wrong.body.find("method_not_allowed"), std::string::npos);
}

TEST_F(Protocol, UnknownPathIsRenderedInTheStyleOfThePath) {
    start([](ServerOptions& options) {
        options.listeners[0].render_error = [](std::string_view path, const Error& error,
                                               std::string_view) {
            Response response;
            response.status = 404;
            response.content_type = "application/scim+json";
            response.body = std::string(path) + " " + error.code;
            return response;
        };
    });
    RawClient client = connect();
    const Answer answer = client.get("/scim/v2/No%20where");
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.body, "/scim/v2/No where unknown_path");
}

TEST_F(Protocol, EveryAnswerCarriesTheSafetyHeaders) {
    start();
    RawClient client = connect();
    for (const char* path : {"/hello", "/nowhere", "/throw"}) {
        const Answer answer = client.get(path);
        EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff") << path;
        EXPECT_EQ(answer.headers.at("cache-control"), "no-store") << path;
        EXPECT_EQ(answer.headers.count("server"), 0U) << path;
        EXPECT_EQ(answer.headers.count("strict-transport-security"), 0U) << path;
        EXPECT_EQ(answer.headers.at("date").size(), 29U) << path;
    }
}

TEST_F(Protocol, OldClientsAreServed) {
    start();
    RawClient client = connect();
    client.send("GET /hello HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.read().body, "hello");
    EXPECT_TRUE(client.is_closed());
}

TEST_F(Protocol, CloseIsHonoured) {
    start();
    RawClient client = connect();
    client.send("GET /hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    const Answer answer = client.read();
    EXPECT_EQ(answer.headers.at("connection"), "close");
    EXPECT_TRUE(client.is_closed());
}

TEST_F(Protocol, ExceptionIsInternalErrorWithRequestId) {
    start();
    RawClient client = connect();
    const Answer answer = client.get("/throw");
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body.find("own words"), std::string::npos);
    EXPECT_NE(answer.body.find(answer.headers.at("x-request-id")), std::string::npos);
    EXPECT_EQ(client.get("/hello").status, 200);
}

struct Malformed {
    const char* name;
    std::string text;
};

class MalformedRequest : public ServerTest, public ::testing::WithParamInterface<Malformed> {};

TEST_P(MalformedRequest, IsRefusedAndClosed) {
    start();
    RawClient client = connect();
    client.send(GetParam().text);
    EXPECT_EQ(client.read().status, 400) << GetParam().name;
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(connect().get("/hello").status, 200);
}

INSTANTIATE_TEST_SUITE_P(
    Bundle, MalformedRequest,
    ::testing::Values(
        Malformed{"NoHost", "GET /hello HTTP/1.1\r\n\r\n"},
        Malformed{"TwoHosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
        Malformed{"RelativeTarget", "GET hello HTTP/1.1\r\nHost: a\r\n\r\n"},
        Malformed{"Fragment", "GET /hello#x HTTP/1.1\r\nHost: a\r\n\r\n"},
        Malformed{"OldVersion", "GET /hello HTTP/0.9\r\nHost: a\r\n\r\n"},
        Malformed{"NewVersion", "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n"},
        Malformed{"NotHttp", "\x16\x03\x01\x02hello there\r\n\r\n"},
        Malformed{"ZeroByteInHeader", std::string("GET /hello HTTP/1.1\r\nHost: a\0b\r\n\r\n", 32)},
        Malformed{"SpaceBeforeColon", "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n"},
        Malformed{"EmptyName", "GET /hello HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"},
        Malformed{"BareLineFeed", "GET /hello HTTP/1.1\nHost: a\n\n\r\n\r\n"},
        Malformed{
            "LengthAndChunked",
            post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
        Malformed{
            "ChunkedAndLength",
            post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n")},
        Malformed{"TwoLengths", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd")},
        Malformed{"NegativeLength", post("Content-Length: -1\r\n", "")},
        Malformed{"WordLength", post("Content-Length: three\r\n", "abc")},
        Malformed{"HugeLength", post("Content-Length: 99999999999999999999999\r\n", "abc")},
        Malformed{"UnknownEncoding", post("Transfer-Encoding: gzip\r\n", "abc")},
        Malformed{"ChunkedNotLast", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")},
        Malformed{
            "ChunkedInOldVersion",
            "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        Malformed{"BadChunkSize", post("Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n0\r\n\r\n")},
        Malformed{"BadChunkEnd", post("Transfer-Encoding: chunked\r\n", "3\r\nabcXX0\r\n\r\n")}
    ),
    [](const auto& tested) { return tested.param.name; }
);

}  // namespace
}  // namespace bascule::http::test
