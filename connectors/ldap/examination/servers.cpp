#include "connectors/ldap/examination/servers.hpp"

#include <fmt/format.h>

#include <utility>

#include "connectors/ldap/examination/tls_facts.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::Findings;
using directory::Remedy;
using std::chrono::steady_clock;

constexpr std::chrono::days soon_expiring{30};

Time now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string day(Time time) {
    return format_time(time).substr(0, 10);
}

std::string certificate_advice(const TlsFacts& facts, const ConnectionOptions& options) {
    if (facts.expires < now()) {
        return "Give the directory server a certificate that is in date.";
    }
    if (!facts.distrust.empty()) {
        return fmt::format(
            "Name the authority that signed it ({}) in sources[].ca{}.", printable(facts.issuer),
            options.ca_file.empty() ? "" : "; the file is " + options.ca_file
        );
    }
    return "Write the URL in sources[].servers with a name that the certificate holds.";
}

std::string fault_of(const TlsFacts& facts) {
    if (facts.expires < now()) {
        return "expired on " + day(facts.expires);
    }
    if (!facts.distrust.empty()) {
        return facts.distrust;
    }
    return facts.name_matches ? std::string() : "is not for this host";
}

/// `trusted`: the connection as the mirror makes it came about.
void report_tls(
    Findings& findings, const std::string& server, const ConnectionOptions& options,
    const TlsFacts& facts, bool trusted
) {
    const std::string subject = "TLS " + server;
    const std::string fault = fault_of(facts);
    if (!trusted) {
        findings.bad(
            "tls", subject,
            fmt::format(
                "certificate {}: {}", printable(facts.subject), fault.empty() ? "refused" : fault
            ),
            {certificate_advice(facts, options), {}}
        );
        return;
    }
    const std::string finding =
        fmt::format("{}, certificate until {}", facts.protocol, day(facts.expires));
    if (facts.expires - now() < soon_expiring) {
        const auto left = std::chrono::duration_cast<std::chrono::days>(facts.expires - now());
        findings.advise(
            "tls", subject, finding,
            {fmt::format("Renew it: it expires in {} days.", left.count()), {}}
        );
        return;
    }
    if (facts.protocol == "TLSv1" || facts.protocol == "TLSv1.1") {
        findings.advise("tls", subject, finding, {"Let the server speak TLS 1.2 or newer.", {}});
        return;
    }
    findings.good("tls", subject, finding);
}

bool is_encrypted(const Endpoint& endpoint, const ConnectionOptions& options) {
    return endpoint.scheme == "ldaps" || (options.start_tls && endpoint.scheme == "ldap");
}

void examine_tls(
    const std::string& server, const ConnectionOptions& options, bool trusted, Findings& findings
) {
    const auto endpoint = parse_endpoint(server);
    if (!endpoint || !is_encrypted(*endpoint, options)) {
        return;
    }
    const auto facts =
        read_tls_facts(*endpoint, options, steady_clock::now() + options.network_timeout);
    if (facts) {
        report_tls(findings, server, options, *facts, trusted);
    } else if (!trusted && facts.error().code == "directory_tls") {
        findings.bad(
            "tls", "TLS " + server, facts.error().detail,
            {"Check the port, and sources[].start_tls.", {}}
        );
    }
}

/// Nothing is encrypted and the server is not this machine.
void examine_clear_text(
    const Connection& connection, const ExaminationOptions& options, Findings& findings
) {
    if (connection.confidential()) {
        return;
    }
    const std::string finding = "not encrypted: the account's password goes in the clear";
    const Remedy remedy{"Use ldaps:// or sources[].start_tls.", {}};
    if (options.writes_passwords) {
        findings.bad(
            "tls", "TLS " + connection.server(), finding + ", and people's are not sent at all",
            remedy
        );
    } else {
        findings.advise("tls", "TLS " + connection.server(), finding, remedy);
    }
}

Remedy unreachable_remedy(const Error& error) {
    if (error.code == "directory_tls") {
        return {"See TLS.", {}};
    }
    return {
        "Check that the server runs, its name and port, and what lies between (firewall, DNS).",
        {}};
}

/// What the log would say of it, without the beginning that repeats the server.
std::string reason_of(const Error& error) {
    return error.context.empty() ? error.detail : printable(error.context);
}

std::optional<Connection> examine_one(
    const std::string& server, const ExaminationOptions& options, Findings& findings
) {
    const auto one = options.source.connection.at(server);
    const auto begin = steady_clock::now();
    auto connection = Connection::open(one, begin + one.network_timeout);
    const auto took =
        std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count();
    if (!connection) {
        findings.bad(
            "server", server, reason_of(connection.error()), unreachable_remedy(connection.error())
        );
        examine_tls(server, one, false, findings);
        return std::nullopt;
    }
    findings.good("server", server, fmt::format("answers in {:.0f} ms", took));
    examine_tls(server, one, true, findings);
    examine_clear_text(*connection, options, findings);
    const std::string who = !one.binds()          ? "anonymous"
                            : one.bind_dn.empty() ? one.identity()
                                                  : one.bind_dn;
    auto bound = Connection::open_bound(
        one, steady_clock::now() + one.network_timeout + one.operation_timeout
    );
    if (!bound) {
        findings.bad(
            "sign_in", "sign-in at " + server, fmt::format("{}: {}", who, reason_of(bound.error())),
            {"Check sources[].bind: the account's name and its password.", {}}
        );
        return std::nullopt;
    }
    findings.good("sign_in", "sign-in at " + server, who);
    return std::optional(*std::move(bound));
}

}  // namespace

std::optional<Connection> examine_servers(const ExaminationOptions& options, Findings& findings) {
    std::optional<Connection> first;
    const auto servers = options.source.connection.candidates(
        steady_clock::now() + options.source.connection.network_timeout
    );
    if (!servers) {
        findings.bad("server", "servers", servers.error().detail, {"Check sources[].srv.", {}});
        return first;
    }
    for (const auto& server : *servers) {
        auto connection = examine_one(server.uri, options, findings);
        if (connection && !first) {
            first = std::move(connection);
        }
    }
    return first;
}

}  // namespace bascule::ldap
