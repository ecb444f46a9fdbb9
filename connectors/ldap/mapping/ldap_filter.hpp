#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/model/source_entry.hpp"

namespace bascule::ldap {

/// A search filter (RFC 4515) that is evaluated here, on entries that were read already.
///
/// It means what a directory server would mean (RFC 4511 section 4.5.1.7): a term on an attribute
/// that the entry lacks is false, so `(!(employeeType=retired))` matches an entry without the
/// attribute; a term that cannot be decided is undefined, and so is its negation. Text compares
/// without case and with runs of spaces as one, except for attributes known to be case-exact.
/// Immutable, thread-safe.
class LdapFilter {
  public:
    /// At most 64 levels deep, 16 KiB long, 1,000 terms. `invalid_filter` says what is wrong and
    /// where. Of the extensible matches only Active Directory's bit rules (…803 and …804) are
    /// known.
    [[nodiscard]] static Result<LdapFilter> parse(std::string_view text);

    [[nodiscard]] bool matches(const directory::SourceEntry& entry) const;

    /// Why the entry does not match: the first term that stands in the way and what the entry has
    /// instead; empty when it matches.
    [[nodiscard]] std::string explain(const directory::SourceEntry& entry) const;

    /// The filter in RFC 4515 text; parses to the same filter again.
    [[nodiscard]] std::string to_string() const;

    enum class Kind {
        all_of,
        any_of,
        negation,
        equality,
        substrings,
        greater_or_equal,
        less_or_equal,
        approximate,
        presence,
        all_bits,
        any_bits
    };

    struct Node {
        Kind kind = Kind::presence;
        std::vector<Node> children;  ///< of all_of, any_of, negation
        std::string attribute;       ///< as written
        std::string value;           ///< assertion value, unescaped
        std::string folded;          ///< prepared for comparing
        std::vector<std::string>
            parts;  ///< of substrings: initial, any…, final; first and last may be empty
        std::vector<std::string> folded_parts;
        std::uint64_t bits = 0;
        bool case_exact = false;
    };

  private:
    explicit LdapFilter(Node root) : root_(std::move(root)) {}
    Node root_;
};

}  // namespace bascule::ldap
