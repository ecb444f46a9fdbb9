#include "connectors/ldap/examination/examination.hpp"

#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>
#include <utility>

#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/examination/examined.hpp"
#include "connectors/ldap/examination/servers.hpp"
#include "connectors/ldap/mapping/mapping.hpp"

namespace bascule::ldap {
namespace {

using directory::Findings;

/// "389-Directory/2.3.1", "Samba", "OpenLDAP".
std::string product_of(Dialect dialect, const directory::SourceEntry& root) {
    const std::string name = root.first_value("vendorName");
    const std::string version = root.first_value("vendorVersion");
    switch (dialect) {
        case Dialect::openldap:
            return "OpenLDAP";
        case Dialect::ds389:
            return version.empty() ? "389 Directory Server" : version;
        case Dialect::active_directory:
            return name.starts_with("Samba") ? "Samba" : "Active Directory";
        case Dialect::generic:
            break;
    }
    return name.empty() ? "an LDAP server" : name + (version.empty() ? "" : " " + version);
}

Dialect settle_dialect(
    const ExaminationOptions& options, const directory::SourceEntry& root, Findings& findings
) {
    const auto found = detect_dialect(root);
    const Dialect dialect = options.dialect.value_or(found.value_or(Dialect::openldap));
    const std::string finding =
        fmt::format("{}, dialect {}", product_of(dialect, root), name_of(dialect));
    if (options.dialect && found && *found != *options.dialect) {
        findings.advise(
            "dialect", "kind of server",
            fmt::format("{} is configured, the server is {}", finding, name_of(*found)),
            {"Set sources[].dialect to " + std::string(name_of(*found)) + ", or to auto.", {}}
        );
    } else if (!options.dialect && !found) {
        findings.advise(
            "dialect", "kind of server", "its root entry cannot be read, so this is a guess",
            {"Set sources[].dialect, or let the account read the root entry.", {}}
        );
    } else {
        findings.good("dialect", "kind of server", finding);
    }
    return dialect;
}

/// False when nothing below it can be looked at.
bool examine_base(Connection& connection, const ExaminationOptions& options, Findings& findings) {
    SearchRequest request;
    request.base = options.source.base;
    request.attributes = {"1.1"};
    const auto found = connection.search(
        request, std::chrono::steady_clock::now() + options.source.connection.operation_timeout
    );
    if (found && !found->empty()) {
        return true;
    }
    findings.bad(
        "base", "base " + options.source.base, "is not there, or may not be seen",
        {"Check sources[].base and give the account the right to read it.", {}}
    );
    return false;
}

People find_people_of(
    Connection& connection, const ExaminationOptions& options, Dialect dialect,
    const std::vector<std::string>& attributes, bool paged
) {
    const Mapping& defaults = default_mapping(dialect);
    PeopleSearch search;
    search.base = options.source.base;
    search.users = with_defaults(options.source.mapping.users, defaults.users).filter;
    search.groups = with_defaults(options.source.mapping.groups, defaults.groups).filter;
    search.attributes = attributes;
    search.paged = paged;
    search.patience = options.source.connection.operation_timeout;
    return find_people(connection, search);
}

void examine_people(const People& people, Findings& findings) {
    if (people.containers.empty()) {
        findings.bad(
            "people", "people", "none can be seen: users.filter finds nobody below the base",
            {"Check sources[].users.filter, sources[].base and the account's right to read.", {}}
        );
        return;
    }
    findings.good(
        "people", "people",
        fmt::format(
            "{}{} seen in {} container{}", people.count, people.count >= 2'000 ? " and more" : "",
            people.containers.size(), people.containers.size() == 1 ? "" : "s"
        )
    );
}

void examine_dialect(const Examined& examined) {
    switch (examined.dialect) {
        case Dialect::openldap:
            return examine_openldap(examined);
        case Dialect::ds389:
            return examine_ds389(examined);
        case Dialect::active_directory:
            return examine_active_directory(examined);
        case Dialect::generic:
            return examine_generic(examined);
    }
}

void examine_content(
    Connection& connection, const ExaminationOptions& options, const directory::Registry& registry,
    Findings& findings
) {
    auto root = read_root_entry(
        connection, std::chrono::steady_clock::now() + options.source.connection.operation_timeout
    );
    const Dialect dialect =
        settle_dialect(options, root ? *root : directory::SourceEntry(), findings);
    const auto mapper = Mapper::compile(options.source.mapping, registry, default_mapping(dialect));
    if (!mapper) {
        findings.bad("mapping", "mapping", mapper.error().detail, {"See: bascule check", {}});
        return;
    }
    if (!examine_base(connection, options, findings)) {
        return;
    }
    const auto& attributes = (*mapper)->wanted_attributes();
    Examined examined{
        connection,
        options,
        dialect,
        root ? *std::move(root) : directory::SourceEntry(),
        attributes,
        find_people_of(
            connection, options, dialect, attributes, dialect == Dialect::active_directory
        ),
        findings,
        account_dn(connection, options.source.connection)};
    examine_people(examined.people, findings);
    examine_dialect(examined);
}

}  // namespace

std::vector<directory::Check> examine_source(
    const ExaminationOptions& options, const directory::Registry& registry
) {
    Findings findings(options.name);
    if (auto connection = examine_servers(options, findings)) {
        examine_content(*connection, options, registry, findings);
    }
    return findings.take();
}

}  // namespace bascule::ldap
