#include "daemon/generation.hpp"

#include <utility>

namespace bascule::daemon {

Result<std::shared_ptr<Generation>> build_generation(
    Core& core, config::Settings settings, std::shared_ptr<const scim::SchemaRegistry> schemas
) {
    auto generation = std::make_shared<Generation>(core);
    generation->settings = std::move(settings);
    generation->schemas = std::move(schemas);
    BASCULE_TRY(generation->sources, Sources::build(core, generation->settings));
    BASCULE_CHECK(wire_selfservice(*generation));
    BASCULE_CHECK(wire_sign_on(*generation));
    BASCULE_CHECK(wire_scim(*generation));
    BASCULE_CHECK(wire_events(*generation));
    BASCULE_CHECK(wire_portal(*generation));
    BASCULE_CHECK(wire_admin(*generation));
    return generation;
}

std::shared_ptr<const http::Router> public_router(const std::shared_ptr<Generation>& generation) {
    return {generation, &generation->public_router};
}

std::shared_ptr<const http::Router> admin_router(const std::shared_ptr<Generation>& generation) {
    return {generation, &generation->admin_router};
}

}  // namespace bascule::daemon
