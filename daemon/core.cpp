#include "daemon/core.hpp"

#include "daemon/installation_secret.hpp"
#include "directory/model/internal_types.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace bascule::daemon {

Time SystemClock::now() const {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()
    );
}

Result<std::unique_ptr<Core>> open_core(
    const std::string& database_path, scim::SchemaRegistry& schemas
) {
    auto core = std::make_unique<Core>();
    directory::register_internal_types(core->registry);
    BASCULE_CHECK(schemas.register_types(core->registry));
    BASCULE_TRY(
        core->store, store::open_sqlite_store({database_path}, core->registry, core->clock)
    );
    BASCULE_TRY(core->secret, load_installation_secret(database_path));
    core->credentials = std::make_unique<selfservice::Argon2Credentials>(core->registry);
    core->tokens = std::make_unique<selfservice::TokenService>(*core->store, core->clock);
    core->streams = std::make_unique<StreamService>(*core->store, core->clock, *core->tokens);
    core->async = std::make_unique<AsyncRequests>(*core->store, core->clock);
    return core;
}

}  // namespace bascule::daemon
