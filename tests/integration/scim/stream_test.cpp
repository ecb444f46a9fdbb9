#include <unistd.h>

#include <fstream>
#include <set>

#include "http/server/server.hpp"
#include "scim/codec/document.hpp"
#include "tests/integration/scim/scim_fixture.hpp"
#include "tests/unit/http/server/raw_client.hpp"

namespace bascule::scim::tests {
namespace {

/// Groups with more members than are answered in one piece.
class ScimStream : public ScimServiceTest {
  protected:
    /// A group with so many members, made in one transaction.
    std::string add_long_group(int members) {
        const std::string id = add_group("Everyone");
        const auto fill = [&](directory::Transaction& transaction) -> Status {
            BASCULE_TRY(const auto group, transaction.find_row(parse_uuid(id).value()));
            for (int number = 0; number < members; ++number) {
                directory::NewObject object;
                object.id = uuid_v7(transaction.now());
                object.type = schemas_->find_by_name("User")->type;
                object.display = "Person \"" + std::to_string(number) + "\"";
                const Json body{
                    {"schemas", {user_schema}}, {"userName", "p" + std::to_string(number)}};
                object.body = with_id(body.dump(), object.id);
                ids_.push_back(object.id.to_string());
                BASCULE_TRY(const auto oid, transaction.create(std::move(object)));
                BASCULE_CHECK(transaction.add_edge(directory::EdgeKind::member, group->oid, oid)
                                  .map([](bool) {}));
            }
            return {};
        };
        EXPECT_TRUE(store_->write(directory::Durability::full, fill));
        return id;
    }
    /// The response as the handler gives it, its rest not yet made.
    http::Response begin(const std::string& target, Headers headers = {}) {
        http::Request request;
        const auto question = target.find('?');
        request.path = "/scim/v2" + target.substr(0, question);
        request.query = question == std::string::npos ? "" : target.substr(question + 1);
        request.headers = std::move(headers);
        const auto match = router_.match(http::Method::get, request.path);
        request.path_parameters = match.parameters;
        return match.route->handler(request, {});
    }
    static std::set<std::string> values(const Json& members) {
        std::set<std::string> list;
        for (const Json& member : members) {
            list.insert(member.value("value", ""));
        }
        return list;
    }

