#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

#include "config/load.hpp"
#include "connectors/ldap/dialects/parts.hpp"
#include "connectors/ldap/mapping/scoped_mapper.hpp"
#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/text_table.hpp"
#include "daemon/operator_schemas.hpp"
#include "daemon/replay/replayer.hpp"
#include "directory/model/internal_types.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

struct Wanted {
    std::string file;
    std::string config = "/etc/bascule/bascule.yaml";
    std::string source;
    unsigned repeat = 1;
};

/// A folder for one store, removed with everything in it.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = std::filesystem::temp_directory_path() / "bascule-replay-XXXXXX";
        if (::mkdtemp(pattern.data()) != nullptr) {
            path_ = pattern;
        }
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        if (!path_.empty()) {
            std::filesystem::remove_all(path_, ignored);
        }
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

Result<const config::SourceSettings*> find_source(
    const config::Settings& settings, const std::string& name
) {
    const auto found = std::ranges::find_if(settings.sources, [&](const auto& one) {
        return name.empty() || one.name == name;
    });
    if (found == settings.sources.end()) {
        return fail(
            ErrorKind::not_found, "unknown_source",
            "The configuration has no source" + (name.empty() ? "" : " '" + name + "'") + "."
        );
    }
    return &*found;
}

Result<ReplayMapping> make_mapping(
    const config::SourceSettings& source, ldap::Dialect dialect, const directory::Registry& registry
) {
    ReplayMapping mapping;
    BASCULE_TRY(
        mapping.rules, ldap::Mapper::compile(
                           {source.users, source.groups}, registry, ldap::default_mapping(dialect)
                       )
    );
    BASCULE_TRY(
        auto scoped,
        ldap::ScopedMapper::make(
            *mapping.rules, source.base,
            {source.bases, source.exclude, source.users_base, source.groups_base}, registry
        )
    );
    mapping.areas = scoped.get();
    mapping.mapper = std::move(scoped);
    return mapping;
}

MappingOf mapping_of(const config::SourceSettings& source, const directory::Registry& registry) {
    return [&source, &registry](const std::string& name) -> Result<ReplayMapping> {
        using ldap::Dialect;
        for (const Dialect dialect :
             {Dialect::openldap, Dialect::ds389, Dialect::active_directory, Dialect::generic}) {
            if (ldap::name_of(dialect) == name) {
                return make_mapping(source, dialect, registry);
            }
        }
        return fail(
            ErrorKind::unsupported, "unknown_dialect",
            "The file was recorded of a directory of kind '" + name + "', which is not known here."
        );
    };
}

json describe(const ReplayResult& result) {
    return {
        {"digest", result.digest},
        {"messages", result.messages},
        {"entries", result.entries},
        {"runs", result.runs},
        {"users", result.users},
        {"groups", result.groups},
        {"quarantined", result.quarantined},
        {"held", result.held},
        {"whole", result.whole},
        {"fromTheBeginning", result.from_the_beginning},
        {"seconds", result.took.count()}};
}

void print(const ReplayResult& result) {
    const double rate =
        result.took.count() > 0 ? static_cast<double>(result.messages) / result.took.count() : 0;
    std::cout << fmt::format(
        "{} messages ({} entries, {} runs) in {}, {}/s\n"
        "{} users, {} groups, {} quarantined, {} held\n"
        "sha256 {}\n",
        grouped(static_cast<std::int64_t>(result.messages)),
        grouped(static_cast<std::int64_t>(result.entries)), result.runs,
        rough_duration(result.took.count()), grouped(static_cast<std::int64_t>(rate)),
        grouped(static_cast<std::int64_t>(result.users)),
        grouped(static_cast<std::int64_t>(result.groups)), result.quarantined, result.held,
        result.digest
    );
    if (!result.whole) {
        std::cout << "The last block of the file is torn; what stands before it was replayed.\n";
    }
    if (!result.from_the_beginning) {
        std::cout << "The recording began when the source had been loaded already, so this is a "
                     "part of its data.\n";
    }
}

Result<int> replay_file(const Invocation& invocation, const Wanted& wanted) {
    config::LoadOutcome outcome = config::load_file(wanted.config, config::Secrets::checked);
    if (!outcome.settings) {
        return fail(
            ErrorKind::invalid_input, "invalid_configuration",
            "The configuration " + wanted.config + " has errors; see: bascule check"
        );
    }
    BASCULE_TRY(const auto* const source, find_source(*outcome.settings, wanted.source));
    BASCULE_TRY(auto schemas, require_schemas(*outcome.settings, wanted.config));
    directory::Registry registry;
    directory::register_internal_types(registry);
    BASCULE_CHECK(schemas->register_types(registry));
    ReplayOptions options;
    options.log = wanted.file;
    options.source = source->name;
    options.limits.delete_percent = source->guard.deletes_percent;
    options.limits.delete_at_least = source->guard.deletes_at_least;
    options.limits.emptied_percent = source->guard.emptied_percent;
    options.limits.membership_percent = source->guard.memberships_percent;
    options.limits.attribute_percent = source->guard.attribute_loss_percent;
    json all = json::array();
    std::string first;
    bool same = true;
    for (unsigned round = 0; round < wanted.repeat; ++round) {
        const TemporaryFolder folder;
        options.store = folder.path() + "/replay.db";
        BASCULE_TRY(
            const ReplayResult result, replay(options, registry, mapping_of(*source, registry))
        );
        first = round == 0 ? result.digest : first;
        same = same && result.digest == first;
        if (invocation.json) {
            all.push_back(describe(result));
        } else {
            print(result);
        }
    }
    if (invocation.json) {
        print_json({{"same", same}, {"replays", std::move(all)}});
    } else if (wanted.repeat > 1) {
        std::cout
            << (same ? "Every replay gave the same content.\n"
                     : "The replays differ. That is an error of the program.\n");
    }
    return same ? exit_good : exit_problem;
}

}  // namespace

void add_replay_command(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    auto wanted = std::make_shared<Wanted>();
    CLI::App* command = app.add_subcommand(
        "replay", "Feed recorded messages of a source into a fresh store and tell its content"
    );
    command->add_option("file", wanted->file, "What sources[].record wrote")->required();
    command->add_option("-c,--config", wanted->config, "Configuration file")->capture_default_str();
    command->add_option("--source", wanted->source, "Source; without it the first");
    command->add_option("--repeat", wanted->repeat, "Replay so often and compare")
        ->capture_default_str();
    command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] { return replay_file(invocation, *wanted); });
        };
    });
}

}  // namespace bascule::daemon::ctl
