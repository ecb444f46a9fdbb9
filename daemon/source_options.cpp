#include "daemon/source_options.hpp"

#include <memory>
#include <mutex>
#include <utility>

#include "connectors/ldap/server_discovery.hpp"
#include "directory/base/log.hpp"

namespace bascule::daemon {
namespace {

/// The secret as it is now where it is kept; the last one that could be read while a file is being
/// replaced.
ldap::SecretProvider secret_provider(const config::SourceSettings& settings) {
    struct Kept {
        std::mutex mutex;
        Secret last;
        bool warned = false;
    };
    auto kept = std::make_shared<Kept>();
    kept->last = settings.bind_password.value.duplicate();
    return [kept, read = settings.bind_password.read_again, name = settings.name]() {
        const std::scoped_lock lock(kept->mutex);
        if (!read) {
            return Result<Secret>(kept->last.duplicate());
        }
        if (auto secret = read()) {
            kept->last = std::move(*secret);
            kept->warned = false;
        } else if (!std::exchange(kept->warned, true)) {
            log::warning(
                "secret_unreadable",
                "The secret of a source cannot be read; the one that was read before is used.",
                {{"source", name}, {"error", secret.error().detail}}
            );
        }
        return Result<Secret>(kept->last.duplicate());
    };
}

ldap::BindMethod bind_method(config::SaslMechanism mechanism) {
    switch (mechanism) {
        case config::SaslMechanism::none:
            return ldap::BindMethod::simple;
        case config::SaslMechanism::external:
            return ldap::BindMethod::external;
        case config::SaslMechanism::gssapi:
            return ldap::BindMethod::gssapi;
    }
    return ldap::BindMethod::simple;
}

/// Servers by SRV records; never in the clear because nobody said how.
void find_servers(const config::SourceSettings& settings, ldap::ConnectionOptions& options) {
    const bool plain = settings.start_tls || settings.bind_sasl == config::SaslMechanism::gssapi;
    const ldap::DnsLookup lookup(settings.dns);
    options.finder = ldap::find_by_service_records(
        settings.srv, lookup,
        plain ? ldap::DiscoveredTransport::plain : ldap::DiscoveredTransport::tls
    );
    options.finder_name = "srv:" + settings.srv;
    if (!settings.dns.empty()) {
        options.addresses = [lookup](const std::string& host, int port, auto deadline) {
            return lookup.addresses(host, port, deadline);
        };
    }
}

ldap::ConnectionOptions connection_options(const config::SourceSettings& settings) {
    ldap::ConnectionOptions options;
    options.servers = settings.servers;
    if (!settings.srv.empty()) {
        find_servers(settings, options);
    }
    options.ca_file = settings.ca;
    options.start_tls = settings.start_tls;
    options.bind_dn = settings.bind_dn;
    options.maximum_message = settings.message_limit;
    options.network_timeout = settings.connect_timeout;
    options.operation_timeout = settings.operation_timeout;
    options.silence = settings.silence;
    options.secret = secret_provider(settings);
    options.method = bind_method(settings.bind_sasl);
    options.certificate_file = settings.bind_certificate;
    options.key_file = settings.bind_key;
    options.keytab_file = settings.bind_keytab;
    options.principal = settings.bind_principal;
    return options;
}

}  // namespace

std::optional<ldap::Dialect> configured_dialect(config::Dialect dialect) {
    switch (dialect) {
        case config::Dialect::automatic:
            return std::nullopt;
        case config::Dialect::openldap:
            return ldap::Dialect::openldap;
        case config::Dialect::ds389:
            return ldap::Dialect::ds389;
        case config::Dialect::active_directory:
            return ldap::Dialect::active_directory;
        case config::Dialect::generic:
            return ldap::Dialect::generic;
    }
    return std::nullopt;
}

ldap::SourceOptions source_options(const config::SourceSettings& settings) {
    return {
        connection_options(settings),
        settings.base,
        {settings.users, settings.groups},
        settings.password_policy,
        settings.heartbeat,
        {settings.anchor, settings.poll_interval, settings.poll_overlap, settings.poll_audit},
        settings.write_back_replaces_password,
        settings.change_log,
        settings.write_back_phone};
}

mirror::GuardLimits guard_limits(const config::Guard& guard) {
    mirror::GuardLimits limits;
    limits.delete_percent = guard.deletes_percent;
    limits.delete_at_least = guard.deletes_at_least;
    limits.emptied_percent = guard.emptied_percent;
    limits.membership_percent = guard.memberships_percent;
    limits.attribute_percent = guard.attribute_loss_percent;
    return limits;
}

}  // namespace bascule::daemon
