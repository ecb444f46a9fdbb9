#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "selfservice/staff/staff_service.hpp"

namespace bascule::selfservice {

/// One action on a person: who is acted on, by which right, and what to remember.
struct StaffService::Case {
    std::string activity = "Reset password (by admin)";  ///< for the journal
    Uuid target;
    std::optional<Person> person;
    std::optional<access::Assignment> matched;
    std::optional<directory::MirrorEntry> entry;
    std::string source_name;
    std::optional<Uuid> idempotency_key;
};

/// The longest that one action waits for a directory.
inline constexpr std::chrono::seconds longest_write{10};

/// `conflict` with this code and sentence.
[[nodiscard]] tl::unexpected<Error> directory_conflict(std::string code, std::string detail);

}  // namespace bascule::selfservice
