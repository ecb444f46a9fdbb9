#include "tests/integration/scim/scim_fixture.hpp"
#include "tests/unit/http/server/raw_client.hpp"

namespace bascule::scim::tests {
namespace {

/// Requests as they stand on the wire.
class ScimConnection : public ScimServiceTest {
  protected:
    http::test::RawClient connect() { return http::test::RawClient::tcp(daemon_.port()); }
    std::string post_head(const std::string& more) {
        return "POST /scim/v2/Users HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer " + token() +
               "\r\nContent-Type: application/scim+json\r\n" + more + "\r\n";
    }
    static std::string user(const std::string& name) {
        return Json{{"schemas", {user_schema}}, {"userName", name}}.dump();
    }
    static std::string chunk(std::string_view text) {
        static constexpr char digits[] = "0123456789abcdef";
        return std::string{digits[text.size() >> 4U], digits[text.size() & 15U]} + "\r\n" +
               std::string(text) + "\r\n";
    }
};

TEST_F(ScimConnection, Check153_ChunkedBodiesAreJoined) {
    auto client = connect();
    const std::string body = user("ann");
    client.send(
        post_head("Transfer-Encoding: chunked\r\n") + chunk(body.substr(0, 20)) +
        chunk(body.substr(20)) + "0\r\n\r\n"
    );
    EXPECT_EQ(client.read().status, 201);
}

TEST_F(ScimConnection, Check153_CompressedBodiesAre415) {
    auto client = connect();
    client.send(post_head("Content-Encoding: gzip\r\nContent-Length: 3\r\n") + "abc");
    const auto answer = client.read();
    EXPECT_EQ(answer.status, 415);
    EXPECT_EQ(Json::parse(answer.body)["schemas"], Json{error_schema});
}

TEST_F(ScimConnection, Check153_ContinueIsSentBeforeTheBody) {
    auto client = connect();
    const std::string body = user("ann");
    client.send(
        post_head("Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) + "\r\n")
    );
    EXPECT_EQ(client.read().status, 100);
    client.send(body);
    EXPECT_EQ(client.read().status, 201);
}

TEST_F(ScimConnection, Check153_ConnectionIsKept) {
    auto client = connect();
    for (int number = 0; number < 50; ++number) {
        const std::string body = user("user" + std::to_string(number));
        client.send(post_head("Content-Length: " + std::to_string(body.size()) + "\r\n") + body);
        EXPECT_EQ(client.read().status, 201);
    }
}

}  // namespace
}  // namespace bascule::scim::tests
