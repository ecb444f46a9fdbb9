#include "directory/query/evaluator.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bascule::directory {
namespace {

constexpr const char* enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

Filter compare(
    AttributePath path, Operator op, FilterValue value = {}, ValueType type = ValueType::text
) {
    Filter filter;
    filter.kind = Filter::Kind::comparison;
    filter.spec.path = std::move(path);
    filter.spec.type = type;
    filter.op = op;
    filter.value = std::move(value);
    return filter;
}

Filter combine(Filter::Kind kind, std::vector<Filter> children) {
    Filter filter;
    filter.kind = kind;
    filter.children = std::move(children);
    return filter;
}

bool test(const Filter& filter, std::string_view body) {
    return matches(filter, ObjectRow{}, body, {});
}

bool number(
    std::string_view json, Operator op, FilterValue value, ValueType type = ValueType::integer
) {
    return test(
        compare({"", "n", ""}, op, std::move(value), type), "{\"n\":" + std::string(json) + "}"
    );
}

std::string text(const char* value) {
    return value;
}

TEST(FilterPresence, FollowsTheRfc) {
    const auto present = compare({"", "a", ""}, Operator::pr);
    for (const char* absent :
         {"{}", R"({"a":null})", R"({"a":""})", R"({"a":[]})", R"({"a":{}})", R"({"a":[{}]})",
          R"({"a":[{"x":null}]})"}) {
        EXPECT_FALSE(test(present, absent)) << absent;
    }
    for (const char* there :
         {R"({"a":false})", R"({"a":0})", R"({"a":"x"})", R"({"a":[{"x":1}]})",
          R"({"a":{"b":[1]}})"}) {
        EXPECT_TRUE(test(present, there)) << there;
    }
}

TEST(FilterPresence, OfASubAttributeNeedsOneElementThatHasIt) {
    const auto present = compare({"", "emails", "type"}, Operator::pr);
    EXPECT_FALSE(test(present, R"({"emails":[{"value":"x"}]})"));
    EXPECT_TRUE(test(present, R"({"emails":[{"value":"x"},{"type":"work"}]})"));
}

TEST(FilterNull, MeansAbsence) {
    EXPECT_TRUE(test(compare({"", "a", ""}, Operator::eq), "{}"));
    EXPECT_FALSE(test(compare({"", "a", ""}, Operator::eq), R"({"a":"x"})"));
    EXPECT_FALSE(test(compare({"", "a", ""}, Operator::ne), "{}"));
    EXPECT_TRUE(test(compare({"", "a", ""}, Operator::ne), R"({"a":"x"})"));
}

TEST(FilterText, FoldsUnlessCaseExact) {
    auto filter = compare({"", "a", ""}, Operator::eq, text("STRASSE"));
    EXPECT_TRUE(test(filter, R"({"a":"Straße"})"));
    filter.spec.case_exact = true;
    EXPECT_FALSE(test(filter, R"({"a":"Straße"})"));
    EXPECT_TRUE(test(filter, R"({"a":"STRASSE"})"));
}

TEST(FilterText, ContainsStartsEndsFold) {
    const char* body = R"({"a":"Zoë Müller"})";
    EXPECT_TRUE(test(compare({"", "a", ""}, Operator::co, text("Ë MÜ")), body));
    EXPECT_TRUE(test(compare({"", "a", ""}, Operator::sw, text("zoe\u0308")), body));
    EXPECT_TRUE(test(compare({"", "a", ""}, Operator::ew, text("LLER")), body));
    EXPECT_FALSE(test(compare({"", "a", ""}, Operator::sw, text("ller")), body));
}

TEST(FilterText, DecodesEscapes) {
    EXPECT_TRUE(
        test(compare({"", "a", ""}, Operator::eq, text("x\"y\\z\n")), R"({"a":"x\"y\\z\n"})")
    );
    EXPECT_TRUE(test(compare({"", "a", ""}, Operator::eq, text("🙂")), R"({"a":"\ud83d\ude42"})")
    );
}

TEST(FilterText, OrdersByFoldedText) {
    EXPECT_TRUE(test(compare({"", "a", ""}, Operator::gt, text("B")), R"({"a":"c"})"));
    EXPECT_FALSE(test(compare({"", "a", ""}, Operator::gt, text("c")), R"({"a":"C"})"));
    EXPECT_TRUE(test(compare({"", "a", ""}, Operator::ge, text("c")), R"({"a":"C"})"));
    EXPECT_TRUE(test(compare({"", "a", ""}, Operator::lt, text("D")), R"({"a":"c"})"));
    EXPECT_TRUE(test(compare({"", "a", ""}, Operator::le, text("C")), R"({"a":"c"})"));
    EXPECT_FALSE(test(compare({"", "a", ""}, Operator::lt, text("x")), "{}"));
}

