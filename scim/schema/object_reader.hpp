#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/text.hpp"

namespace bascule::scim {

/// `invalid_input`/"invalid_schema" with the place as field and before the reason.
[[nodiscard]] tl::unexpected<Error> invalid(const std::string& place, const std::string& reason);

/// Places in a file: "attributes[2].name".
[[nodiscard]] std::string below(const std::string& place, std::string_view key);
[[nodiscard]] std::string element(const std::string& list, std::size_t index);

/// A word of a file and what it stands for.
template <class Value>
struct Word {
    std::string_view text;
    Value value;
};

/// Reads the members of one JSON object, each checked for its JSON type. A missing member leaves
/// what it would set. Errors are those of invalid(). The object outlives the reader.
class ObjectReader {
  public:
    ObjectReader(const nlohmann::ordered_json& object, std::string place);

    /// Refuses anything but an object, and members that are not among these.
    [[nodiscard]] Status expect_only(std::initializer_list<std::string_view> known) const;
    [[nodiscard]] Status text(const char* key, std::string& out) const;
    [[nodiscard]] Status flag(const char* key, bool& out) const;
    [[nodiscard]] Status texts(const char* key, std::vector<std::string>& out) const;
    /// One of a list of words.
    template <class Words, class Value>
    [[nodiscard]] Status word(const char* key, const Words& words, Value& out) const {
        std::string given;
        BASCULE_CHECK(text(key, given));
        if (given.empty() && !object_.contains(key)) {
            return {};
        }
        for (const auto& word : words) {
            if (word.text == given) {
                out = word.value;
                return {};
            }
        }
        std::string expected;
        for (const auto& word : words) {
            expected.append(expected.empty() ? "" : ", ").append(word.text);
        }
        return invalid(
            below(place_, key),
            "expected one of " + expected + ", found \"" + printable(given, 60) + "\"."
        );
    }

    [[nodiscard]] const std::string& place() const { return place_; }

  private:
    [[nodiscard]] Status unknown_keyword(
        const std::string& key, std::initializer_list<std::string_view> known
    ) const;

    const nlohmann::ordered_json& object_;
    std::string place_;
};

}  // namespace bascule::scim
