#include "http/api/problem.hpp"

#include <gtest/gtest.h>

namespace bascule::http {
namespace {

TEST(ProblemResponse, CarriesCodeDetailFieldAndRequestId) {
    const Error error{ErrorKind::rate_limited, "too_many_attempts",
                      "Wait a \"minute\".",    "password",
                      "secret context",        std::chrono::seconds(30)};
    const Response response = problem(error, "req-1");
    EXPECT_EQ(response.status, 429);
    EXPECT_EQ(response.content_type, "application/problem+json");
    EXPECT_EQ(
        response.body, R"({"title":"Too Many Requests","status":429,"code":"too_many_attempts",)"
                       R"("detail":"Wait a \"minute\".","field":"password","requestId":"req-1"})"
    );
    const std::vector<std::pair<std::string, std::string>> headers{{"Retry-After", "30"}};
    EXPECT_EQ(response.headers, headers);
}

TEST(ProblemStatus, FollowsTheKind) {
    const auto status = [](ErrorKind kind, const char* code = "x") {
        return status_of(Error{kind, code, "", "", "", {}});
    };
    EXPECT_EQ(status(ErrorKind::invalid_input), 400);
    EXPECT_EQ(status(ErrorKind::conflict, "uniqueness"), 409);
    EXPECT_EQ(status(ErrorKind::conflict, "mutability"), 400);
    EXPECT_EQ(status(ErrorKind::policy_rejected), 422);
    EXPECT_EQ(status(ErrorKind::unavailable), 503);
    EXPECT_EQ(status(ErrorKind::timeout), 504);
    EXPECT_EQ(status(ErrorKind::internal), 500);
}

}  // namespace
}  // namespace bascule::http
