#include "connectors/ldap/dialects/dialect.hpp"

#include <algorithm>

#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

constexpr std::string_view active_directory_capability = "1.2.840.113556.1.4.800";

bool has_value(
    const directory::SourceEntry& entry, std::string_view attribute, std::string_view value
) {
    return std::ranges::any_of(entry.values(attribute), [&](std::string_view one) {
        return equals_ignoring_ascii_case(one, value);
    });
}

bool has_beginning(
    const directory::SourceEntry& entry, std::string_view attribute, std::string_view beginning
) {
    return std::ranges::any_of(entry.values(attribute), [&](std::string_view one) {
        return one.starts_with(beginning);
    });
}

}  // namespace

std::string_view name_of(Dialect dialect) {
    switch (dialect) {
        case Dialect::openldap:
            return "openldap";
        case Dialect::ds389:
            return "389ds";
        case Dialect::active_directory:
            return "active_directory";
        case Dialect::generic:
            return "generic";
    }
    return "generic";
}

Result<directory::SourceEntry> read_root_entry(Connection& connection, Deadline deadline) {
    SearchRequest request;
    // Active Directory gives the attributes that are asked for by name, OpenLDAP the operational
    // ones with "+".
    request.attributes = {
        "*",
        "+",
        "objectClass",
        "supportedControl",
        "supportedExtension",
        "supportedCapabilities",
        "supportedSASLMechanisms",
        "vendorName",
        "vendorVersion",
        "namingContexts",
        "defaultNamingContext",
        "configurationNamingContext",
        "dsServiceName",
        "schemaNamingContext",
        "currentTime",
        "changelog",
        "firstchangenumber",
        "lastchangenumber"};
    BASCULE_TRY(auto entries, connection.search(request, deadline));
    return entries.empty() ? directory::SourceEntry() : std::move(entries.front());
}

std::optional<Dialect> detect_dialect(const directory::SourceEntry& root) {
    if (has_value(root, "supportedCapabilities", active_directory_capability)) {
        return Dialect::active_directory;
    }
    if (has_beginning(root, "vendorVersion", "389-Directory/") ||
        has_beginning(root, "vendorName", "389 Project")) {
        return Dialect::ds389;
    }
    if (has_value(root, "objectClass", "OpenLDAProotDSE")) {
        return Dialect::openldap;
    }
    const bool says_something =
        !root.values("supportedControl").empty() || !root.values("vendorName").empty();
    return says_something ? std::optional(Dialect::generic) : std::nullopt;
}

}  // namespace bascule::ldap
