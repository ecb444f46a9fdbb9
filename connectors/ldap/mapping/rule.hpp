#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/ldap/mapping/ldap_filter.hpp"
#include "connectors/ldap/mapping/transform.hpp"
#include "directory/mirror/mapping_rules.hpp"
#include "directory/model/registry.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

/// Text with attributes in braces: "{givenName} ({departmentNumber})"; "{{" and "}}" stand for
/// braces.
class Template {
  public:
    [[nodiscard]] static Result<Template> parse(std::string_view text);
    /// Nothing when one of the attributes has no value: half a template helps nobody.
    [[nodiscard]] std::optional<std::string> expand(const directory::SourceEntry& entry) const;
    [[nodiscard]] std::vector<std::string> attributes() const;

  private:
    struct Piece {
        std::string text;
        bool is_attribute = false;
    };
    std::vector<Piece> pieces_;
};

/// One rule, ready to run.
struct Rule {
    std::vector<std::string> from;
    std::optional<Template> text;
    std::optional<std::string> constant;
    Transform transform = Transform::none;
    std::vector<std::string> is;      ///< folded
    std::vector<std::string> is_not;  ///< folded
    std::optional<LdapFilter> when;
    std::string type;             ///< of the element made
    mirror::MappingRule written;  ///< as the configuration has it

    [[nodiscard]] bool is_test() const { return !is.empty() || !is_not.empty(); }
};

/// Parses a rule's filter, template and transform. `error.field` is the target.
[[nodiscard]] Result<Rule> compile_rule(const mirror::MappingRule& rule);

/// No longer value becomes part of a document, in bytes.
inline constexpr std::size_t largest_value = 1UL << 20U;

/// Values that a rule gives for an entry, each of them fit for `type` and as text: "true" for a
/// boolean, RFC 3339 for a time, base64 for bytes. What does not fit, or is longer than
/// `largest_value`, is left out and told in `warnings`.
[[nodiscard]] std::vector<std::string> values_of(
    const Rule& rule, directory::ValueType type, const directory::SourceEntry& entry,
    std::vector<std::string>& warnings
);

/// True for text that may stand in a document: valid UTF-8 without control characters.
[[nodiscard]] bool is_clean_text(std::string_view value);

}  // namespace bascule::ldap
