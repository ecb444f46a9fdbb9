#include "connectors/ldap/dialects/ds389/access_rights.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

/// "mail:rsc, userPassword:wo, aci:none" by lower-case name.
Rights parse_rights(const std::string& text) {
    Rights rights;
    std::size_t begin = 0;
    while (begin < text.size()) {
        const auto end = std::min(text.find(',', begin), text.size());
        const auto colon = text.find(':', begin);
        if (colon < end) {
            const auto name = text.find_first_not_of(' ', begin);
            rights[to_ascii_lower(text.substr(name, colon - name))] =
                text.substr(colon + 1, end - colon - 1);
        }
        begin = end + 1;
    }
    return rights;
}

}  // namespace

Rights rights_on(const Examined& examined, const std::string& dn, std::vector<std::string> names) {
    const auto entries = examined.look(
        dn, SearchScope::base, "(objectClass=*)", std::move(names),
        {{effective_rights, "dn: " + examined.account(), true}}
    );
    return entries.empty() ? Rights()
                           : parse_rights(entries.front().first_value("attributeLevelRights"));
}

std::optional<bool> has_right(
    const Rights& rights, const std::string& attribute, std::string_view letters
) {
    const auto found = rights.find(to_ascii_lower(attribute));
    if (found == rights.end()) {
        return std::nullopt;
    }
    return found->second != "none" && std::ranges::all_of(letters, [&](char letter) {
               return found->second.find(letter) != std::string::npos;
           });
}

directory::Remedy aci_remedy(
    const Examined& examined, const std::string& sentence, const std::string& dn,
    const std::string& targets, const std::string& name, const std::string& permission
) {
    return {
        sentence + " For ldapmodify as Directory Manager:",
        {"dn: " + dn, "changetype: modify", "add: aci",
         fmt::format(
             "aci: (targetattr=\"{}\")(version 3.0; acl \"{}\"; {} userdn=\"ldap:///{}\";)",
             targets, name, permission, examined.account()
         )}};
}

}  // namespace bascule::ldap
