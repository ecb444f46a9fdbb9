#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/ldap/examination/examined.hpp"

namespace bascule::ldap {

/// The database that holds the base: what cn=config says of it, where the account may read that,
/// and how its configuration is mended.
class Database {
  public:
    /// Reads the configuration; `examined` outlives it.
    explicit Database(const Examined& examined);

    [[nodiscard]] bool readable() const { return readable_; }
    /// Its entry; a usual one when it cannot be read.
    [[nodiscard]] const std::string& dn() const { return dn_; }
    [[nodiscard]] const directory::SourceEntry& settings() const { return settings_; }
    /// The overlay syncprov; an empty entry when there is none or it cannot be read.
    [[nodiscard]] const directory::SourceEntry& provider() const { return provider_; }

    /// LDIF for ldapmodify that puts values into the database's configuration.
    [[nodiscard]] directory::Remedy ldif(
        const std::string& sentence, const std::string& attribute,
        const std::vector<std::string>& values
    ) const;
    /// A rule before all others that leaves everybody else to the rules after it.
    [[nodiscard]] std::string rule(
        const std::string& where, const std::vector<std::string>& attributes, std::string_view level
    ) const;
    /// The rule as a remedy.
    [[nodiscard]] directory::Remedy access(const Lack& lack, std::string_view level) const;
    /// Lifts the account's limits.
    [[nodiscard]] directory::Remedy unlimited() const;

  private:
    const Examined& examined_;
    bool readable_ = false;
    std::string dn_ = "olcDatabase={1}mdb,cn=config";
    directory::SourceEntry settings_;
    directory::SourceEntry provider_;
};

}  // namespace bascule::ldap
