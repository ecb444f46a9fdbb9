#include "directory/base/name_folding.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cstdint>

#include "directory/base/text.hpp"

namespace bascule {

std::string fold_name(std::string_view text) {
    const bool ascii =
        std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    UErrorCode code = U_ZERO_ERROR;
    const icu::Normalizer2* const normal = icu::Normalizer2::getNFKCInstance(code);
    if (ascii || U_FAILURE(code) || !is_valid_utf8(text))
        return to_ascii_lower(text);
    const auto composed = normal->normalize(
        icu::UnicodeString::fromUTF8(
            icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size()))
        ),
        code
    );
    icu::UnicodeString lower;
    for (std::int32_t at = 0; at < composed.length(); at = composed.moveIndex32(at, 1))
        lower.append(u_foldCase(composed.char32At(at), U_FOLD_CASE_DEFAULT));
    // The lower case of composed letters may compose otherwise.
    const auto folded = normal->normalize(lower, code);
    if (U_FAILURE(code))
        return to_ascii_lower(text);
    std::string out;
    folded.toUTF8String(out);
    return out;
}

}  // namespace bascule
