#include "daemon/generation.hpp"
#include "portal/api/routes.hpp"

namespace bascule::daemon {

Status wire_portal(Generation& generation) {
    return portal::add_routes(
        generation.public_router,
        portal::Services{
            *generation.core.store, *generation.authenticator, *generation.sessions,
            *generation.passwords, *generation.staff, *generation.applications}
    );
}

}  // namespace bascule::daemon
