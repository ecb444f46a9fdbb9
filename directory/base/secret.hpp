#pragma once

#include <string>
#include <string_view>

namespace bascule {

/// Holds a password or a token. It cannot be formatted, streamed, compared with == or copied by
/// accident, and wipes its memory when it goes. Thread-compatible.
class Secret {
  public:
    Secret() = default;
    /// Takes the text over; the caller's string is wiped.
    explicit Secret(std::string&& text);
    ~Secret();
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;

    [[nodiscard]] bool empty() const { return text_.empty(); }
    /// The clear text, for the one call that needs it. Do not keep the view.
    [[nodiscard]] std::string_view reveal() const { return text_; }
    [[nodiscard]] const char* c_str() const { return text_.c_str(); }
    [[nodiscard]] Secret duplicate() const;

  private:
    std::string text_;
};

/// Overwrites the characters (capacity included) and empties the string.
void wipe(std::string& text);

/// Compares in time that depends on the length only.
[[nodiscard]] bool equal_in_constant_time(std::string_view left, std::string_view right);

}  // namespace bascule
