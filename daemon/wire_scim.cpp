#include "daemon/admin/admin_routes.hpp"
#include "daemon/client_profiles.hpp"
#include "daemon/generation.hpp"
#include "scim/service/me.hpp"

namespace bascule::daemon {

Status wire_scim(Generation& generation) {
    Core& core = generation.core;
    const config::Settings& settings = generation.settings;
    scim::ServiceOptions options;
    options.base_url = settings.server.public_url + "/scim/v2";
    options.default_page_size = settings.scim_default_page;
    options.max_results = settings.scim_max_results;
    options.search_limit = settings.scim_search_limit;
    options.cursor_timeout =
        std::chrono::duration_cast<std::chrono::seconds>(settings.scim_cursor_timeout);
    options.secret = core.cursor_key;
    options.bulk = {settings.scim_bulk_operations, settings.scim_bulk_payload};
    options.body_limit = settings.server.limits.body;
    BASCULE_TRY(options.profiles, client_profiles(settings));
    BASCULE_CHECK(scim::check_own_attributes(*generation.schemas, settings.own_attributes));
    options.own_attributes = settings.own_attributes;
    generation.scim = std::make_unique<scim::Service>(scim::ServiceDependencies{
        *core.store, *generation.schemas,
        [sources = generation.sources.get()] { return sources->authority(); }, core.clock,
        core.credentials.get(), std::move(options), core.async.get(), generation.sources.get(),
        &core.echoes});
    core.async->set_public_url(settings.server.public_url);
    BASCULE_CHECK(generation.scim->add_routes(
        generation.public_router,
        [authenticator = generation.authenticator.get()](
            const http::Request& request, const http::RequestContext& context
        ) { return authenticator->authenticate_token(request, context); },
        [authenticator = generation.authenticator.get()](
            const http::Request& request, const http::RequestContext& context
        ) { return authenticator->authenticate(request, context); }
    ));
    // Requests that were accepted to be answered later come back here, with their client's name.
    BASCULE_CHECK(generation.scim->add_routes(
        generation.async_router,
        [tokens = core.tokens.get()](
            const http::Request& request, const http::RequestContext& context
        ) { return async_caller(*tokens, request, context); }
    ));
    // The same service on the admin socket is what role and unit commands talk to.
    return generation.scim->add_routes(
        generation.admin_router, [](const http::Request&, const http::RequestContext& context
                                 ) { return operator_of(context); }
    );
}

}  // namespace bascule::daemon
