#include "http/api/router.hpp"

#include <gtest/gtest.h>

namespace bascule::http {
namespace {

class RouterTest : public testing::Test {
  protected:
    void add(Method method, std::string pattern) {
        Route route;
        route.method = method;
        route.pattern = std::move(pattern);
        ASSERT_TRUE(router_.add(std::move(route)));
    }
    std::string pattern_for(Method method, std::string_view path) {
        const auto match = router_.match(method, path);
        return match.route == nullptr ? "" : match.route->pattern;
    }
    Router router_;
};

TEST_F(RouterTest, TakesParametersDecoded) {
    add(Method::get, "/scim/v2/Users/{}");
    const auto match = router_.match(Method::get, "/scim/v2/Users/a%2Fb%20c");
    ASSERT_NE(match.route, nullptr);
    EXPECT_EQ(match.parameters, std::vector<std::string>{"a/b c"});
    EXPECT_EQ(pattern_for(Method::get, "/scim/v2/Users/a/b"), "");
}

TEST_F(RouterTest, LiteralSegmentsWinOverParametersInAnyOrder) {
    add(Method::get, "/{*}");
    add(Method::get, "/Users/{}");
    add(Method::get, "/Users/.search");
    EXPECT_EQ(pattern_for(Method::get, "/Users/.search"), "/Users/.search");
    EXPECT_EQ(pattern_for(Method::get, "/Users/7"), "/Users/{}");
    EXPECT_EQ(pattern_for(Method::get, "/Users/7/8"), "/{*}");
    EXPECT_EQ(pattern_for(Method::get, "/"), "/{*}");
}

TEST_F(RouterTest, TheRestKeepsItsSlashes) {
    add(Method::get, "/files/{*}");
    EXPECT_EQ(
        router_.match(Method::get, "/files/a/b.js").parameters, std::vector<std::string>{"a/b.js"}
    );
    EXPECT_EQ(router_.match(Method::get, "/files").parameters, std::vector<std::string>{""});
}

TEST_F(RouterTest, ASlashAtTheEndIsIgnoredAndAnEmptyParameterIsNone) {
    add(Method::get, "/Users");
    add(Method::get, "/Users/{}/x");
    EXPECT_EQ(pattern_for(Method::get, "/Users/"), "/Users");
    EXPECT_EQ(pattern_for(Method::get, "/Users//x"), "");
    EXPECT_EQ(pattern_for(Method::get, "/users"), "");
}

TEST_F(RouterTest, NamesTheMethodsThatThePathHas) {
    add(Method::get, "/Users/{}");
    add(Method::patch, "/Users/{}");
    add(Method::post, "/Users");
    const auto match = router_.match(Method::post, "/Users/7");
    EXPECT_EQ(match.route, nullptr);
    EXPECT_EQ(match.allowed, (std::vector<Method>{Method::get, Method::patch}));
    EXPECT_TRUE(router_.match(Method::get, "/Nothing").allowed.empty());
}

TEST_F(RouterTest, HeadFallsBackToGet) {
    add(Method::get, "/a");
    EXPECT_EQ(pattern_for(Method::head, "/a"), "/a");
    add(Method::head, "/a");
    EXPECT_EQ(router_.match(Method::head, "/a").route->method, Method::head);
}

TEST_F(RouterTest, RefusesDuplicates) {
    add(Method::get, "/a");
    Route route;
    route.pattern = "/a";
    const auto status = router_.add(route);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, "duplicate_route");
}

}  // namespace
}  // namespace bascule::http
