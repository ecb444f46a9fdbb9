#pragma once

#include "directory/ports/password_writer.hpp"

namespace bascule::selfservice {

/// Whether the directory will ask for another password at the next sign-in after a reset. A policy
/// without any rule is one that could not be read: then it is taken to do what it is told.
[[nodiscard]] inline bool asks_for_change(const directory::PasswordPolicy& policy) {
    return policy.must_change_after_reset || policy.sentences.empty();
}

}  // namespace bascule::selfservice
