#include "connectors/ldap/filter_text.hpp"

#include <gtest/gtest.h>

namespace bascule::ldap {
namespace {

TEST(FilterText, ValueCannotAddATerm) {
    EXPECT_EQ(FilterText::equal("uid", "x)(uid=*").text(), "(uid=x\\29\\28uid=\\2a)");
}

TEST(FilterText, ValueCannotEndTheText) {
    EXPECT_EQ(escape_filter_value(std::string_view("a\0b\\", 4)), "a\\00b\\5c");
}

TEST(FilterText, BytesBeyondAsciiAreEscaped) {
    EXPECT_EQ(escape_filter_value("\xc3\xbc"), "\\c3\\bc");
}

TEST(FilterText, PartsAreCombined) {
    const auto person = FilterText::equal("objectClass", "person");
    const auto mail = FilterText::present("mail");
    EXPECT_EQ(
        FilterText::all_of({person, FilterText::negation(mail)}).text(),
        "(&(objectClass=person)(!(mail=*)))"
    );
    EXPECT_EQ(FilterText::any_of({person, mail}).text(), "(|(objectClass=person)(mail=*))");
}

}  // namespace
}  // namespace bascule::ldap
