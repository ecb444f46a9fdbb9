#include "config/checks.hpp"

#include <algorithm>
#include <set>

#include "config/values.hpp"

namespace bascule::config {
namespace {

/// Finds the place of a path, or of the nearest section around it.
Position place_of(const Places& places, std::string path) {
    while (!path.empty()) {
        if (const auto found = places.find(path); found != places.end()) {
            return found->second;
        }
        const std::size_t cut = path.find_last_of(".[");
        path.resize(cut == std::string::npos ? 0 : cut);
    }
    return {1, 1};
}

/// "02:30"
bool is_time_of_day(const std::string& text) {
    const auto below = [&](std::size_t at, char first, char second) {
        const bool digits = text[at] >= '0' && text[at + 1] >= '0' && text[at + 1] <= '9';
        return digits && (text[at] < first || (text[at] == first && text[at + 1] <= second));
    };
    return text.size() == 5 && text[2] == ':' && below(0, '2', '3') && below(3, '5', '9');
}

class Checker {
  public:
    Checker(const Places& places, Report& report) : places_(places), report_(report) {}

    void error(const std::string& path, std::string message) {
        report_.error(place_of(places_, path), path, std::move(message));
    }
    void warning(const std::string& path, std::string message) {
        report_.warning(place_of(places_, path), path, std::move(message));
    }
    [[nodiscard]] bool is_given(const std::string& path) const { return places_.contains(path); }

    void check_server(const ServerSettings& server) {
        const bool has_certificate = is_given("server.tls.certificate");
        const bool has_key = is_given("server.tls.key");
        if (has_certificate != has_key) {
            error(
                "server.tls", has_key ? "\"certificate\" is missing beside \"key\""
                                      : "\"key\" is missing beside \"certificate\""
            );
        }
        if (!has_certificate && is_given("server.tls.client_ca")) {
            error("server.tls.client_ca", "clients show certificates only when TLS is on");
        }
        if (!has_certificate && !has_key && !is_loopback(server.listen.host)) {
            error(
                "server.listen",
                "plain HTTP is served on loopback only; set server.tls, or listen on 127.0.0.1 "
                "behind "
                "a proxy"
            );
        }
        if (server.public_url.starts_with("http://") && !is_loopback(url_host(server.public_url))) {
            error(
                "server.public_url",
                "a public URL starts with https://; http:// is for this machine only"
            );
        }
        if (std::find(server.trusted_proxies.begin(), server.trusted_proxies.end(), "0.0.0.0/0") !=
            server.trusted_proxies.end()) {
            warning("server.trusted_proxies", "everybody can forge addresses; name the proxies");
        }
    }

    void check_source(const SourceSettings& source, const std::string& path) {
        const bool has_password = is_given(path + ".bind.password");
        check_servers(source, path);
        check_bind(source, path, has_password);
        if (!source.bind_dn.empty() && !has_password && source.bind_sasl == SaslMechanism::none) {
            error(path + ".bind", "\"password\" is missing beside \"dn\"");
        }
        if (source.bind_dn.empty() && has_password) {
            error(path + ".bind", "\"dn\" is missing beside \"password\"");
        }
        if (source.write_back_password && source.bind_dn.empty() &&
            source.bind_sasl == SaslMechanism::none) {
            error(
                path + ".write_back.password",
                "writing passwords needs a service account; set bind.dn and bind.password"
            );
        }
        if (source.audit_at != "off" && !is_time_of_day(source.audit_at)) {
            error(path + ".audit.at", "expected a time such as 02:30, or off");
        }
        check_transport(source, path);
    }

    void check_servers(const SourceSettings& source, const std::string& path) {
        if (source.servers.empty() == source.srv.empty()) {
            error(
                path + (source.srv.empty() ? ".servers" : ".srv"),
                source.srv.empty() ? "missing; expected a list of URLs with scheme ldap, ldaps or "
                                     "ldapi, or \"srv\" "
                                     "with a domain"
                                   : "\"servers\" and \"srv\" exclude each other; give one of them"
            );
        }
        if (!source.dns.empty() && source.srv.empty()) {
            error(path + ".dns", "these DNS servers are asked for \"srv\" only");
        }
        if (!source.srv.empty() && source.srv.find_first_of(":/@ ") != std::string::npos) {
            error(path + ".srv", "expected a domain such as example.com");
        }
    }

    void check_bind(const SourceSettings& source, const std::string& path, bool has_password) {
        const std::string bind = path + ".bind";
        const bool external = source.bind_sasl == SaslMechanism::external;
        const bool gssapi = source.bind_sasl == SaslMechanism::gssapi;
        if ((external || gssapi) && (has_password || !source.bind_dn.empty())) {
            error(
                bind + ".sasl",
                "the server tells who it is by itself; remove \"dn\" and "
                "\"password\", or \"sasl\""
            );
        }
        if (source.bind_certificate.empty() != source.bind_key.empty()) {
            error(
                bind, source.bind_key.empty() ? "\"key\" is missing beside \"certificate\""
                                              : "\"certificate\" is missing beside \"key\""
            );
        }
        const bool local =
            std::all_of(source.servers.begin(), source.servers.end(), [](const std::string& url) {
                return url.starts_with("ldapi://");
            });
        if (external && source.bind_certificate.empty() && (source.servers.empty() || !local)) {
            error(
                bind + ".sasl",
                "external needs \"certificate\" and \"key\", or ldapi:// servers only"
            );
        }
        if (!gssapi && !(source.bind_keytab.empty() && source.bind_principal.empty())) {
            error(bind + ".keytab", "a keytab and a principal are for \"sasl: gssapi\"");
        }
    }

