#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ldap/connection.hpp"

namespace bascule::ldap {

/// A control of a request or of its final answer (RFC 4511 section 4.1.11).
struct Control {
    std::string oid;
    std::string value;  ///< BER; empty: the control has none
    bool critical = false;
};

/// Whether the server's root DSE names the control.
[[nodiscard]] Result<bool> offers_control(
    Connection& connection, std::string_view oid, Deadline deadline
);

/// How a search ended; only a successful outcome is complete.
struct SearchEnd {
    Outcome outcome;
    std::vector<Control> controls;
    std::size_t references = 0;  ///< to other servers, in place of entries

    /// The value of a control; empty when it did not come.
    [[nodiscard]] std::string_view control(std::string_view oid) const;
};

using TakeEntry = std::function<Status(directory::SourceEntry)>;

/// A search with controls; each entry is handed over as it comes, and no message may take longer
/// than `patience`. A refusal by the server is an outcome and not an error; an error of `take`
/// abandons the search and is returned.
[[nodiscard]] Result<SearchEnd> search_with_controls(
    Connection& connection, const SearchRequest& request, const std::vector<Control>& controls,
    std::chrono::milliseconds patience, const TakeEntry& take
);

/// The same page by page (RFC 2696), to the last page or the first refusal. No page is larger than
/// `page_size`; those of a slow server are smaller.
[[nodiscard]] Result<SearchEnd> search_paged(
    Connection& connection, const SearchRequest& request, const std::vector<Control>& controls,
    std::uint32_t page_size, std::chrono::milliseconds patience, const TakeEntry& take
);

/// One change of a modify (RFC 4511 section 4.6). Values are views: secrets stay with their owner.
struct Change {
    enum class Kind { add, remove, replace };
    Kind kind = Kind::replace;
    std::string attribute;
    std::vector<std::string_view> values;
};

/// One modify with these controls and no others.
[[nodiscard]] Result<Outcome> modify_with_controls(
    Connection& connection, const std::string& dn, const std::vector<Change>& changes,
    const std::vector<Control>& controls, Deadline deadline
);

}  // namespace bascule::ldap