    std::vector<std::string> ids_;
};

TEST_F(ScimStream, LongListIsExact) {
    const std::string id = add_long_group(2600);
    const Answer answer = get("/Groups/" + id);
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body["displayName"], "Everyone");
    EXPECT_EQ(answer.body["meta"]["version"], answer.header("ETag"));
    ASSERT_EQ(answer.body["members"].size(), 2600U);
    EXPECT_EQ(values(answer.body["members"]), std::set<std::string>(ids_.begin(), ids_.end()));
    EXPECT_EQ(
        answer.body["members"][7], Json(
                                       {{"value", ids_[7]},
                                        {"$ref", "https://id.example.com/scim/v2/Users/" + ids_[7]},
                                        {"display", "Person \"7\""},
                                        {"type", "User"}}
                                   )
    );
}

TEST_F(ScimStream, PiecesAreSmallAndTheFirstOneComesAtOnce) {
    const std::string id = add_long_group(2600);
    const http::Response response = begin("/Groups/" + id);
    ASSERT_NE(response.rest, nullptr);
    EXPECT_LT(response.body.size(), std::size_t{128} << 10);
    std::size_t pieces = 0;
    for (bool more = true; more; ++pieces) {
        std::string piece;
        more = response.rest->append_piece(piece).value();
        EXPECT_LT(piece.size(), std::size_t{160} << 10);
    }
    EXPECT_GT(pieces, 2U);
}

TEST_F(ScimStream, Check052_ExcludedMembersAreNotStreamed) {
    const std::string id = add_long_group(1200);
    const http::Response response = begin("/Groups/" + id + "?excludedAttributes=members");
    EXPECT_EQ(response.rest, nullptr);
    EXPECT_FALSE(Json::parse(response.body).contains("members"));
}

TEST_F(ScimStream, Check050_StreamedMembersAreNarrowedToTheirSubAttributes) {
    const std::string id = add_long_group(1200);
    const Answer values_only = get("/Groups/" + id + "?attributes=members.value");
    EXPECT_EQ(values_only.body["members"].size(), 1200U);
    EXPECT_EQ(values_only.body["members"][3], Json({{"value", ids_[3]}}));
    EXPECT_FALSE(values_only.body.contains("displayName"));
    const Json without =
        get("/Groups/" + id + "?excludedAttributes=members.display,displayName").body;
    EXPECT_EQ(without["members"].size(), 1200U);
    EXPECT_FALSE(without["members"][3].contains("display"));
    EXPECT_TRUE(without["members"][3].contains("$ref"));
    EXPECT_FALSE(without.contains("displayName"));
}

TEST_F(ScimStream, Check146_IfNoneMatchHitStreamsNothing) {
    const std::string id = add_long_group(1200);
    const http::Response first = begin("/Groups/" + id + "?excludedAttributes=members");
    std::string tag;
    for (const auto& [name, value] : first.headers) {
        tag = name == "ETag" ? value : tag;
    }
    const http::Response hit = begin("/Groups/" + id, {{"if-none-match", tag}});
    EXPECT_EQ(hit.status, 304);
    EXPECT_EQ(hit.rest, nullptr);
    EXPECT_TRUE(hit.body.empty());
}

TEST_F(ScimStream, AnswerShowsOneMomentWhateverChangesMeanwhile) {
    const std::string id = add_long_group(2600);
    const std::string late = add_user("late");
    http::Response response = begin("/Groups/" + id);
    ASSERT_NE(response.rest, nullptr);
    EXPECT_EQ(
        patch("/Groups/" + id, Json{operation("add", "members", references({late}))}).status, 204
    );
    EXPECT_EQ(remove("/Users/" + ids_.back()).status, 204);
    for (bool more = true; more;) {
        more = response.rest->append_piece(response.body).value();
    }
    EXPECT_EQ(
        values(Json::parse(response.body)["members"]),
        std::set<std::string>(ids_.begin(), ids_.end())
    );
    response.rest.reset();
    const Json after = get("/Groups/" + id).body["members"];
    EXPECT_EQ(after.size(), 2600U);
    EXPECT_TRUE(values(after).contains(late));
}

TEST_F(ScimStream, TooManyAtOnceAreAskedToComeAgain) {
    const std::string id = add_long_group(1200);
    std::vector<http::Response> open;
    for (;;) {
        open.push_back(begin("/Groups/" + id));
        if (open.back().status != 200) {
            break;
        }
        ASSERT_LT(open.size(), 1000U);
    }
    EXPECT_EQ(open.back().status, 503);
    open.clear();
    EXPECT_EQ(get("/Groups/" + id).body["members"].size(), 1200U);
}

std::size_t resident_kib() {
    std::ifstream file("/proc/self/statm");
    std::size_t all = 0;
    std::size_t resident = 0;
    file >> all >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

class Silent final : public http::Observer {
    void request_finished(const http::RequestEvent&) override {}
    void connection_refused(std::string_view, http::ConnectionRefusal) override {}
};

TEST_F(ScimStream, HundredThousandMembersPassThroughFlatMemory) {
    constexpr std::size_t count = 100'000;
    const std::string id = add_long_group(count);
    Silent observer;
    http::ServerOptions options;
    http::Listener listener;
    listener.name = "public";
    listener.address = "127.0.0.1:0";
    listener.router = std::shared_ptr<const http::Router>(&router_, [](const http::Router*) {});
    options.listeners.push_back(listener);
    auto server = http::Server::open(std::move(options), observer).value();
    server->start();
    auto client = http::test::RawClient::tcp(server->port("public"));
    const auto read_slowly = [&] {
        client.send("GET /scim/v2/Groups/" + id + " HTTP/1.1\r\nHost: test\r\n\r\n");
        std::size_t members = 0;
        std::size_t size = 0;
        std::size_t peak = 0;
        const auto end = client.read_pieces([&](std::string_view piece) {
            size += piece.size();
            for (auto at = piece.find("\"value\""); at != piece.npos;
                 at = piece.find("\"value\"", at + 1)) {
                ++members;
            }
            peak = std::max(peak, resident_kib());
        });
        EXPECT_TRUE(end);
        EXPECT_EQ(members, count);
        EXPECT_GT(size, count * 100);
        return peak;
    };
    read_slowly();  // caches fill
    const std::size_t before = resident_kib();
    EXPECT_LT(read_slowly(), before + 8 * 1024);  // the answer has 20 MB
    server->stop(std::chrono::seconds(5));
}

}  // namespace
}  // namespace bascule::scim::tests
