#include <iostream>
#include <memory>

#include "config/documents.hpp"
#include "config/load.hpp"
#include "daemon/client_profiles.hpp"
#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/mapping_check.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

json describe(const config::Diagnostic& diagnostic) {
    return {
        {"severity", diagnostic.severity == config::Severity::error ? "error" : "warning"},
        {"file", diagnostic.file},
        {"line", diagnostic.position.line},
        {"column", diagnostic.position.column},
        {"path", diagnostic.path},
        {"message", diagnostic.message},
    };
}

int check(const Invocation& invocation, const std::string& path) {
    config::LoadOutcome outcome = config::load_file(path, config::Secrets::checked);
    check_mappings(outcome, path);
    check_client_profiles(outcome, path);
    if (invocation.json) {
        json all = json::array();
        for (const config::Diagnostic& diagnostic : outcome.diagnostics) {
            all.push_back(describe(diagnostic));
        }
        print_json(
            {{"diagnostics", std::move(all)},
             {"errors", outcome.errors()},
             {"warnings", outcome.warnings()}}
        );
        return outcome.exit_code();
    }
    for (const config::Diagnostic& diagnostic : outcome.diagnostics) {
        std::cout << diagnostic.to_string() << "\n";
    }
    std::cout << outcome.summary() << " Nothing was changed.\n";
    return outcome.exit_code();
}

}  // namespace

void add_config_commands(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    auto path = std::make_shared<std::string>("/etc/bascule/bascule.yaml");
    CLI::App* check_command =
        app.add_subcommand("check", "Check a configuration file; reports everything at once");
    check_command->add_option("file", *path, "Configuration file")->capture_default_str();
    check_command->callback([&invocation, &chosen, path] {
        chosen = [&invocation, path] { return check(invocation, *path); };
    });

    CLI::App* config = app.add_subcommand("config", "Default file and schema of the configuration");
    config->require_subcommand(1);
    auto full = std::make_shared<bool>(false);
    CLI::App* init = config->add_subcommand("init", "Print a file to start from");
    init->add_flag("--full", *full, "Every option with its explanation");
    init->callback([&chosen, full] {
        chosen = [full] {
            std::cout << config::annotated_default(*full);
            return exit_good;
        };
    });
    config->add_subcommand("schema", "Print the JSON Schema of the file, for editors")
        ->callback([&chosen] {
            chosen = [] {
                std::cout << config::json_schema();
                return exit_good;
            };
        });
}

}  // namespace bascule::daemon::ctl
