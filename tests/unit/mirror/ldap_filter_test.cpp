#include "connectors/ldap/mapping/ldap_filter.hpp"

#include <gtest/gtest.h>

#include "tests/unit/mirror/entry_text.hpp"

namespace bascule::ldap {
namespace {

directory::SourceEntry account() {
    return test::parse_entry(
        "dn: uid=jdoe,ou=Sales,dc=example,dc=com\nobjectClass: account\nobjectClass: "
        "posixAccount\nuid: jdoe\n"
        "cn: Jane  Doe\nuidNumber: 1001\nhomeDirectory: /home/JDoe\nuserAccountControl: 514\nsn: "
        "Müller\n"
    );
}

bool matches(const char* filter) {
    const auto parsed = LdapFilter::parse(filter);
    EXPECT_TRUE(parsed) << filter;
    return parsed && parsed->matches(account());
}

TEST(LdapFilterMatch, ComparesTextWithoutCaseAndSpaces) {
    EXPECT_TRUE(matches("(cn=jane doe)"));
    EXPECT_TRUE(matches("(CN= JANE   DOE )"));
    EXPECT_TRUE(matches("(objectClass=POSIXACCOUNT)"));
    EXPECT_TRUE(matches("(sn=MÜLLER)"));
    EXPECT_FALSE(matches("(cn=janedoe)"));
}

TEST(LdapFilterMatch, KeepsCaseWhereTheAttributeDoes) {
    EXPECT_TRUE(matches("(homeDirectory=/home/JDoe)"));
    EXPECT_FALSE(matches("(homeDirectory=/home/jdoe)"));
}

TEST(LdapFilterMatch, AbsentAttributeIsFalseAndItsNegationTrue) {
    EXPECT_FALSE(matches("(employeeType=retired)"));
    EXPECT_TRUE(matches("(!(employeeType=retired))"));
    EXPECT_FALSE(matches("(employeeType=*)"));
}

TEST(LdapFilterMatch, UndecidableTermIsUndefinedAndSoIsItsNegation) {
    EXPECT_FALSE(matches("(uid:1.2.840.113556.1.4.803:=2)"));
    EXPECT_FALSE(matches("(!(uid:1.2.840.113556.1.4.803:=2))"));
    EXPECT_TRUE(matches("(|(uid:1.2.840.113556.1.4.803:=2)(uid=jdoe))"));
}

TEST(LdapFilterMatch, ChecksBits) {
    EXPECT_TRUE(matches("(userAccountControl:1.2.840.113556.1.4.803:=2)"));
    EXPECT_FALSE(matches("(!(userAccountControl:1.2.840.113556.1.4.803:=2))"));
    EXPECT_FALSE(matches("(userAccountControl:1.2.840.113556.1.4.803:=32)"));
}

TEST(LdapFilterMatch, FindsSubstrings) {
    EXPECT_TRUE(matches("(cn=J*D*e)"));
    EXPECT_TRUE(matches("(cn=*ne d*)"));
    EXPECT_TRUE(matches("(uid=jd*)"));
    EXPECT_FALSE(matches("(uid=jdoe*e)"));
    EXPECT_FALSE(matches("(cn=J*x*)"));
}

TEST(LdapFilterMatch, OrdersNumbersAsNumbers) {
    EXPECT_TRUE(matches("(uidNumber>=999)"));
    EXPECT_FALSE(matches("(uidNumber<=999)"));
    EXPECT_TRUE(matches("(uid>=jane)"));
}

TEST(LdapFilterMatch, TreatsEmptyAndAsTrueAndEmptyOrAsFalse) {
    EXPECT_TRUE(matches("(&)"));
    EXPECT_FALSE(matches("(|)"));
}

TEST(LdapFilterExplain, NamesTheFirstFalseTermAndWhatIsThere) {
    const auto filter = LdapFilter::parse("(&(uid=*)(objectClass=inetOrgPerson))");
    ASSERT_TRUE(filter);
    EXPECT_EQ(
        filter->explain(account()),
        "(objectClass=inetOrgPerson) is false (the entry has objectClass: account, posixAccount)"
    );
    EXPECT_EQ(
        LdapFilter::parse("(!(uid=jdoe))")->explain(account()),
        "(!(uid=jdoe)) is false (the entry has uid: jdoe)"
    );
    EXPECT_EQ(
        LdapFilter::parse("(mail=*)")->explain(account()),
        "(mail=*) is false (the entry has no mail)"
    );
    EXPECT_EQ(LdapFilter::parse("(uid=jdoe)")->explain(account()), "");
}

TEST(LdapFilterParse, PrintsWhatItRead) {
    for (const char* text :
         {"(uid=jdoe)", "(&(objectClass=person)(|(uid=a*b*c)(!(cn=*))))",
          "(cn=a\\2ab\\28c\\29\\5c)", "(n>=5)", "(n<=5)", "(cn~=x)", "(cn=*x)", "(&)",
          "(userAccountControl:1.2.840.113556.1.4.804:=6)", "(sn=Müller)"}) {
        const auto once = LdapFilter::parse(text);
        ASSERT_TRUE(once) << text;
        EXPECT_EQ(once->to_string(), text);
    }
}

TEST(LdapFilterParse, AcceptsBareItem) {
    EXPECT_EQ(LdapFilter::parse("uid=jdoe")->to_string(), "(uid=jdoe)");
}

TEST(LdapFilterParse, RefusesWhatIsNoFilter) {
    for (const char* text :
         {"", "(", "()", "(uid)", "(=x)", "(uid=x", "(uid=x))", "(&(uid=x)", "(!)", "(uid=\\2)",
          "(uid=\\zz)", "(u id=x)", "(cn:caseExactMatch:=x)", "(uid=x)y",
          "(userAccountControl:1.2.840.113556.1.4.803:=two)"}) {
        const auto filter = LdapFilter::parse(text);
        ASSERT_FALSE(filter) << text;
        EXPECT_EQ(filter.error().code, "invalid_filter");
    }
}

TEST(LdapFilterParse, IsBounded) {
    std::string deep;
    for (int level = 0; level < 100; ++level)
        deep += "(!";
    deep += "(a=b)" + std::string(100, ')');
    EXPECT_FALSE(LdapFilter::parse(deep));
    EXPECT_FALSE(LdapFilter::parse("(a=" + std::string(20000, 'x') + ")"));
    std::string wide = "(|";
    for (int term = 0; term < 1001; ++term)
        wide += "(a=b)";
    EXPECT_FALSE(LdapFilter::parse(wide + ")"));
}

}  // namespace
}  // namespace bascule::ldap
