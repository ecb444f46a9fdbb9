#include "daemon/events/async_request.hpp"

#include <gtest/gtest.h>

#include "daemon/events/poll_endpoint.hpp"
#include "scim/events/event_stream.hpp"

namespace bascule::daemon {
namespace {

TEST(AsyncRequestPassword, AnyNameOrValueThatNamesOneCounts) {
    EXPECT_FALSE(may_carry_password(""));
    EXPECT_FALSE(may_carry_password(R"({"userName":"ada","emails":[{"value":"a@b"}]})"));
    EXPECT_TRUE(may_carry_password(R"({"password":"x"})"));
    EXPECT_TRUE(may_carry_password(R"({"PassWord":"x"})"));
    EXPECT_TRUE(may_carry_password(R"({"\u0070assword":"x"})"));
    EXPECT_TRUE(
        may_carry_password(R"({"Operations":[{"op":"replace","path":"password","value":"x"}]})")
    );
    EXPECT_TRUE(may_carry_password(R"({"Operations":[{"value":{"urn:x:User:password":"x"}}]})"));
    EXPECT_TRUE(may_carry_password("not JSON"));
}

TEST(AsyncRequestAnswer, EachOperationOfABulkRequestIsToldByItself) {
    AsyncRequest request;
    request.id = uuid_v7(Time{});
    request.request.method = http::Method::post;
    request.request.path = "/scim/v2/Bulk";
    http::Response response;
    response.body = R"({"Operations":[
        {"method":"POST","bulkId":"q","status":"201","version":"W/\"1\"",
         "location":"https://x/scim/v2/Users/01890000-0000-7000-8000-000000000001"},
        {"method":"DELETE","status":"404","response":{"status":"404"}}]})";
    const auto records = completion_records(request, response);
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].request_id, request.id.to_string() + ":0");
    EXPECT_EQ(records[1].request_id, request.id.to_string() + ":1");
    EXPECT_EQ(records[0].target->to_string(), "01890000-0000-7000-8000-000000000001");
    EXPECT_EQ(records[1].outcome, directory::Outcome::failed);
}

TEST(AsyncRequestStore, WhatIsKeptComesBack) {
    AsyncRequest request;
    request.client = uuid_v7(Time{});
    request.client_name = "entra";
    request.request.method = http::Method::patch;
    request.request.path = "/scim/v2/Users/1";
    request.request.headers = {{"if-match", "W/\"1\""}};
    request.request.body = "{}";
    request.sequence = 7;
    directory::Object object;
    object.body = async_request_body(request);
    const auto read = async_request_of(object);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->client, request.client);
    EXPECT_EQ(read->request.method, http::Method::patch);
    EXPECT_EQ(read->request.header("if-match"), "W/\"1\"");
    EXPECT_EQ(read->sequence, 7);
    EXPECT_FALSE(read->completed);
    object.body = "{}";
    EXPECT_FALSE(async_request_of(object));
}

TEST(EventTokenId, OnlyItsOwnStreamKnowsIt) {
    scim::events::EventStream stream;
    stream.id = uuid_v7(Time{});
    const auto place = scim::events::place_of(stream, token_id(stream, {42, 3}));
    ASSERT_TRUE(place);
    EXPECT_EQ(*place, (scim::events::TokenPlace{42, 3}));
    for (const char* const foreign : {"", "42.3", "01890000-0000-7000-8000-000000000001.42.3"}) {
        EXPECT_FALSE(scim::events::place_of(stream, foreign));
    }
    EXPECT_FALSE(scim::events::place_of(stream, token_id(stream, {42, 3}) + "x"));
}

TEST(PollRequestJson, WrongMembersAreNamed) {
    using nlohmann::json;
    EXPECT_EQ(parse_poll(json::object())->most, 100U);
    EXPECT_EQ(parse_poll(json::parse(R"({"maxEvents":100000})"))->most, 1000U);
    EXPECT_EQ(parse_poll(json{{"maxEvents", -1}}).error().field, "maxEvents");
    EXPECT_FALSE(parse_poll(json{{"ack", 1}}));
    EXPECT_FALSE(parse_poll(json{{"setErrs", json::array({1})}, {"returnImmediately", "yes"}}));
}

}  // namespace
}  // namespace bascule::daemon