TEST(FilterText, LongValuesCompareToTheEnd) {
    const std::string long_text(400, 'x');
    const std::string body = "{\"a\":\"" + long_text + "1\"}";
    EXPECT_TRUE(test(compare({"", "a", ""}, Operator::eq, long_text + "1"), body));
    EXPECT_FALSE(test(compare({"", "a", ""}, Operator::eq, long_text + "2"), body));
}

TEST(FilterNotEqual, MatchesUnassignedAndAnyDifferentValue) {
    const auto filter = compare({"", "tags", ""}, Operator::ne, text("a"));
    EXPECT_TRUE(test(filter, "{}"));
    EXPECT_FALSE(test(filter, R"({"tags":["A"]})"));
    EXPECT_TRUE(test(filter, R"({"tags":["a","b"]})"));
    const auto none =
        combine(Filter::Kind::negation, {compare({"", "tags", ""}, Operator::eq, text("a"))});
    EXPECT_FALSE(test(none, R"({"tags":["a","b"]})"));
}

TEST(FilterMultiValued, MatchesWhenAnyValueDoes) {
    const char* body =
        R"({"emails":[{"value":"a@x.org","type":"home"},{"value":"b@y.org","type":"work"}]})";
    EXPECT_TRUE(test(compare({"", "emails", "value"}, Operator::eq, text("B@Y.org")), body));
    EXPECT_FALSE(test(compare({"", "emails", "value"}, Operator::eq, text("c@y.org")), body));
    // Without a sub-attribute a complex attribute stands for its value.
    EXPECT_TRUE(test(compare({"", "emails", ""}, Operator::co, text("y.org")), body));
}

TEST(FilterValuePath, MustBeMetByOneElement) {
    const char* body =
        R"({"emails":[{"value":"a@x.org","type":"work"},{"value":"b@y.org","type":"home"}]})";
    const auto type = compare({"", "", "type"}, Operator::eq, text("work"));
    const auto value = compare({"", "", "value"}, Operator::co, text("@y"));
    Filter path = combine(Filter::Kind::value_path, {combine(Filter::Kind::all_of, {type, value})});
    path.path.name = "emails";
    EXPECT_FALSE(test(path, body));
    const auto apart = combine(
        Filter::Kind::all_of, {compare({"", "emails", "type"}, Operator::eq, text("work")),
                               compare({"", "emails", "value"}, Operator::co, text("@y"))}
    );
    EXPECT_TRUE(test(apart, body));
    path.children[0].kind = Filter::Kind::any_of;
    EXPECT_TRUE(test(path, body));
    path.children[0] = combine(Filter::Kind::negation, {type});
    EXPECT_TRUE(test(path, body));
    EXPECT_FALSE(test(path, "{}"));
}

TEST(FilterElement, SimpleElementsStandForTheirValue) {
    EXPECT_TRUE(matches_element(compare({"", "", "value"}, Operator::eq, text("X")), "\"x\""));
    EXPECT_FALSE(matches_element(compare({"", "", "type"}, Operator::pr), "\"x\""));
}

TEST(FilterExtension, ReachesIntoTheExtensionMember) {
    const std::string body =
        std::string("{\"") + enterprise +
        R"(":{"department":"Sales","manager":{"value":"Id-1"}},"department":"No"})";
    EXPECT_TRUE(test(compare({enterprise, "department", ""}, Operator::eq, text("sales")), body));
    EXPECT_TRUE(test(compare({enterprise, "manager", "value"}, Operator::eq, text("id-1")), body));
    EXPECT_TRUE(test(compare({enterprise, "", ""}, Operator::pr), body));
    EXPECT_FALSE(test(compare({enterprise, "", ""}, Operator::pr), "{}"));
}

TEST(FilterNumber, ComparesByValueAndNotByText) {
    EXPECT_TRUE(number("10", Operator::gt, std::int64_t{9}));
    EXPECT_TRUE(number("-10", Operator::lt, std::int64_t{-9}));
    EXPECT_TRUE(number("100", Operator::eq, 1e2));
    EXPECT_TRUE(number("9223372036854775807", Operator::gt, std::int64_t{9223372036854775806}));
    EXPECT_TRUE(number("1.50", Operator::eq, 1.5, ValueType::decimal));
    EXPECT_TRUE(number("2", Operator::ge, std::int64_t{2}, ValueType::decimal));
}

TEST(FilterNumber, AFractionLiesBetweenIntegers) {
    EXPECT_TRUE(number("10", Operator::lt, 10.5));
    EXPECT_TRUE(number("11", Operator::ge, 10.5));
    EXPECT_FALSE(number("10", Operator::eq, 10.5));
    EXPECT_TRUE(number("10", Operator::ne, 10.5));
    EXPECT_TRUE(number("9223372036854775807", Operator::lt, 1e19));
    EXPECT_TRUE(number("null", Operator::ne, 10.5));
    EXPECT_FALSE(number("null", Operator::lt, 10.5));
}

