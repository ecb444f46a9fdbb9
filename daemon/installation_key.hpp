#pragma once

#include <string>
#include <string_view>

#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"

namespace bascule::daemon {

/// 256 random bits that belong to one installation, kept in the file "installation.key" beside the
/// database. Whoever has a copy of the database alone can neither check clients' secrets, nor make
/// access tokens, nor read page cursors. Immutable, thread-safe.
class InstallationKey {
  public:
    InstallationKey() = default;
    /// Reads the file, or makes it (mode 0600). `unavailable`/"installation_key" when it cannot be
    /// read or written, or is damaged; a new one in its place would void every client's secret.
    [[nodiscard]] static Result<InstallationKey> open(const std::string& database_path);

    /// Whether open() made it: secrets that were given out before are void.
    [[nodiscard]] bool is_new() const { return is_new_; }

    /// A key of 32 bytes for one purpose; keys of different purposes tell nothing of each other.
    [[nodiscard]] Secret derive(std::string_view purpose) const;

  private:
    InstallationKey(Secret key, bool is_new) : key_(std::move(key)), is_new_(is_new) {}
    Secret key_;
    bool is_new_ = false;
};

}  // namespace bascule::daemon
