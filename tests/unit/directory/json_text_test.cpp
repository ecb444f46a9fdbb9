#include "directory/base/json_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bascule {
namespace {

std::string json_string(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

TEST(JsonString, EscapesOnlyWhatTheFormatRequires) {
    EXPECT_EQ(json_string("a\"b\\c/d"), R"("a\"b\\c/d")");
    EXPECT_EQ(json_string("\b\f\n\r\t"), R"("\b\f\n\r\t")");
    EXPECT_EQ(json_string(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
    EXPECT_EQ(json_string("Zoë 漢 🙂"), "\"Zoë 漢 🙂\"");
}

TEST(JsonString, DecodesEveryEscape) {
    EXPECT_EQ(decode_json_string(R"("a\"\\\/\b\f\n\r\t")"), "a\"\\/\b\f\n\r\t");
    EXPECT_EQ(decode_json_string(R"("\u0041\u00e9\u6f22")"), "Aé漢");
    EXPECT_EQ(decode_json_string(R"("\ud83d\ude42!")"), "🙂!");
}

TEST(JsonString, LoneSurrogatesBecomeTheReplacementCharacter) {
    EXPECT_EQ(decode_json_string(R"("\ud83dx")"), "\uFFFDx");
    EXPECT_EQ(decode_json_string(R"("\ude42")"), "\uFFFD");
    EXPECT_EQ(
        decode_json_string(R"("\ud83d\u0041")"),
        "\uFFFD"
        "A"
    );
}

TEST(JsonString, RoundTripsAllBytesBelow128) {
    std::string all;
    for (char c = 0; c < 127; ++c) {
        all.push_back(c);
    }
    EXPECT_EQ(decode_json_string(json_string(all)), all);
}

TEST(JsonWriterText, PutsCommasWhereTheyBelong) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("a", "1").key("list").begin_array();
    json.number(-9223372036854775807 - 1).boolean(true).null().begin_object().end_object();
    json.raw("[1]").end_array().key("b").boolean(false).end_object();
    EXPECT_EQ(out, R"({"a":"1","list":[-9223372036854775808,true,null,{},[1]],"b":false})");
}

TEST(JsonMembersScan, WalksNestedDocumentsWithoutBeingFooledByText) {
    const std::string document =
        R"({"a":"x\"},{\\","b":{"c":[{"d":"]}"},2],"e":{}},"f":-1.5e3,"g":[],"h":null})";
    JsonMembers members(document);
    std::string seen;
    while (const auto member = members.next()) {
        seen += std::string(member->key) + "=" + std::string(member->value) + "\n";
    }
    EXPECT_EQ(
        seen, "a=\"x\\\"},{\\\\\"\nb={\"c\":[{\"d\":\"]}\"},2],\"e\":{}}\nf=-1.5e3\ng=[]\nh=null\n"
    );
}

TEST(JsonMembersScan, EndsOnTextThatIsNoObject) {
    for (const char* text : {"", "{", "{}", "[]", "null", "{\"a\"}", "{1:2}", "{\"a\":"}) {
        JsonMembers members(text);
        EXPECT_FALSE(members.next()) << text;
    }
}

TEST(JsonElementsScan, WalksMixedElements) {
    JsonElements elements(R"(["a,b",[1,[2]],{"x":"]"},3])");
    EXPECT_EQ(elements.next(), "\"a,b\"");
    EXPECT_EQ(elements.next(), "[1,[2]]");
    EXPECT_EQ(elements.next(), "{\"x\":\"]\"}");
    EXPECT_EQ(elements.next(), "3");
    EXPECT_FALSE(elements.next());
}

TEST(JsonElementsScan, AlwaysEnds) {
    for (const char* text : {"", "[]", "[,]", "[}]", "{}"}) {
        JsonElements elements(text);
        EXPECT_FALSE(elements.next()) << text;
    }
}

TEST(JsonElementsScan, DeepNestingCostsNoStack) {
    const std::string deep = "[" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "]";
    JsonElements elements(deep);
    ASSERT_TRUE(elements.next());
    EXPECT_FALSE(elements.next());
}

TEST(JsonMemberLookup, TellsAbsentFromOtherTypes) {
    const std::string_view document = R"({"name":"J\u00f6rg","age":7,"none":null})";
    EXPECT_EQ(json_member(document, "age"), "7");
    EXPECT_EQ(json_member(document, "Name"), "");
    EXPECT_EQ(json_text_member(document, "name"), "Jörg");
    EXPECT_FALSE(json_text_member(document, "age"));
    EXPECT_FALSE(json_text_member(document, "none"));
    EXPECT_FALSE(json_text_member(document, "absent"));
}

}  // namespace
}  // namespace bascule
