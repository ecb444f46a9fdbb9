#include "directory/model/registry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "directory/base/text.hpp"
#include "directory/model/internal_types.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::directory {
namespace {

constexpr const char* enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

AttributeSpec searchable(AttributePath path, ValueType type = ValueType::text) {
    AttributeSpec spec;
    spec.path = std::move(path);
    spec.type = type;
    spec.searchable = true;
    return spec;
}

class TermsTest : public testing::Test {
  protected:
    TermsTest() {
        AttributeSpec exact = searchable({"", "externalId", ""});
        exact.case_exact = true;
        AttributeSpec silent = searchable({"", "title", ""});
        silent.searchable = false;
        user_ = registry_.add(
            {"User",
             true,
             {searchable({"", "userName", ""}), exact, silent,
              searchable({"", "name", "familyName"}), searchable({"", "emails", "value"}),
              searchable({"", "emails", "type"}),
              searchable({"", "active", ""}, ValueType::boolean), searchable({"", "tags", ""}),
              searchable({enterprise, "department", ""}),
              searchable({enterprise, "cost", "center"}, ValueType::integer)}}
        );
    }

    std::vector<std::string> terms(std::string_view body) {
        std::vector<std::string> lines;
        for (const Term& term : terms_of(registry_, user_, body)) {
            lines.push_back(registry_.spec(term.attribute).path.to_string() + "=" + term.value);
        }
        std::sort(lines.begin(), lines.end());
        return lines;
    }

    Registry registry_;
    TypeId user_{};
};

TEST_F(TermsTest, TakesSearchableValuesFromAllPlaces) {
    const std::string body =
        std::string(R"({"schemas":["x"],"userName":"JDoe","externalId":"Ab",)") +
        R"("title":"Boss","name":{"familyName":"Müller","x":1},"active":true,)" +
        R"("emails":[{"value":"J@X.org","type":"work"},{"value":"k@x.org"}],)" +
        R"("tags":["B","a","b"],")" + enterprise +
        R"(":{"department":"Sales","cost":{"center":7}}})";
    const std::vector<std::string> expected{
        "active=true",
        "emails.type=work",
        "emails.value=j@x.org",
        "emails.value=k@x.org",
        "externalId=Ab",
        "name.familyName=müller",
        "tags=a",
        "tags=b",
        std::string(enterprise) + ":cost.center=8000000000000007",
        std::string(enterprise) + ":department=sales",
        "userName=jdoe",
    };
    auto sorted = expected;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(terms(body), sorted);
}

TEST_F(TermsTest, LeavesOutNullEmptyAndForeignTypes) {
    EXPECT_EQ(
        terms(
            R"({"userName":"","externalId":null,"active":"true","tags":[],"name":{},"emails":[{}]})"
        ),
        std::vector<std::string>{}
    );
}

TEST_F(TermsTest, DecodesEscapesBeforeFolding) {
    EXPECT_EQ(terms(R"({"userName":"A\"\u00dc"})"), std::vector<std::string>{"userName=a\"ü"});
}

TEST_F(TermsTest, AreSortedByAttributeAndValue) {
    const auto found = terms_of(registry_, user_, R"({"tags":["c","a"],"userName":"z"})");
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].value, "z");
    EXPECT_EQ(found[1].value, "a");
    EXPECT_EQ(found[2].value, "c");
}

TEST_F(TermsTest, LongValuesKeepAPrefixOfWholeCharacters) {
    const std::string long_name = std::string(255, 'A') + "é" + "tail";
    const auto found = terms_of(registry_, user_, "{\"userName\":\"" + long_name + "\"}");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].value, std::string(255, 'a'));
    EXPECT_EQ(term_key(fold_case(long_name)), found[0].value);
    EXPECT_TRUE(may_be_cut(found[0].value));
}

TEST(TermKey, KeepsShortTextsAndCutsAtCharacters) {
    EXPECT_EQ(term_key("abc"), "abc");
    EXPECT_FALSE(may_be_cut("abc"));
    EXPECT_EQ(term_key(std::string(256, 'x')), std::string(256, 'x'));
    EXPECT_EQ(term_key(std::string(300, 'x')), std::string(256, 'x'));
    const std::string faces = std::string(254, 'x') + "🙂🙂";
    EXPECT_EQ(term_key(faces), std::string(254, 'x'));
    EXPECT_TRUE(may_be_cut(term_key(faces)));
    // Bytes that are no UTF-8 are cut too, and never run away.
    EXPECT_GE(term_key(std::string(300, '\x80')).size(), term_limit - 4);
}

