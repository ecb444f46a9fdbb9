#include <malloc.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "connectors/ldap/library.hpp"
#include "daemon/ctl/commands.hpp"
#include "daemon/serve.hpp"
#include "daemon/version.hpp"

namespace {

using bascule::daemon::ctl::Chosen;
using bascule::daemon::ctl::Invocation;

void add_serve_command(CLI::App& app, Chosen& chosen) {
    auto config = std::make_shared<std::string>("/etc/bascule/bascule.yaml");
    CLI::App* command = app.add_subcommand("serve", "Run the daemon in the foreground");
    command->add_option("-c,--config", *config, "Configuration file")->capture_default_str();
    command->callback([&chosen, config] {
        chosen = [config] { return bascule::daemon::serve(*config); };
    });
}

int run(int count, char** arguments) {
    CLI::App app{
        "Bascule mirrors a directory, serves it as SCIM 2.0 and writes password resets back."};
    app.set_version_flag("--version", std::string("bascule ") + bascule::daemon::version);
    app.require_subcommand(1);
    app.fallthrough();
    Invocation invocation;
    Chosen chosen;
    app.add_option("--socket", invocation.socket, "Admin socket of the running daemon")
        ->envname("BASCULE_SOCKET")
        ->capture_default_str();
    app.add_flag("--json", invocation.json, "Machine-readable output");
    add_serve_command(app, chosen);
    add_config_commands(app, invocation, chosen);
    add_status_commands(app, invocation, chosen);
    add_doctor_command(app, invocation, chosen);
    add_drift_command(app, invocation, chosen);
    add_replay_command(app, invocation, chosen);
    add_explain_command(app, invocation, chosen);
    add_explain_filter_command(app, invocation, chosen);
    add_reload_command(app, invocation, chosen);
    add_what_if_commands(app, invocation, chosen);
    add_plan_command(app, invocation, chosen);
    add_hold_commands(app, invocation, chosen);
    add_source_commands(app, invocation, chosen);
    add_stream_commands(app, invocation, chosen);
    add_token_commands(app, invocation, chosen);
    add_role_commands(app, invocation, chosen);
    add_unit_commands(app, invocation, chosen);
    add_audit_commands(app, invocation, chosen);
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        // Help and version end well; a wrong command line could not run.
        return app.exit(error) == 0 ? 0 : bascule::daemon::ctl::exit_could_not;
    }
    return chosen ? chosen() : bascule::daemon::ctl::exit_could_not;
}

}  // namespace

int main(int count, char** arguments) {
    // Freed small blocks are joined at once. Else those of a mirror run wait, a million of them,
    // for the next large request, which then joins them all while other threads stand still.
    ::mallopt(M_MXFAST, 0);
    // libldap's first use is not thread-safe.
    bascule::ldap::initialise_library();
    try {
        return run(count, arguments);
    } catch (const std::exception& error) {
        std::cerr << "bascule: " << error.what() << "\n";
        return bascule::daemon::ctl::exit_could_not;
    }
}
