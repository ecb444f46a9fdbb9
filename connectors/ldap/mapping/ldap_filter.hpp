#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "connectors/ldap/mapping/filter_node.hpp"
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

  private:
    explicit LdapFilter(FilterNode root) : root_(std::move(root)) {}
    FilterNode root_;
};

}  // namespace bascule::ldap
