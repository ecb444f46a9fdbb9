#pragma once

#include <optional>
#include <string_view>

#include "connectors/ldap/connection.hpp"
#include "directory/ports/password_writer.hpp"

namespace bascule::ldap {

enum class PasswordAction { reset, change };

/// Turns a directory's refusal of a password into the code and the sentence for the person who
/// typed it. The policy, when it is known, gives the figures. Codes are those of
/// directory::PasswordWriter.
[[nodiscard]] Error password_refusal(
    const Outcome& outcome, PasswordAction action, const directory::PasswordPolicy* policy
);

/// The same for a conversation that failed: unreachable, silent, not encrypted, no right. `sent`:
/// the request may have reached the directory, so that the outcome is not known.
[[nodiscard]] Error writeback_failure(Error error, bool sent);

}  // namespace bascule::ldap
