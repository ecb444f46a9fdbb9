#include "connectors/ldap/page_size.hpp"

#include <gtest/gtest.h>

namespace bascule::ldap {
namespace {

using std::chrono::milliseconds;

TEST(PageSize, PagesOfASlowServerBecomeSmallerDownToALimit) {
    PageSize size(1000);
    EXPECT_EQ(size.current(), 1000U);
    size.took(milliseconds(2'500));
    EXPECT_EQ(size.current(), 500U);
    for (int page = 0; page < 10; ++page) {
        size.took(milliseconds(9'000));
    }
    EXPECT_EQ(size.current(), 50U);
}

TEST(PageSize, PagesGrowAgainAndNeverBeyondTheFirst) {
    PageSize size(1000);
    size.took(milliseconds(3'000));
    size.took(milliseconds(1'000));
    EXPECT_EQ(size.current(), 500U);
    for (int page = 0; page < 10; ++page) {
        size.took(milliseconds(10));
    }
    EXPECT_EQ(size.current(), 1000U);
}

TEST(PageSize, SmallPagesStayAsSmallAsTheyWereAskedFor) {
    PageSize size(2);
    size.took(milliseconds(5'000));
    EXPECT_EQ(size.current(), 2U);
}

}  // namespace
}  // namespace bascule::ldap
