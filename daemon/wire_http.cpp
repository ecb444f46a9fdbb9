#include <algorithm>

#include "daemon/generation.hpp"
#include "daemon/service_manager.hpp"
#include "http/api/problem.hpp"
#include "scim/service/scim_error.hpp"

namespace bascule::daemon {
namespace {

std::string address_text(const config::HostPort& address) {
    const bool is_v6 = address.host.find(':') != std::string::npos;
    return (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

// SCIM clients read SCIM errors, also for what never reached the SCIM service.
http::Response render_error(
    std::string_view path, const Error& error, std::string_view request_id
) {
    const bool is_scim = path == "/scim" || path.starts_with("/scim/");
    return is_scim ? scim::scim_error(error, request_id) : http::problem(error, request_id);
}

http::Timeouts timeouts(const config::ServerLimits& limits) {
    http::Timeouts result;
    result.header = std::min<std::chrono::milliseconds>(limits.request_time, result.header);
    result.body = limits.request_time;
    result.idle = limits.idle_time;
    result.handler = limits.answer_time;
    return result;
}

}  // namespace

std::optional<http::TlsFiles> tls_files(const config::Settings& settings) {
    if (settings.server.tls_certificate.empty()) {
        return std::nullopt;
    }
    http::TlsFiles files;
    files.certificate = settings.server.tls_certificate;
    files.client_ca = settings.server.tls_client_ca;
    files.key_text = std::make_shared<const Secret>(settings.server.tls_key.value.duplicate());
    return files;
}

http::ServerOptions server_options(
    const config::Settings& settings, const std::shared_ptr<Generation>& generation,
    std::shared_ptr<const http::Router> management
) {
    const config::ServerSettings& server = settings.server;
    http::ServerOptions options;
    options.tls = tls_files(settings);
    options.trusted_proxies = server.trusted_proxies;
    options.header_limit = server.limits.header;
    options.compression = server.compression;
    options.timeouts = timeouts(server.limits);

    http::Listener open;
    open.name = "public";
    open.address = address_text(server.listen);
    open.tls = options.tls.has_value();
    open.plain_behind_proxy = !server.trusted_proxies.empty();
    open.max_connections = server.limits.connections;
    open.router = public_router(generation);
    open.render_error = render_error;

    http::Listener probes;
    probes.name = "management";
    probes.address = address_text(settings.management_listen);
    probes.plain_behind_proxy = true;  // figures and states only, no credentials
    probes.max_connections = 64;
    probes.router = std::move(management);

    http::Listener admin;
    admin.name = "admin";
    admin.address = "unix:" + settings.admin_socket;
    admin.max_connections = 64;
    admin.router = admin_router(generation);
    admin.render_error = render_error;

    for (const auto& [name, descriptor] : ServiceManager::inherited_sockets()) {
        (name == "management" ? probes : name == "admin" ? admin : open).descriptor = descriptor;
    }
    options.listeners = {std::move(open), std::move(probes), std::move(admin)};
    return options;
}

}  // namespace bascule::daemon
