#include "daemon/core.hpp"

#include "directory/base/log.hpp"
#include "directory/model/internal_types.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace bascule::daemon {
namespace {

/// Secrets that were made under another key are checked in vain; somebody should know why.
Status warn_of_void_secrets(selfservice::TokenService& tokens) {
    BASCULE_TRY(const auto clients, tokens.list());
    if (!clients.empty()) {
        log::warning(
            "installation_key_missing",
            "The file installation.key beside the database was missing and was made anew: the "
            "secrets of all clients are void. Restore the file from a backup and restart, or give "
            "every client a new secret with 'bascule client rotate'.",
            {{"clients", std::to_string(clients.size())}}
        );
    }
    return {};
}

}  // namespace

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
    core->credentials = std::make_unique<selfservice::Argon2Credentials>(core->registry);
    BASCULE_TRY(core->installation_key, InstallationKey::open(database_path));
    core->cursor_key =
        std::make_shared<const Secret>(core->installation_key.derive("page cursors"));
    core->tokens = std::make_unique<selfservice::TokenService>(
        *core->store, core->clock, core->installation_key.derive("client secrets")
    );
    core->access_tokens = std::make_unique<selfservice::AccessTokens>(
        *core->tokens, core->clock, core->installation_key.derive("access tokens")
    );
    if (core->installation_key.is_new()) {
        BASCULE_CHECK(warn_of_void_secrets(*core->tokens));
    }
    core->streams = std::make_unique<StreamService>(
        *core->store, core->clock, *core->tokens, core->installation_key.derive("event streams")
    );
    core->async = std::make_unique<AsyncRequests>(*core->store, core->clock);
    core->plans = std::make_unique<PlanService>(database_path, core->clock, core->scans);
    return core;
}

}  // namespace bascule::daemon
