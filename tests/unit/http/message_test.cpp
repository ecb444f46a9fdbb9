#include "http/api/message.hpp"

#include <gtest/gtest.h>

namespace bascule::http {
namespace {

TEST(QueryParameterDecoding, TellsEmptyFromAbsentAndKeepsDuplicates) {
    const QueryParameters query("filter=&count=10&a=1&a=2&flag");
    EXPECT_EQ(query.get("filter"), "");
    EXPECT_EQ(query.get("flag"), "");
    EXPECT_FALSE(query.get("absent"));
    EXPECT_EQ(query.get("a"), "1");
    EXPECT_EQ(query.count("a"), 2u);
    EXPECT_EQ(query.count("count"), 1u);
}

TEST(QueryParameterDecoding, PlusIsSpaceAndEscapedPlusIsPlus) {
    const QueryParameters query("filter=userName+eq+%22a%2Bb%40x.org%22");
    EXPECT_EQ(query.get("filter"), "userName eq \"a+b@x.org\"");
}

TEST(QueryParameterDecoding, KeepsBrokenEscapesAndEqualsSigns) {
    const QueryParameters query("a=100%&b=%zz&c=%4&d=x=y&&=v");
    EXPECT_EQ(query.get("a"), "100%");
    EXPECT_EQ(query.get("b"), "%zz");
    EXPECT_EQ(query.get("c"), "%4");
    EXPECT_EQ(query.get("d"), "x=y");
    EXPECT_EQ(query.get(""), "v");
    EXPECT_TRUE(QueryParameters("").all().empty());
}

TEST(PercentDecoding, LeavesPlusInPathsAlone) {
    EXPECT_EQ(percent_decode("a+b%20c%C3%A9"), "a+b cé");
}

TEST(RequestHeader, IsFoundByLowerCaseName) {
    Request request;
    request.headers = {{"if-match", "W/\"1\""}, {"x", "first"}, {"x", "second"}};
    EXPECT_EQ(request.header("if-match"), "W/\"1\"");
    EXPECT_EQ(request.header("x"), "first");
    EXPECT_EQ(request.header("absent"), "");
}

}  // namespace
}  // namespace bascule::http