    void check_transport(const SourceSettings& source, const std::string& path) {
        for (std::size_t i = 0; i < source.servers.size(); ++i) {
            const std::string& url = source.servers[i];
            const std::string place = path + ".servers";
            if (source.start_tls && !url.starts_with("ldap://")) {
                error(path + ".start_tls", "start_tls is for ldap:// servers; " + url + " is none");
            }
            if (source.bind_sasl != SaslMechanism::gssapi && !source.start_tls &&
                url.starts_with("ldap://") && !is_loopback(url_host(url))) {
                warning(
                    place,
                    "passwords travel in the clear to " + url + "; use ldaps:// or start_tls: true"
                );
            }
        }
    }

    void check_sources(const std::vector<SourceSettings>& sources) {
        std::set<std::string> names;
        for (std::size_t i = 0; i < sources.size(); ++i) {
            const std::string path = "sources[" + std::to_string(i) + "]";
            if (!sources[i].name.empty() && !names.insert(sources[i].name).second) {
                error(path + ".name", "another source has the name \"" + sources[i].name + "\"");
            }
            if (i == 0 && !sources[i].join_users.empty()) {
                error(path + ".join.users", "there is no source before this one to join");
            }
            check_source(sources[i], path);
        }
    }

    void check_rate_classes(const std::vector<RateClassSettings>& classes) {
        std::set<std::string> names;
        for (std::size_t i = 0; i < classes.size(); ++i) {
            if (!names.insert(classes[i].name).second) {
                error(
                    "scim.rate_classes[" + std::to_string(i) + "].name",
                    "another class has the name \"" + classes[i].name + "\""
                );
            }
        }
    }

    void check_issuers(const std::vector<IssuerSettings>& issuers) {
        std::set<std::string> names;
        std::set<std::string> values;
        for (std::size_t i = 0; i < issuers.size(); ++i) {
            const IssuerSettings& issuer = issuers[i];
            const std::string path = "sign_on.issuers[" + std::to_string(i) + "]";
            if (!names.insert(issuer.name).second) {
                error(path + ".name", "another issuer has the name \"" + issuer.name + "\"");
            }
            if (!values.insert(issuer.issuer).second) {
                error(path + ".issuer", "another entry is for the same issuer");
            }
            if (issuer.keys_url.empty() == issuer.keys_file.empty()) {
                error(path, "expected one of \"keys_url\" and \"keys_file\"");
            }
            if (!issuer.keys_url.empty() && !issuer.keys_url.starts_with("https://")) {
                error(path + ".keys_url", "keys are fetched over https:// only");
            }
            check_algorithms(issuer, path + ".algorithms");
        }
    }

    void check_algorithms(const IssuerSettings& issuer, const std::string& path) {
        static const std::set<std::string> known{"RS256", "RS384", "RS512", "PS256", "PS384",
                                                 "PS512", "ES256", "ES384", "ES512"};
        if (issuer.algorithms.empty()) {
            error(path, "expected at least one algorithm");
        }
        for (const std::string& algorithm : issuer.algorithms) {
            if (!known.contains(algorithm)) {
                error(
                    path, "\"" + algorithm +
                              "\" is not taken; choose among RS256 RS384 RS512 PS256 PS384 PS512 "
                              "ES256 ES384 ES512"
                );
            }
        }
    }

  private:
    const Places& places_;
    Report& report_;
};

}  // namespace

void check_settings(const Settings& settings, const Places& places, Report& report) {
    Checker checker(places, report);
    checker.check_server(settings.server);
    checker.check_sources(settings.sources);
    checker.check_rate_classes(settings.rate_classes);
    checker.check_issuers(settings.sign_on.issuers);
    if (settings.staff_access == StaffAccess::selected && settings.staff_groups.empty()) {
        checker.error(
            "self_service.staff.groups", "\"access: selected\" needs at least one group here"
        );
    }
    if (settings.staff_access != StaffAccess::selected && !settings.staff_groups.empty()) {
        checker.warning(
            "self_service.staff.groups", "these groups count only with \"access: selected\""
        );
    }
    if (settings.scim_default_page > settings.scim_max_results) {
        checker.error(
            "scim.default_page", "expected no more than scim.max_results, which is " +
                                     std::to_string(settings.scim_max_results)
        );
    }
    if (settings.sign_in.session_idle > settings.sign_in.session_absolute) {
        checker.error(
            "sign_in.session.idle", "expected no more than sign_in.session.absolute, which is " +
                                        format_duration(settings.sign_in.session_absolute)
        );
    }
}

}  // namespace bascule::config
