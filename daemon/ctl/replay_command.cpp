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
#include "daemon/mapped_source.hpp"
#include "daemon/operator_schemas.hpp"
#include "daemon/replay/replayer.hpp"
#include "daemon/source_options.hpp"
#include "directory/model/internal_types.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

struct Wanted {
    std::vector<std::string> files;
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

Result<ReplayMapping> mapping_for(
    const config::SourceSettings& source, const directory::Registry& registry,
    const std::string& name
) {
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
}

/// One file, played as the source that it is of; `name` names another one.
Result<ReplaySource> source_of(
    const config::Settings& settings, const std::string& file, const std::string& name,
    const directory::Registry& registry
) {
    BASCULE_TRY(const std::string recorded, recorded_source(file));
    BASCULE_TRY(const auto* const source, find_source(settings, name.empty() ? recorded : name));
    return ReplaySource{
        file, source->name, guard_limits(source->guard),
        [source, &registry](const std::string& dialect) {
            return mapping_for(*source, registry, dialect);
        }};
}

Result<ReplayOptions> replay_options(
    const config::Settings& settings, const Wanted& wanted, const directory::Registry& registry
) {
    if (wanted.files.size() > 1 && !wanted.source.empty()) {
        return fail(
            ErrorKind::invalid_input, "several_files",
            "--source names the source of one file. Several files tell by themselves of which "
            "sources they are."
        );
    }
    ReplayOptions options;
    for (const std::string& file : wanted.files) {
        BASCULE_TRY(auto source, source_of(settings, file, wanted.source, registry));
        const bool twice = std::ranges::any_of(options.sources, [&](const ReplaySource& one) {
            return one.name == source.name;
        });
        if (twice) {
            return fail(
                ErrorKind::invalid_input, "source_twice",
                "Two of the files are of source '" + source.name + "'."
            );
        }
        options.sources.push_back(std::move(source));
    }
    options.joins = [&settings](directory::Store& store) { return join_rules(settings, store); };
    return options;
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
        {"fromTheBeginning", result.partial.empty()},
        {"seconds", result.took.count()},
        {"secondsApplied", result.applied.count()}};
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
        std::cout << "The last block of a file is torn; what stands before it was replayed.\n";
    }
    for (const std::string& source : result.partial) {
        std::cout << "The recording of " << source
                  << " began when the source had been loaded already, so this is a part of its "
                     "data.\n";
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
    BASCULE_TRY(auto schemas, require_schemas(*outcome.settings, wanted.config));
    directory::Registry registry;
    directory::register_internal_types(registry);
    BASCULE_CHECK(schemas->register_types(registry));
    BASCULE_TRY(auto options, replay_options(*outcome.settings, wanted, registry));
    json all = json::array();
    std::string first;
    bool same = true;
    for (unsigned round = 0; round < wanted.repeat; ++round) {
        const TemporaryFolder folder;
        options.store = folder.path() + "/replay.db";
        BASCULE_TRY(const ReplayResult result, replay(options, registry));
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
        "replay", "Feed recorded messages of sources into a fresh store and tell its content"
    );
    command->add_option("files", wanted->files, "What sources[].record wrote, a file a source")
        ->required();
    command->add_option("-c,--config", wanted->config, "Configuration file")->capture_default_str();
    command->add_option(
        "--source", wanted->source, "Source of the file, in place of the recorded one"
    );
    command->add_option("--repeat", wanted->repeat, "Replay so often and compare")
        ->capture_default_str();
    command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] { return replay_file(invocation, *wanted); });
        };
    });
}

}  // namespace bascule::daemon::ctl
