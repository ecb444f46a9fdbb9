#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bascule::ldap {

/// Escapes a value for a search filter (RFC 4515 section 3): `*`, `(`, `)`, `\`, NUL and every byte
/// that is not printable ASCII become `\xx`.
[[nodiscard]] std::string escape_filter_value(std::string_view value);

/// A search filter in text form that can only be put together from escaped parts.
class FilterText {
  public:
    [[nodiscard]] static FilterText equal(std::string_view attribute, std::string_view value);
    [[nodiscard]] static FilterText present(std::string_view attribute);
    [[nodiscard]] static FilterText all_of(const std::vector<FilterText>& parts);
    [[nodiscard]] static FilterText any_of(const std::vector<FilterText>& parts);
    [[nodiscard]] static FilterText negation(const FilterText& part);

    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    explicit FilterText(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

}  // namespace bascule::ldap
