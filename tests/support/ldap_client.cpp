#include "tests/support/ldap_client.hpp"

#include <fmt/format.h>

#include <sstream>
#include <stdexcept>

namespace bascule::test {
namespace {

/// Undoes LDIF line folding.
std::string unfold(std::string text) {
    for (auto at = text.find("\n "); at != std::string::npos; at = text.find("\n ", at)) {
        text.erase(at, 2);
    }
    return text;
}

ProcessResult ldapmodify(
    const std::string& uri, std::string_view dn, std::string_view password, std::string_view ldif
) {
    return run_program(
        {"ldapmodify", "-a", "-x", "-H", uri, "-D", std::string(dn), "-w", std::string(password)},
        ldif
    );
}

}  // namespace

void require(const ProcessResult& result, std::string_view what) {
    if (result.exit_code != 0) {
        throw std::runtime_error(
            fmt::format("{} failed with {}: {}", what, result.exit_code, result.output)
        );
    }
}

void LdapClient::modify(std::string_view ldif) const {
    require(ldapmodify(uri, admin_dn, admin_password, ldif), "ldapmodify");
}

int LdapClient::modify_as(std::string_view dn, std::string_view password, std::string_view ldif)
    const {
    return ldapmodify(uri, dn, password, ldif).exit_code;
}

void LdapClient::set(std::string_view dn, std::string_view attribute, std::string_view value)
    const {
    modify(
        fmt::format("dn: {0}\nchangetype: modify\nreplace: {1}\n{1}: {2}\n", dn, attribute, value)
    );
}

int LdapClient::bind(std::string_view dn, std::string_view password) const {
    return run_program({"ldapwhoami", "-x", "-H", uri, "-D", std::string(dn), "-w",
                        std::string(password)})
        .exit_code;
}

std::vector<std::string> LdapClient::values(std::string_view dn, std::string_view attribute) const {
    const auto result = run_program(
        {"ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", uri, "-D", admin_dn, "-w",
         admin_password, "-b", std::string(dn), "-s", "base", "(objectClass=*)",
         std::string(attribute)}
    );
    std::vector<std::string> found;
    if (result.exit_code == 32) {
        return found;
    }
    require(result, "ldapsearch");
    std::istringstream lines(unfold(result.output));
    const auto prefix = std::string(attribute) + ": ";
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(prefix)) {
            found.push_back(line.substr(prefix.size()));
        }
    }
    return found;
}

}  // namespace bascule::test
