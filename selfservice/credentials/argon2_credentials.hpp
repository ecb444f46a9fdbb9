#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "directory/ports/local_credentials.hpp"

namespace bascule::selfservice {

/// Passwords of local users as Argon2id hashes (RFC 9106; libsodium's interactive limits: 64 MiB,
/// about 0.1 s). The object of type "Credential" has the id uuid_v5(user, "password"). Thread-safe.
class Argon2Credentials final : public directory::LocalCredentials {
  public:
    /// Hashes once to have something to compare with when a user has no password.
    explicit Argon2Credentials(const directory::Registry& registry);

    [[nodiscard]] Result<std::string> hash(const Secret& password, std::string_view user_name)
        override;
    [[nodiscard]] Status put(
        directory::Transaction& transaction, const Uuid& user, const std::string& hash,
        directory::MustChange must_change
    ) override;
    [[nodiscard]] Status erase(directory::Transaction& transaction, const Uuid& user) override;
    [[nodiscard]] Result<directory::SignInVerdict> verify(
        directory::Reader& reader, const Uuid& user, const Secret& password
    ) override;

    /// What is stored for a user.
    struct Stored {
        std::string hash;
        bool must_change = false;
    };
    [[nodiscard]] Result<std::optional<Stored>> find(directory::Reader& reader, const Uuid& user)
        const;
    /// Compares outside of any transaction. Takes as long when nothing is stored.
    [[nodiscard]] directory::SignInVerdict check(
        const std::optional<Stored>& stored, const Secret& password
    ) const;

  private:
    directory::TypeId type_;
    std::string decoy_hash_;
};

}  // namespace bascule::selfservice
