#include "connectors/ldap/dialects/openldap/database.hpp"

#include <fmt/format.h>

#include "connectors/ldap/dn.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {

using directory::Remedy;

Database::Database(const Examined& examined) : examined_(examined) {
    for (auto& database :
         examined.look("cn=config", SearchScope::subtree, "(olcSuffix=*)", {"*"})) {
        const auto& suffixes = database.values("olcSuffix");
        if (!suffixes.empty() &&
            is_at_or_below(dn_key_or_raw(examined.base()), dn_key_or_raw(suffixes.front()))) {
            readable_ = true;
            dn_ = database.dn;
            settings_ = std::move(database);
        }
    }
    if (readable_) {
        auto overlays =
            examined.look(dn_, SearchScope::subtree, "(objectClass=olcSyncProvConfig)", {"*"});
        if (!overlays.empty()) {
            provider_ = std::move(overlays.front());
        }
    }
}

Remedy Database::ldif(
    const std::string& sentence, const std::string& attribute,
    const std::vector<std::string>& values
) const {
    Remedy remedy{sentence + " For ldapmodify as the administrator of cn=config", {}};
    remedy.sentence +=
        readable_ ? ":" : " (put in the number that the database has on this server):";
    remedy.lines = {"dn: " + dn_, "changetype: modify", "add: " + attribute};
    for (const auto& value : values) {
        remedy.lines.push_back(attribute + ": {0}" + value);
    }
    return remedy;
}

std::string Database::rule(
    const std::string& where, const std::vector<std::string>& attributes, std::string_view level
) const {
    return fmt::format(
        "to dn.subtree=\"{}\" attrs={} by dn.exact=\"{}\" {} by * break", where,
        joined(attributes, ","), examined_.account(), level
    );
}

/// slapd minds the order of limits at its start only, so a value that names the account already
/// is replaced where that can be seen.
Remedy Database::unlimited() const {
    const std::string own =
        "dn.exact=\"" + examined_.account() + "\" size=unlimited time=unlimited";
    const auto& present = settings_.values("olcLimits");
    if (present.empty()) {
        return ldif(
            "Give the account unlimited size and time; a limit that names it already must be "
            "changed instead.",
            "olcLimits", {own}
        );
    }
    Remedy remedy{
        "Give the account unlimited size and time. For ldapmodify as the administrator of "
        "cn=config:",
        {"dn: " + dn_, "changetype: modify", "replace: olcLimits", "olcLimits: " + own}};
    for (const std::string_view value : present) {
        if (to_ascii_lower(value).find(to_ascii_lower(examined_.account())) == std::string::npos) {
            const auto brace = value.starts_with('{') ? value.find('}') : std::string::npos;
            const auto limit = brace == std::string::npos ? value : value.substr(brace + 1);
            remedy.lines.push_back(fmt::format("olcLimits: {}", limit));
        }
    }
    return remedy;
}

Remedy Database::access(const Lack& lack, std::string_view level) const {
    return ldif("Add the right.", "olcAccess", {rule(lack.container, lack.attributes, level)});
}

}  // namespace bascule::ldap
