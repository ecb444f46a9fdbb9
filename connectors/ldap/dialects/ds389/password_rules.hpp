#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "directory/model/source_entry.hpp"
#include "directory/ports/password_writer.hpp"

namespace bascule::ldap {

/// A password policy of 389 Directory Server, as far as it could be read. Numbers are least counts;
/// zero means no such rule.
struct Ds389Policy {
    directory::PasswordPolicy general;
    std::uint32_t digits = 0;
    std::uint32_t letters = 0;
    std::uint32_t upper_case = 0;
    std::uint32_t lower_case = 0;
    std::uint32_t specials = 0;
    std::uint32_t categories = 0;  ///< of digits, upper case, lower case, specials, other letters
    std::uint32_t repeats = 0;     ///< at most so many of the same character in a row
};

/// Of cn=config or a policy entry. What an entry leaves out has the server's own default.
[[nodiscard]] Ds389Policy ds389_policy(const directory::SourceEntry& entry);

/// The rule of the syntax check that a password breaks, as the end of "The password must …";
/// nothing when none of those that are known. The length is not looked at.
[[nodiscard]] std::optional<std::string> broken_rule(
    const Ds389Policy& policy, std::string_view password
);

/// Whether it is shorter than the policy wants.
[[nodiscard]] bool is_too_short(const Ds389Policy& policy, std::string_view password);

}  // namespace bascule::ldap
