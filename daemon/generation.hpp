#pragma once

#include <memory>
#include <optional>

#include "config/settings.hpp"
#include "daemon/core.hpp"
#include "daemon/events/event_means.hpp"
#include "daemon/sources.hpp"
#include "http/api/router.hpp"
#include "http/server/options.hpp"
#include "portal/api/caller_authenticator.hpp"
#include "portal/api/client_authentication.hpp"
#include "scim/service/service.hpp"
#include "selfservice/apps/application_service.hpp"
#include "selfservice/password/password_service.hpp"
#include "selfservice/signins/session_service.hpp"
#include "selfservice/staff/staff_service.hpp"

namespace bascule::daemon {

/// Everything that one configuration gives: sources, services and the routes over them. A reload
/// builds another one; the old one stays until its last request has been answered.
struct Generation {
    explicit Generation(Core& the_core) : core(the_core) {}

    Core& core;
    config::Settings settings;
    std::shared_ptr<const scim::SchemaRegistry> schemas;
    std::unique_ptr<Sources> sources;
    std::unique_ptr<selfservice::SessionService> sessions;
    std::unique_ptr<selfservice::StaffService> staff;
    std::unique_ptr<selfservice::PasswordService> passwords;
    std::unique_ptr<selfservice::ApplicationService> applications;
    std::unique_ptr<portal::Issuers> issuers;
    std::unique_ptr<portal::ClientAuthentication> client_authentication;
    std::unique_ptr<portal::CallerAuthenticator> authenticator;
    std::unique_ptr<scim::Service> scim;
    std::unique_ptr<EventMeans> events;
    http::Router public_router;
    http::Router admin_router;
    http::Router async_router;  ///< SCIM for requests that were accepted to be answered later
};

/// Builds and checks everything; starts nothing. The types of `schemas` are registered in the core.
[[nodiscard]] Result<std::shared_ptr<Generation>> build_generation(
    Core& core, config::Settings settings, std::shared_ptr<const scim::SchemaRegistry> schemas
);

/// The routers of a generation as the server holds them: each keeps the whole generation alive.
[[nodiscard]] std::shared_ptr<const http::Router> public_router(
    const std::shared_ptr<Generation>& generation
);
[[nodiscard]] std::shared_ptr<const http::Router> admin_router(
    const std::shared_ptr<Generation>& generation
);

// One function a module, in files named wire_*.cpp.
[[nodiscard]] Status wire_selfservice(Generation& generation);
[[nodiscard]] Status wire_sign_on(Generation& generation);
[[nodiscard]] Status wire_scim(Generation& generation);
[[nodiscard]] Status wire_events(Generation& generation);
[[nodiscard]] Status wire_portal(Generation& generation);
[[nodiscard]] Status wire_admin(Generation& generation);

/// Carries out a request that was accepted to be answered later, with the rights that its client
/// has now.
[[nodiscard]] http::Response run_async(const Generation& generation, const AsyncRequest& request);

/// The client of such a request; `unauthenticated`/"invalid_token" when it may call no more.
[[nodiscard]] Result<access::Caller> async_caller(
    selfservice::TokenService& tokens, const http::Request& request,
    const http::RequestContext& context
);

/// The server's options: public, management and admin listeners with their timeouts and limits.
[[nodiscard]] http::ServerOptions server_options(
    const config::Settings& settings, const std::shared_ptr<Generation>& generation,
    std::shared_ptr<const http::Router> management
);

/// How many failed sign-ins the settings allow.
[[nodiscard]] selfservice::SignInThrottle::Limits throttle_limits(const config::Settings& settings);

/// The limits of requests that the settings name.
[[nodiscard]] std::vector<access::RateClass> rate_classes(const config::Settings& settings);

/// What TLS needs of the settings; nothing when it is not configured.
[[nodiscard]] std::optional<http::TlsFiles> tls_files(const config::Settings& settings);

}  // namespace bascule::daemon
