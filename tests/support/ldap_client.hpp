#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.hpp"

namespace bascule::test {

/// Throws std::runtime_error with the program's own words unless it ended well.
void require(const ProcessResult& result, std::string_view what);

/// ldap-utils at one server as its administrator. Methods throw std::runtime_error with the
/// server's words when they fail.
struct LdapClient {
    std::string uri;
    std::string admin_dn;
    std::string admin_password;

    /// Runs ldapmodify with LDIF change records (a record without changetype is an add).
    void modify(std::string_view ldif) const;
    /// The same as somebody else; returns the exit code of ldapmodify, which is the LDAP result.
    [[nodiscard]] int modify_as(
        std::string_view dn, std::string_view password, std::string_view ldif
    ) const;
    /// Replaces one attribute of one entry.
    void set(std::string_view dn, std::string_view attribute, std::string_view value) const;
    /// Result code of a simple bind.
    [[nodiscard]] int bind(std::string_view dn, std::string_view password) const;
    /// Values of an attribute of one entry (operational ones too); text values only.
    [[nodiscard]] std::vector<std::string> values(std::string_view dn, std::string_view attribute)
        const;
};

}  // namespace bascule::test
