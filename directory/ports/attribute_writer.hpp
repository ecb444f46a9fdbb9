#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "directory/base/result.hpp"

namespace bascule::directory {

/// One element of a multi-valued attribute with its canonical type ("mobile").
struct TypedValue {
    std::string type;
    std::string value;
    friend bool operator==(const TypedValue&, const TypedValue&) = default;
};

/// Writes attributes that the operator lets people change from here to the directory that masters
/// them, synchronously, within `deadline`. Thread-safe.
class AttributeWriter {
  public:
    virtual ~AttributeWriter() = default;
    using Deadline = std::chrono::steady_clock::time_point;

    /// Types of phone numbers that are written; none when phone numbers are not.
    [[nodiscard]] virtual const std::vector<std::string>& phone_types() const = 0;
    /// Turns the phone numbers of these types from `before` into `after`, value by value. Returns
    /// `phoneNumbers` as the mapping makes it of the entry that was read back from the same server,
    /// as JSON; empty when there are none.
    ///
    /// Errors: `conflict`/"changed_meanwhile" when the directory no longer has `before`,
    /// `invalid_input`/"invalid_phone_number", `forbidden`/"directory_denied",
    /// `policy_rejected`/"directory_refused", `not_found`/"not_in_directory",
    /// `unavailable`/"writeback_unavailable". Each says whether anything was changed.
    [[nodiscard]] virtual Result<std::string> write_phones(
        const std::string& dn, const std::vector<TypedValue>& before,
        const std::vector<TypedValue>& after, Deadline deadline
    ) = 0;
};

}  // namespace bascule::directory