TEST(FilterBoolean, ComparesOnlyBooleans) {
    const auto active = compare({"", "n", ""}, Operator::eq, true, ValueType::boolean);
    EXPECT_TRUE(test(active, R"({"n":true})"));
    EXPECT_FALSE(test(active, R"({"n":false})"));
    EXPECT_FALSE(test(active, R"({"n":"true"})"));
    EXPECT_FALSE(number("true", Operator::eq, text("true"), ValueType::boolean));
    EXPECT_TRUE(number("true", Operator::ne, text("true"), ValueType::boolean));
}

TEST(FilterTime, ComparesInstants) {
    const Time noon = *parse_time("2026-11-22T12:00:00Z");
    const char* body = R"({"t":"2026-11-22T14:00:00.000000001+02:00"})";
    EXPECT_TRUE(test(compare({"", "t", ""}, Operator::eq, noon, ValueType::date_time), body));
    EXPECT_FALSE(test(compare({"", "t", ""}, Operator::gt, noon, ValueType::date_time), body));
    EXPECT_TRUE(test(compare({"", "t", ""}, Operator::ge, noon, ValueType::date_time), body));
}

TEST(FilterRow, ComparesIdAndTimes) {
    ObjectRow row;
    row.id = *parse_uuid("0192a3b4-c5d6-7e8f-9012-3456789abcde");
    row.created = *parse_time("2026-01-01T00:00:00Z");
    Filter filter;
    filter.kind = Filter::Kind::row_field;
    filter.value = row.id.to_string();
    EXPECT_TRUE(matches(filter, row, "{}", {}));
    filter.op = Operator::sw;
    filter.value = text("0192");
    EXPECT_TRUE(matches(filter, row, "{}", {}));
    filter.value = text("0192A");
    EXPECT_FALSE(matches(filter, row, "{}", {}));
    filter.field = RowField::created;
    filter.op = Operator::lt;
    filter.value = row.created + std::chrono::milliseconds(1);
    EXPECT_TRUE(matches(filter, row, "{}", {}));
    filter.op = Operator::gt;
    EXPECT_FALSE(matches(filter, row, "{}", {}));
    filter.op = Operator::pr;
    EXPECT_TRUE(matches(filter, row, "{}", {}));
}

TEST(FilterEdges, AreAnsweredByTheCaller) {
    Filter filter;
    filter.kind = Filter::Kind::edge_to;
    filter.edge = EdgeKind::manager;
    EXPECT_FALSE(matches(filter, {}, "{}", {}));
    EXPECT_TRUE(matches(filter, {}, "{}", [](const Filter& edge) {
        return edge.edge == EdgeKind::manager;
    }));
    const auto inverted = combine(Filter::Kind::negation, {filter});
    EXPECT_TRUE(matches(inverted, {}, "{}", [](const Filter&) { return false; }));
    for (const auto kind : {Filter::Kind::has_edges_to, Filter::Kind::has_edges_from}) {
        filter.kind = kind;
        EXPECT_FALSE(matches(filter, {}, "{}", {}));
        EXPECT_TRUE(matches(filter, {}, "{}", [&](const Filter& edge) { return edge.kind == kind; })
        );
    }
}

TEST(FilterLogic, CombinesAndKnowsTheConstants) {
    const Filter always;
    const Filter never = combine(Filter::Kind::never, {});
    EXPECT_TRUE(test(always, "{}"));
    EXPECT_FALSE(test(never, "{}"));
    EXPECT_TRUE(test(combine(Filter::Kind::any_of, {never, always}), "{}"));
    EXPECT_FALSE(test(combine(Filter::Kind::all_of, {never, always}), "{}"));
    EXPECT_TRUE(test(combine(Filter::Kind::negation, {never}), "{}"));
}

TEST(ComparedText, IsWhatTermsHold) {
    AttributeSpec spec;
    EXPECT_EQ(compared_text(spec, text("ÄB")), "äb");
    EXPECT_FALSE(compared_text(spec, std::int64_t{1}));
    spec.type = ValueType::integer;
    EXPECT_EQ(compared_text(spec, std::int64_t{7}), term_value(spec, "7"));
    EXPECT_EQ(compared_text(spec, 7.0), term_value(spec, "7"));
    EXPECT_FALSE(compared_text(spec, 7.5));
    spec.type = ValueType::decimal;
    EXPECT_EQ(compared_text(spec, std::int64_t{7}), term_value(spec, "7.0"));
}

}  // namespace
}  // namespace bascule::directory