TEST(TermValue, NumbersKeepTheirOrderAsText) {
    const std::vector<std::int64_t> whole{
        std::numeric_limits<std::int64_t>::min(), -10, -9, -1, 0, 1, 9, 10,
        std::numeric_limits<std::int64_t>::max()};
    for (std::size_t i = 1; i < whole.size(); ++i) {
        EXPECT_LT(integer_term(whole[i - 1]), integer_term(whole[i]));
    }
    const std::vector<double> decimal{-1e300, -10.5, -10, -1e-300, 0, 1e-300, 9, 10, 10.5, 1e300};
    for (std::size_t i = 1; i < decimal.size(); ++i) {
        EXPECT_LT(decimal_term(decimal[i - 1]), decimal_term(decimal[i]));
    }
    EXPECT_EQ(decimal_term(-0.0), decimal_term(0.0));
}

TEST(TermValue, EqualNumbersHaveEqualText) {
    const auto integer = searchable({"", "n", ""}, ValueType::integer);
    EXPECT_EQ(term_value(integer, "100"), term_value(integer, "1e2"));
    EXPECT_EQ(term_value(integer, "100"), term_value(integer, "100.0"));
    EXPECT_FALSE(term_value(integer, "100.5"));
    EXPECT_FALSE(term_value(integer, "\"100\""));
    EXPECT_FALSE(term_value(integer, "1e300"));
    const auto decimal = searchable({"", "n", ""}, ValueType::decimal);
    EXPECT_EQ(term_value(decimal, "1.5"), term_value(decimal, "15e-1"));
    EXPECT_FALSE(term_value(decimal, "null"));
}

TEST(TermValue, TimesCompareAsInstants) {
    const auto time = searchable({"", "t", ""}, ValueType::date_time);
    EXPECT_EQ(
        term_value(time, "\"2026-11-22T01:00:00+01:00\""),
        term_value(time, "\"2026-11-22T00:00:00Z\"")
    );
    EXPECT_FALSE(term_value(time, "\"2026-11-22\""));
}

TEST(TermValue, BinaryIsNeverFolded) {
    EXPECT_EQ(term_value(searchable({"", "x", ""}, ValueType::binary), "\"QUJD\""), "QUJD");
}

TEST(TypeRegistry, FindsWhatWasAddedAndRefusesDuplicates) {
    Registry registry;
    const TypeId type = registry.add({"User", true, {searchable({"", "userName", ""})}});
    EXPECT_EQ(registry.find_type("User"), type);
    EXPECT_FALSE(registry.find_type("user"));
    const auto attribute = registry.find_attribute(type, {"", "userName", ""});
    ASSERT_TRUE(attribute);
    EXPECT_EQ(registry.type_of(*attribute), type);
    EXPECT_FALSE(registry.find_attribute(type, {"", "username", ""}));
    EXPECT_THROW(registry.add({"User", true, {}}), std::logic_error);
    EXPECT_THROW(
        registry.add({"Two", true, {searchable({"", "a", ""}), searchable({"", "a", ""})}}),
        std::logic_error
    );
    EXPECT_THROW((void)registry.type("None"), std::logic_error);
}

TEST(TypeRegistry, KnowsTheInternalTypes) {
    Registry registry;
    register_internal_types(registry);
    EXPECT_FALSE(registry.spec(registry.type("Unmapped")).has_local_life);
    const auto hash = registry.find_attribute(registry.type("Token"), {"", "hash", ""});
    ASSERT_TRUE(hash);
    EXPECT_TRUE(registry.spec(*hash).unique);
    EXPECT_TRUE(registry.spec(*hash).case_exact);
    EXPECT_TRUE(registry.find_attribute(registry.type("Session"), {"", "user", ""}));
    EXPECT_TRUE(registry.attributes(registry.type("Credential")).empty());
    EXPECT_TRUE(registry.find_type("IdempotencyKey"));
}

TEST(AttributePathText, WritesEveryForm) {
    EXPECT_EQ((AttributePath{"", "emails", "value"}).to_string(), "emails.value");
    EXPECT_EQ(
        (AttributePath{"urn:x:2.0:User", "manager", "value"}).to_string(),
        "urn:x:2.0:User:manager.value"
    );
    EXPECT_EQ((AttributePath{"urn:x:2.0:User", "", ""}).to_string(), "urn:x:2.0:User");
}

TEST(SourceEntryValues, AreFoundWithoutCase) {
    SourceEntry entry;
    entry.attributes = {{"objectClass", {"top", "person"}}, {"cn;lang-de", {"x"}}};
    EXPECT_EQ(entry.values("OBJECTCLASS").size(), 2u);
    EXPECT_TRUE(entry.values("cn").empty());
}

}  // namespace
}  // namespace bascule::directory
