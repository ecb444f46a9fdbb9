#include "connectors/ldap/dialects/active_directory/default_mapping.hpp"

#include <utility>

#include "connectors/ldap/dialects/active_directory/account.hpp"

namespace bascule::ldap {
namespace {

using mirror::KindMapping;
using mirror::MappingRule;

constexpr const char* enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:";

KindMapping user_mapping() {
    const std::string extension(enterprise);
    KindMapping kind;
    // Normal accounts of people and services: no computers, no accounts of trusts.
    kind.filter = "(&(objectClass=user)(sAMAccountType=805306368))";
    kind.rules = {
        rule_from("externalId", {"objectGUID"}),
        rule_from("userName", {"userPrincipalName", "sAMAccountName"}),
        rule_from("name.formatted", {"displayName", "cn"}),
        rule_from("name.familyName", {"sn"}),
        rule_from("name.givenName", {"givenName"}),
        rule_from("displayName", {"displayName", "cn"}),
        rule_from("title", {"title"}),
        rule_from("preferredLanguage", {"preferredLanguage"}),
        rule_from("active", {std::string(account_active_name)}),
        rule_from("emails", {"mail"}, "work"),
        rule_from("phoneNumbers", {"telephoneNumber"}, "work"),
        rule_from("phoneNumbers", {"mobile"}, "mobile"),
        rule_from("addresses.streetAddress", {"streetAddress"}, "work"),
        rule_from("addresses.locality", {"l"}, "work"),
        rule_from("addresses.region", {"st"}, "work"),
        rule_from("addresses.postalCode", {"postalCode"}, "work"),
        rule_from("addresses.country", {"c"}, "work"),
        rule_from(extension + "employeeNumber", {"employeeNumber", "employeeID"}),
        rule_from(extension + "organization", {"company"}),
        rule_from(extension + "division", {"division"}),
        rule_from(extension + "department", {"department"}),
        rule_from(extension + "manager", {"manager"}),
    };
    return kind;
}

KindMapping group_mapping() {
    KindMapping kind;
    kind.filter = "(objectClass=group)";
    kind.rules = {
        rule_from("externalId", {"objectGUID"}),
        rule_from("displayName", {"displayName", "cn"}),
        rule_from("members", {"member"}),
    };
    return kind;
}

}  // namespace

const Mapping& active_directory_mapping() {
    static const Mapping mapping{user_mapping(), group_mapping()};
    return mapping;
}

}  // namespace bascule::ldap
