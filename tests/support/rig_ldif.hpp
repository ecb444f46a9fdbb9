#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace bascule::test {

/// The suffix of every rig.
inline constexpr std::string_view rig_suffix = "dc=rig,dc=test";
/// The password that every generated user has.
inline constexpr std::string_view user_password = "Passw0rd-1";

/// Shape of generated users: uid=u0000000,ou=d0,ou=people,… Users are dealt to the OUs in turn.
struct UserShape {
    std::size_t count = 0;
    std::size_t first = 0;  ///< number of the first user
    std::size_t units = 10;
};

/// "u0000042".
std::string user_uid(std::size_t number);
std::string user_dn(std::size_t number, std::size_t units = 10);
std::string group_dn(std::string_view name);

/// Suffix, ou=people, ou=groups, ou=policies, ou=services, the service account and the default
/// policy. `policy` overrides attributes of the default policy (an empty value leaves one out).
std::string base_ldif(const std::map<std::string, std::string>& policy = {});
/// ou=d0 … ou=d(units-1) below ou=people.
std::string units_ldif(std::size_t units = 10);
std::string users_ldif(const UserShape& shape);
/// `groups` groups of names g0000…; user i of `users` is in group i modulo `groups`.
std::string groups_ldif(std::size_t groups, std::size_t users, std::size_t units = 10);
/// One group with the users first to first+members-1.
std::string group_ldif(
    std::string_view name, std::size_t members, std::size_t first = 0, std::size_t units = 10
);
/// base_ldif + units_ldif + users_ldif + groups_ldif.
std::string directory_ldif(std::size_t users, std::size_t groups = 0, std::size_t units = 10);

}  // namespace bascule::test
