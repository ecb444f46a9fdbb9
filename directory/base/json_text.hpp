#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule {

/// Appends `text` as a JSON string with quotes; input must be valid UTF-8. Escapes only what RFC
/// 8259 requires, so that equal values give equal text.
void append_json_string(std::string& out, std::string_view text);

/// Decodes a JSON string literal (with its quotes) that JsonWriter or a JSON library wrote.
[[nodiscard]] std::string decode_json_string(std::string_view literal);

/// Writes compact JSON in one pass into a string of the caller's. Commas are its business.
class JsonWriter {
  public:
    explicit JsonWriter(std::string& out) : out_(out) {}
    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    JsonWriter& key(std::string_view name);
    JsonWriter& text(std::string_view value);
    JsonWriter& number(std::int64_t value);
    JsonWriter& boolean(bool value);
    JsonWriter& null();
    /// Appends text that is JSON already.
    JsonWriter& raw(std::string_view json);
    /// key() and text() in one.
    JsonWriter& field(std::string_view name, std::string_view value);

  private:
    void separate();
    std::string& out_;
    bool needs_comma_ = false;
};

/// Walks compact JSON that our own writer made (a stored document): no white space, valid, bounded.
/// It must never see foreign text. Values are views into the document.
class JsonMembers {
  public:
    /// `object` is `{...}`.
    explicit JsonMembers(std::string_view object);
    struct Member {
        std::string_view key;    ///< without quotes, still escaped (our keys need no escapes)
        std::string_view value;  ///< raw JSON
    };
    /// The next member, or nothing at the end.
    [[nodiscard]] std::optional<Member> next();

  private:
    std::string_view rest_;
};

/// Walks the elements of `[...]`, under the same terms.
class JsonElements {
  public:
    explicit JsonElements(std::string_view array);
    [[nodiscard]] std::optional<std::string_view> next();

  private:
    std::string_view rest_;
};

/// The raw JSON of one member of an object (name compared exactly), or an empty view.
[[nodiscard]] std::string_view json_member(std::string_view object, std::string_view name);

/// The decoded text of a string member, or nothing when absent or not a string.
[[nodiscard]] std::optional<std::string> json_text_member(
    std::string_view object, std::string_view name
);

}  // namespace bascule
