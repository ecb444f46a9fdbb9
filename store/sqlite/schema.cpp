#include "store/sqlite/schema.hpp"

#include <fmt/format.h>

#include "directory/base/log.hpp"
#include "store/sql/migrations.hpp"

namespace bascule::store {

Status migrate(Connection& connection) {
    const auto steps = migrations();
    const auto newest = static_cast<std::int64_t>(steps.size());
    auto at = connection.number("PRAGMA user_version").value_or(0);
    if (at > newest) {
        return fail(
            ErrorKind::unsupported, "store_too_new",
            fmt::format(
                "The store has schema {} and this program knows up to {}. A newer version wrote "
                "it; run that "
                "version, or restore a backup that fits.",
                at, newest
            )
        );
    }
    for (; at < newest; ++at) {
        const auto& step = steps[static_cast<std::size_t>(at)];
        connection.run("BEGIN IMMEDIATE");
        connection.script(step.statements);
        connection.script(fmt::format("PRAGMA user_version={}", at + 1));
        connection.run("COMMIT");
        log::info(
            "store_migrated", "The schema of the store was brought forward.",
            {{"step", std::to_string(at + 1)}, {"name", std::string(step.name)}}
        );
    }
    return {};
}

}  // namespace bascule::store
