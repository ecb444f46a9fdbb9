#include "daemon/reload.hpp"

#include <utility>

#include "config/documents.hpp"
#include "config/load.hpp"
#include "daemon/operator_schemas.hpp"
#include "directory/base/log.hpp"

namespace bascule::daemon {

Result<config::Settings> load_settings(const std::string& path) {
    config::LoadOutcome outcome = config::load_file(path);
    for (const config::Diagnostic& diagnostic : outcome.diagnostics) {
        const bool is_error = diagnostic.severity == config::Severity::error;
        log::emit(
            is_error ? log::Level::error : log::Level::warning,
            is_error ? "config_error" : "config_warning", diagnostic.to_string()
        );
    }
    if (!outcome.settings) {
        return fail(
            ErrorKind::invalid_input, "invalid_config",
            "The configuration " + path + " was not taken over: " + outcome.summary()
        );
    }
    return *std::move(outcome.settings);
}

namespace {

/// Makes the types and attributes that the schemas bring known to the registry and the store.
Status take_up(Core& core, scim::SchemaRegistry& schemas) {
    auto added = schemas.extend_types(core.registry);
    if (!added) {
        Error error = std::move(added).error();
        error.code = "restart_needed";
        error.detail =
            "Nothing was changed, because a reload can only add to the schemas: " + error.detail +
            " Restart the service to change or remove it.";
        return fail(std::move(error));
    }
    if (*added) {
        if (auto taken = core.store->take_up_registry(); !taken) {
            core.registry.withdraw();
            return taken;
        }
    }
    return {};
}

}  // namespace

Status reload(
    const std::string& path, Core& core, http::Server& server, std::shared_ptr<Generation>& running
) {
    BASCULE_TRY(config::Settings settings, load_settings(path));
    if (const auto names = config::restart_needed(running->settings, settings); !names.empty()) {
        std::string list;
        for (const std::string& name : names) {
            list.append(list.empty() ? "" : ", ").append(name);
        }
        return fail(
            ErrorKind::conflict, "restart_needed",
            "Nothing was changed, because these options change only by a restart: " + list + "."
        );
    }
    BASCULE_TRY(std::shared_ptr<scim::SchemaRegistry> schemas, require_schemas(settings, path));
    BASCULE_CHECK(take_up(core, *schemas));
    BASCULE_TRY(auto next, build_generation(core, std::move(settings), std::move(schemas)));
    if (const auto files = tls_files(next->settings)) {
        BASCULE_CHECK(server.reload_certificate(*files));
    }
    core.throttle.set_limits(throttle_limits(next->settings));
    core.limits.set_classes(rate_classes(next->settings));
    // A source has one reader at a time: the old ones end before the new ones begin.
    running->sources->stop();
    next->sources->continue_figures(*running->sources);
    next->sources->start();
    server.set_router("public", public_router(next));
    server.set_router("admin", admin_router(next));
    running = std::move(next);
    return {};
}

}  // namespace bascule::daemon
