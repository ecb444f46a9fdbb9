#include "tests/support/rig_ldif.hpp"

#include <fmt/format.h>

#include <iterator>

namespace bascule::test {
namespace {

// Salted SHA-1 of the well-known test passwords, so that loading needs no hashing.
constexpr std::string_view user_hash = "{SSHA}ITLoEGyQ+qlMNP5SCcsVKKVvFrxzYWx0c2FsdA==";
constexpr std::string_view service_hash = "{SSHA}0/TFFa9xDmwYoJ0qUVLpQzVg+dpzYWx0c2FsdA==";

void append_unit(std::string& out, std::string_view name, std::string_view parent) {
    fmt::format_to(
        std::back_inserter(out), "dn: ou={0},{1}\nobjectClass: organizationalUnit\nou: {0}\n\n",
        name, parent
    );
}

void append_policy(std::string& out, const std::map<std::string, std::string>& overrides) {
    std::map<std::string, std::string> policy{
        {"pwdAttribute", "userPassword"},
        {"pwdCheckQuality", "2"},
        {"pwdMinLength", "8"},
        {"pwdInHistory", "5"},
        {"pwdMinAge", "0"},
        {"pwdMaxFailure", "3"},
        {"pwdLockout", "TRUE"},
        {"pwdLockoutDuration", "0"},
        {"pwdMustChange", "TRUE"},
        {"pwdAllowUserChange", "TRUE"},
        {"pwdSafeModify", "FALSE"},
    };
    for (const auto& [name, value] : overrides) {
        policy[name] = value;
    }
    fmt::format_to(
        std::back_inserter(out),
        "dn: cn=default,ou=policies,{}\nobjectClass: pwdPolicy\nobjectClass: "
        "organizationalRole\ncn: default\n",
        rig_suffix
    );
    for (const auto& [name, value] : policy) {
        if (!value.empty()) {
            fmt::format_to(std::back_inserter(out), "{}: {}\n", name, value);
        }
    }
    out += '\n';
}

}  // namespace

std::string user_uid(std::size_t number) {
    return fmt::format("u{:07}", number);
}

std::string user_dn(std::size_t number, std::size_t units) {
    return fmt::format("uid={},ou=d{},ou=people,{}", user_uid(number), number % units, rig_suffix);
}

std::string group_dn(std::string_view name) {
    return fmt::format("cn={},ou=groups,{}", name, rig_suffix);
}

std::string base_ldif(const std::map<std::string, std::string>& policy) {
    auto out = fmt::format(
        "dn: {}\nobjectClass: dcObject\nobjectClass: organization\ndc: rig\no: rig\n\n", rig_suffix
    );
    for (const auto* name : {"people", "groups", "policies", "services"}) {
        append_unit(out, name, rig_suffix);
    }
    fmt::format_to(
        std::back_inserter(out),
        "dn: cn=bascule,ou=services,{}\nobjectClass: organizationalRole\n"
        "objectClass: simpleSecurityObject\ncn: bascule\nuserPassword: {}\n\n",
        rig_suffix, service_hash
    );
    append_policy(out, policy);
    return out;
}

std::string units_ldif(std::size_t units) {
    std::string out;
    for (std::size_t unit = 0; unit < units; ++unit) {
        append_unit(out, fmt::format("d{}", unit), fmt::format("ou=people,{}", rig_suffix));
    }
    return out;
}

std::string users_ldif(const UserShape& shape) {
    std::string out;
    out.reserve(shape.count * 480);
    for (std::size_t i = shape.first; i < shape.first + shape.count; ++i) {
        fmt::format_to(
            std::back_inserter(out),
            "dn: {dn}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: Given{given} Sur{sur} {i}\nsn: "
            "Sur{sur}\n"
            "givenName: Given{given}\nmail: {uid}@rig.test\ntelephoneNumber: +1 555 {i:07}\n"
            "employeeNumber: {i}\ntitle: Engineer {title}\ndepartmentNumber: {department}\n"
            "description: test user number {i} of the rig\nuserPassword: {hash}\n\n",
            fmt::arg("dn", user_dn(i, shape.units)), fmt::arg("uid", user_uid(i)),
            fmt::arg("given", i % 997), fmt::arg("sur", i % 7919), fmt::arg("i", i),
            fmt::arg("title", i % 40), fmt::arg("department", i % 200), fmt::arg("hash", user_hash)
        );
    }
    return out;
}

std::string groups_ldif(std::size_t groups, std::size_t users, std::size_t units) {
    std::string out;
    for (std::size_t group = 0; group < groups; ++group) {
        const auto name = fmt::format("g{:04}", group);
        fmt::format_to(
            std::back_inserter(out), "dn: {}\nobjectClass: groupOfNames\ncn: {}\n", group_dn(name),
            name
        );
        if (group >= users) {
            fmt::format_to(
                std::back_inserter(out), "member: cn=bascule,ou=services,{}\n", rig_suffix
            );
        }
        for (std::size_t user = group; user < users; user += groups) {
            fmt::format_to(std::back_inserter(out), "member: {}\n", user_dn(user, units));
        }
        out += '\n';
    }
    return out;
}

std::string group_ldif(
    std::string_view name, std::size_t members, std::size_t first, std::size_t units
) {
    auto out = fmt::format("dn: {}\nobjectClass: groupOfNames\ncn: {}\n", group_dn(name), name);
    for (std::size_t user = first; user < first + members; ++user) {
        fmt::format_to(std::back_inserter(out), "member: {}\n", user_dn(user, units));
    }
    out += '\n';
    return out;
}

std::string directory_ldif(std::size_t users, std::size_t groups, std::size_t units) {
    return base_ldif() + units_ldif(units) +
           users_ldif({.count = users, .first = 0, .units = units}) +
           groups_ldif(groups, users, units);
}

}  // namespace bascule::test
