#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "daemon/ctl/api_client.hpp"

namespace bascule::daemon::ctl {

/// What the chosen command runs after parsing; returns the exit code.
using Chosen = std::function<int()>;

/// Each adds its subcommand. The references outlive the parser.
void add_config_commands(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_status_commands(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_doctor_command(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_drift_command(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_replay_command(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_explain_command(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_explain_filter_command(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_reload_command(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_what_if_commands(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_plan_command(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_hold_commands(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_source_commands(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_stream_commands(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_token_commands(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_audit_commands(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_role_commands(CLI::App& app, Invocation& invocation, Chosen& chosen);
void add_unit_commands(CLI::App& app, Invocation& invocation, Chosen& chosen);

/// Runs `body` and reports its error; the body's value is the exit code.
[[nodiscard]] int finish(const Invocation& invocation, const std::function<Result<int>()>& body);

/// "90s", "30m", "12h", "180d", "2y": a positive number and a unit.
[[nodiscard]] Result<std::chrono::seconds> parse_lifetime(const std::string& text);

}  // namespace bascule::daemon::ctl
