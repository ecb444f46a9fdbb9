#include "directory/base/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bascule {
namespace {

TEST(CaseFolding, LowersAscii) {
    EXPECT_EQ(fold_case("JDoe@Example.COM"), "jdoe@example.com");
    EXPECT_EQ(fold_case(""), "");
}

TEST(CaseFolding, FoldsBeyondAscii) {
    EXPECT_EQ(fold_case("ÄÖÜ"), "äöü");
    EXPECT_EQ(fold_case("Straße"), fold_case("STRASSE"));
    EXPECT_EQ(fold_case("ΣΊΣΥΦΟΣ"), fold_case("σίσυφος"));
}

TEST(CaseFolding, ComposedAndDecomposedAreEqual) {
    EXPECT_EQ(fold_case("Zo\u00EB"), fold_case("ZOE\u0308"));
    EXPECT_EQ(fold_case("ﬁle"), "file");
    EXPECT_EQ(fold_case("ＡＢＣ"), "abc");
}

TEST(CaseFolding, TurkishLettersFollowTheRootRules) {
    EXPECT_EQ(fold_case("I"), "i");
    EXPECT_EQ(fold_case("\u0130"), "i\u0307");
    EXPECT_EQ(fold_case("\u0131"), "\u0131");
    EXPECT_NE(fold_case("\u0131"), fold_case("I"));
}

TEST(CaseFolding, IsIdempotent) {
    for (const char* text : {"Straße", "\u0130stanbul", "ǅ", "\u1E9E", "Ŀ", "漢字", "🙂A"}) {
        EXPECT_EQ(fold_case(fold_case(text)), fold_case(text)) << text;
    }
}

TEST(CaseFolding, InvalidUtf8IsFoldedByteWise) {
    EXPECT_EQ(fold_case("AB\xff\xC4"), "ab\xff\xC4");
}

TEST(Utf8Validity, AcceptsTheWholeRangeAndRefusesTheRest) {
    EXPECT_TRUE(is_valid_utf8(""));
    EXPECT_TRUE(is_valid_utf8(std::string_view("a\0b", 3)));
    EXPECT_TRUE(is_valid_utf8("é漢🙂\xF4\x8F\xBF\xBF"));
    EXPECT_FALSE(is_valid_utf8("\x80"));
    EXPECT_FALSE(is_valid_utf8("\xC3"));
    EXPECT_FALSE(is_valid_utf8("\xC0\xAF"));          // overlong
    EXPECT_FALSE(is_valid_utf8("\xE0\x80\xAF"));      // overlong
    EXPECT_FALSE(is_valid_utf8("\xED\xA0\x80"));      // surrogate
    EXPECT_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
    EXPECT_FALSE(is_valid_utf8("abc\xE2\x82"));
}

TEST(AsciiComparison, IgnoresOnlyAsciiCase) {
    EXPECT_TRUE(equals_ignoring_ascii_case("ObjectClass", "objectclass"));
    EXPECT_FALSE(equals_ignoring_ascii_case("ä", "Ä"));
    EXPECT_FALSE(equals_ignoring_ascii_case("a", "ab"));
    EXPECT_EQ(to_ascii_lower("ÄBC"), "Äbc");
}

TEST(PrintableText, ReplacesControlsAndBrokenBytes) {
    EXPECT_EQ(
        printable("a\nb\x7f"
                  "c"),
        "a.b.c"
    );
    EXPECT_EQ(printable("a\xff"), "a.");
    EXPECT_EQ(printable("Zoë"), "Zoë");
}

TEST(PrintableText, NeverCutsInsideACharacter) {
    EXPECT_EQ(printable("abc", 3), "abc");
    EXPECT_EQ(printable("abcd", 3), "abc…");
    EXPECT_EQ(printable("aé漢", 4), "aé…");
    EXPECT_EQ(printable("aé漢", 2), "a…");
}

TEST(NearestCandidate, NamesWhatWasMeantAndNothingFarOff) {
    const std::vector<std::string> keys{"listen", "public_url", "trusted_proxies"};
    EXPECT_EQ(nearest("listne", keys), "listen");
    EXPECT_EQ(nearest("publicUrl", keys), "public_url");
    EXPECT_EQ(nearest("trusted_proxy", keys), "trusted_proxies");
    EXPECT_EQ(nearest("zebra", keys), "");
    EXPECT_EQ(nearest("", {}), "");
}

}  // namespace
}  // namespace bascule
