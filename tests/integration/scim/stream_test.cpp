#include <algorithm>
#include <fstream>
#include <set>

#include "scim/codec/document.hpp"
#include "scim/schema/schema.hpp"
#include "tests/integration/scim/scim_fixture.hpp"
#include "tests/unit/http/server/inflate.hpp"
#include "tests/unit/http/server/raw_client.hpp"

namespace bascule::scim::tests {
namespace {

/// Groups with more members than are answered in one piece.
class ScimStream : public ScimServiceTest {
  protected:
    /// A group with so many new members, all made in one transaction.
    std::string add_long_group(int members) {
        const std::string id = add_group("Everyone");
        const auto schemas = SchemaRegistry::load_builtin().value();
        directory::Registry registry;
        EXPECT_TRUE(schemas->register_types(registry));
        write_offline([&](directory::Transaction& transaction) -> Status {
            BASCULE_TRY(const auto group, transaction.find_row(parse_uuid(id).value()));
            for (int number = 0; number < members; ++number) {
                directory::NewObject object;
                object.id = uuid_v7(transaction.now());
                object.type = registry.type("User");
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
        });
        return id;
    }
    /// A group with members that are there already.
    std::string add_long_group_of(
        const std::vector<std::string>& members, const std::string& name
    ) {
        const std::string id = add_group(name);
        EXPECT_EQ(
            patch("/Groups/" + id, Json{operation("add", "members", references(members))}).status,
            204
        );
        return id;
    }
    static std::set<std::string> values(const Json& members) {
        std::set<std::string> list;
        for (const Json& member : members) {
            list.insert(member.value("value", ""));
        }
        return list;
    }
    std::set<std::string> all() const { return {ids_.begin(), ids_.end()}; }
    /// Sends a GET and does not read the answer.
    http::test::RawClient ask(const std::string& target) {
        auto client = http::test::RawClient::tcp(daemon_.port());
        client.send(
            "GET /scim/v2" + target + " HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer " +
            token() + "\r\n\r\n"
        );
        return client;
    }
    std::size_t resident_kib() const {
        std::ifstream file("/proc/" + std::to_string(daemon_.process_id()) + "/status");
        for (std::string word; file >> word;) {
            if (word == "VmRSS:") {
                std::size_t size = 0;
                file >> size;
                return size;
            }
        }
        return 0;
    }

    std::vector<std::string> ids_;
};

TEST_F(ScimStream, LongListIsExact) {
    const std::string id = add_long_group(2600);
    const Answer answer = get("/Groups/" + id);
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Transfer-Encoding"), "chunked");
    EXPECT_EQ(answer.body["displayName"], "Everyone");
    EXPECT_EQ(answer.body["meta"]["version"], answer.header("ETag"));
    ASSERT_EQ(answer.body["members"].size(), 2600U);
    EXPECT_EQ(values(answer.body["members"]), all());
    EXPECT_EQ(
        answer.body["members"][7], Json(
                                       {{"value", ids_[7]},
                                        {"$ref", "https://id.example.com/scim/v2/Users/" + ids_[7]},
                                        {"display", "Person \"7\""},
                                        {"type", "User"}}
                                   )
    );
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

TEST_F(ScimStream, Check052_ExcludedMembersAreNotStreamed) {
    const std::string id = add_long_group(1200);
    const Answer lean = get("/Groups/" + id + "?excludedAttributes=members");
    EXPECT_TRUE(lean.header("Transfer-Encoding").empty());
    EXPECT_FALSE(lean.body.contains("members"));
}

TEST_F(ScimStream, Check146_IfNoneMatchHitStreamsNothing) {
    const std::string id = add_long_group(1200);
    const std::string tag = get("/Groups/" + id + "?excludedAttributes=members").header("ETag");
    const Answer hit = get("/Groups/" + id, {{"if-none-match", tag}});
    EXPECT_EQ(hit.status, 304);
    EXPECT_TRUE(hit.text.empty());
}

TEST_F(ScimStream, Check149_HeadOfALongListHasNoBody) {
    const std::string id = add_long_group(1200);
    const Answer head = send(http::Method::head, "/Groups/" + id);
    EXPECT_EQ(head.status, 200);
    EXPECT_TRUE(head.text.empty());
    EXPECT_FALSE(head.header("ETag").empty());
    EXPECT_EQ(get("/Groups/" + id).body["members"].size(), 1200U);
}

TEST_F(ScimStream, ListsOfLongGroupsAreExactInEveryKindOfList) {
    const std::string long_one = add_long_group(1300);
    const std::string short_one = add_group("Few", {ids_[0], ids_[1]});
    const std::string second = add_long_group_of(ids_, "Everyone else");
    const auto whole = [&](const std::string& id) { return get("/Groups/" + id).body; };
    const std::vector<Json> groups{whole(long_one), whole(short_one), whole(second)};
    const auto search = [&](const std::string& target, Json more) {
        more["schemas"] = {search_schema};
        return post(target, more);
    };
    const std::string by_name = "displayName sw \"Everyone\" or displayName eq \"Few\"";
    for (const auto& [name, answer] : std::vector<std::pair<std::string, Answer>>{
             {"list", get("/Groups")},
             {"search", search("/Groups/.search", {{"count", 10}})},
             {"sorted", search("/Groups/.search", {{"sortBy", "meta.created"}})},
             {"cursor", get("/Groups?cursor&count=10")},
             {"all types", search("/.search", {{"filter", by_name}})},
             {"all types sorted", search("/.search", {{"filter", by_name}, {"sortBy", "id"}})}}) {
        ASSERT_EQ(answer.status, 200) << name << answer.text;
        EXPECT_EQ(answer.header("Transfer-Encoding"), "chunked") << name;
        EXPECT_EQ(answer.body["totalResults"], 3) << name;
        EXPECT_EQ(answer.body["itemsPerPage"], 3) << name;
        ASSERT_EQ(answer.body["Resources"].size(), 3U) << name;
        for (const Json& group : groups) {
            EXPECT_NE(
                std::find(answer.body["Resources"].begin(), answer.body["Resources"].end(), group),
                answer.body["Resources"].end()
            ) << name
              << " lacks " << group["displayName"];
        }
    }
}

TEST_F(ScimStream, ManyShortGroupsTogetherAreStreamedToo) {
    const std::string long_one = add_long_group(600);
    const std::string second = add_long_group_of(ids_, "Again");
    EXPECT_TRUE(get("/Groups/" + second).header("Transfer-Encoding").empty());
    const Answer list = get("/Groups");
    EXPECT_EQ(list.header("Transfer-Encoding"), "chunked");
    ASSERT_EQ(list.body["Resources"].size(), 2U);
    EXPECT_EQ(values(list.body["Resources"][1]["members"]), all());
    const Answer page = get("/Groups?cursor&count=1");
    EXPECT_TRUE(page.header("Transfer-Encoding").empty());
    const Answer next = get("/Groups?count=1&cursor=" + page.body["nextCursor"].get<std::string>());
    EXPECT_EQ(next.body["Resources"][0]["id"], second);
}

TEST_F(ScimStream, Check052_ListsWithoutMembersAreNotStreamed) {
    add_long_group(1200);
    const Answer lean = get("/Groups?excludedAttributes=members");
    EXPECT_EQ(lean.status, 200);
    EXPECT_TRUE(lean.header("Transfer-Encoding").empty());
    EXPECT_FALSE(lean.body["Resources"][0].contains("members"));
}

TEST_F(ScimStream, Check163_WhatAClientMayNotReadIsInNoStreamedAnswer) {
    const std::string id = add_long_group(1200);
    EXPECT_EQ(get("/Groups/" + id).body["members"][7]["display"], "Person \"7\"");
    options_ = {"--no-read", "displayName,userName"};
    for (const std::string& target : {"/Groups/" + id, std::string("/Groups")}) {
        const Answer answer = get(target);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.header("Transfer-Encoding"), "chunked");
        EXPECT_EQ(answer.text.find("Person"), std::string::npos) << target;
        EXPECT_NE(answer.text.find(ids_.back()), std::string::npos) << target;
    }
}

TEST_F(ScimStream, LongAnswersAreCompressedForWhoTakesIt) {
    const std::string id = add_long_group(1300);
    const Headers takes{{"accept-encoding", "gzip, br"}};
    for (const std::string& target :
         {"/Groups/" + id, std::string("/Groups"), std::string("/Users?count=50"),
          std::string("/Schemas")}) {
        const Answer plain = get(target);
        const Answer packed = get(target, takes);
        EXPECT_EQ(packed.status, 200);
        EXPECT_EQ(packed.content_type, "application/scim+json");
        EXPECT_EQ(packed.header("Content-Encoding"), "gzip") << target;
        EXPECT_EQ(packed.header("Vary"), "Accept-Encoding") << target;
        EXPECT_EQ(packed.header("ETag"), plain.header("ETag")) << target;
        EXPECT_LT(packed.text.size(), plain.text.size() / 2) << target;
        EXPECT_EQ(Json::parse(http::test::inflated(packed.text), nullptr, false), plain.body)
            << target;
        EXPECT_TRUE(plain.header("Content-Encoding").empty());
    }
    EXPECT_TRUE(get("/Users/" + ids_[0], takes).header("Content-Encoding").empty()) << "short";
    const Answer issued = send_raw(
        http::Method::post, "/oauth2/token", "grant_type=client_credentials",
        {{"accept-encoding", "gzip"}, {"content-type", "application/x-www-form-urlencoded"}}
    );
    EXPECT_NE(issued.status, 404);
    EXPECT_TRUE(issued.header("Content-Encoding").empty());
    EXPECT_TRUE(issued.header("Vary").empty());
}

/// The same with compression turned off in the configuration.
class ScimPlainAnswers : public ScimServiceTest {
  protected:
    ScimPlainAnswers()
        : ScimServiceTest(
              "server: { listen: \"{ADDRESS}\", public_url: \"https://id.example.com\", "
              "trusted_proxies: [\"127.0.0.1/32\"], compression: false }\n"
          ) {}
};

TEST_F(ScimPlainAnswers, AreNeverCompressed) {
    const Answer answer = get("/Schemas", {{"accept-encoding", "gzip"}});
    EXPECT_TRUE(answer.header("Content-Encoding").empty());
    EXPECT_TRUE(answer.header("Vary").empty());
    EXPECT_TRUE(answer.body.is_object());
}

TEST_F(ScimStream, HundredThousandMembersInFlatMemoryFromOneSnapshot) {
    constexpr std::size_t count = 100'000;
    const std::string id = add_long_group(count);
    // Reads slowly: looks at the daemon's memory after every chunk.
    const auto read_all = [&](http::test::RawClient& client) {
        std::string text;
        std::size_t peak = 0;
        EXPECT_TRUE(client.read_pieces([&](std::string_view piece) {
            text += piece;
            peak = std::max(peak, resident_kib());
        }));
        const Json body = Json::parse(text, nullptr, false);
        EXPECT_TRUE(body.is_object());
        EXPECT_EQ(values(body["members"]), all());
        EXPECT_EQ(body["members"].size(), count);
        EXPECT_GT(text.size(), count * 100);
        return peak;
    };
    {
        auto first = ask("/Groups/" + id);  // fills caches
        read_all(first);
    }
    const std::size_t before = resident_kib();
    auto second = ask("/Groups/" + id);
    EXPECT_LT(read_all(second), before + 8 * 1024) << "the answer has 20 MB";
    auto list = ask("/Groups");
    std::size_t peak = 0;
    std::string text;
    EXPECT_TRUE(list.read_pieces([&](std::string_view piece) {
        text += piece;
        peak = std::max(peak, resident_kib());
    }));
    EXPECT_LT(peak, before + 8 * 1024) << "the list has 20 MB";
    EXPECT_EQ(values(Json::parse(text, nullptr, false)["Resources"][0]["members"]).size(), count);

    // What changes while an answer waits for its reader is not in it.
    auto third = ask("/Groups/" + id);
    const std::string late = add_user("late");
    third.wait_for_bytes();
    EXPECT_EQ(
        patch("/Groups/" + id, Json{operation("add", "members", references({late}))}).status, 204
    );
    EXPECT_EQ(remove("/Users/" + ids_.back()).status, 204);
    read_all(third);
    const Answer after = get("/Groups/" + id + "?attributes=members.value");
    EXPECT_EQ(after.body["members"].size(), count);
    EXPECT_TRUE(values(after.body["members"]).contains(late));

    // Readers that do not read are few; one more is asked to come again.
    std::vector<http::test::RawClient> idle;
    int status = 200;
    while (status == 200 && idle.size() < 100) {
        idle.push_back(ask("/Groups/" + id));
        status = idle.back().read_head().status;
    }
    EXPECT_EQ(status, 503);
    idle.clear();
    test::wait_until("the end of their answers", std::chrono::seconds(30), [&] {
        return get("/Groups/" + id + "?attributes=members.value").status == 200;
    });
}

}  // namespace
}  // namespace bascule::scim::tests
