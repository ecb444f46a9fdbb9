#include "directory/base/text.hpp"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace bascule {
namespace {

char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x80;
    });
}

const icu::Normalizer2* case_folder() {
    static const icu::Normalizer2* const folder = [] {
        UErrorCode code = U_ZERO_ERROR;
        return icu::Normalizer2::getNFKCCasefoldInstance(code);
    }();
    return folder;
}

std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < right.size(); ++j) {
            const std::size_t above = row[j + 1];
            const std::size_t change = ascii_lower(left[i]) == ascii_lower(right[j]) ? 0 : 1;
            row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + change});
            diagonal = above;
        }
    }
    return row.back();
}

}  // namespace

std::string fold_case(std::string_view text) {
    if (is_ascii(text)) {
        return to_ascii_lower(text);
    }
    const auto* folder = case_folder();
    if (folder == nullptr || !is_valid_utf8(text)) {
        return to_ascii_lower(text);
    }
    std::string folded;
    folded.reserve(text.size() + 8);
    icu::StringByteSink<std::string> sink(&folded);
    UErrorCode code = U_ZERO_ERROR;
    folder->normalizeUTF8(
        0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink, nullptr,
        code
    );
    return U_SUCCESS(code) ? folded : to_ascii_lower(text);
}

bool is_valid_utf8(std::string_view text) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto length = static_cast<std::int64_t>(text.size());
    std::int64_t i = 0;
    while (i < length) {
        if (bytes[i] < 0x80) {
            ++i;
            continue;
        }
        UChar32 character = 0;
        U8_NEXT(bytes, i, length, character);
        if (character < 0) {
            return false;
        }
    }
    return true;
}

bool equals_ignoring_ascii_case(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) {
               return ascii_lower(a) == ascii_lower(b);
           });
}

std::string to_ascii_lower(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), ascii_lower);
    return lower;
}

std::string printable(std::string_view text, std::size_t limit) {
    const bool shortened = text.size() > limit;
    std::size_t end = std::min(text.size(), limit);
    // Never cut inside a character: step back over continuation bytes.
    while (shortened && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
        --end;
    }
    std::string out(text.substr(0, end));
    const bool valid = is_valid_utf8(out);
    for (char& c : out) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F || (!valid && byte >= 0x80)) {
            c = '.';
        }
    }
    return shortened ? out + "…" : out;
}

std::string nearest(std::string_view text, const std::vector<std::string>& candidates) {
    const std::string* best = nullptr;
    std::size_t best_distance = std::max<std::size_t>(1, text.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(text, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = &candidate;
        }
    }
    return best == nullptr ? std::string() : *best;
}

}  // namespace bascule
