#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"
#include "directory/base/uuid.hpp"
#include "directory/ports/password_writer.hpp"
#include "directory/ports/store.hpp"

namespace bascule::directory {

/// Passwords of local users: Argon2id hashes, kept in objects of the internal type "Credential"
/// whose id derives from the user's. Thread-safe; hashing is slow by intent, so hash outside
/// transactions.
class LocalCredentials {
  public:
    virtual ~LocalCredentials() = default;
    /// The hash to store. Every way of setting a password goes through here, so the rules for local
    /// passwords are checked here: `policy_rejected` with "password_too_short", "password_too_long"
    /// or "password_quality".
    [[nodiscard]] virtual Result<std::string> hash(
        const Secret& password, std::string_view user_name
    ) = 0;
    [[nodiscard]] virtual Status put(
        Transaction& transaction, const Uuid& user, const std::string& hash, MustChange must_change
    ) = 0;
    [[nodiscard]] virtual Status erase(Transaction& transaction, const Uuid& user) = 0;
    [[nodiscard]] virtual Result<SignInVerdict> verify(
        Reader& reader, const Uuid& user, const Secret& password
    ) = 0;
};

}  // namespace bascule::directory
