#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "config/load.hpp"
#include "daemon/ctl/commands.hpp"
#include "daemon/doctor/doctor.hpp"
#include "daemon/operator_schemas.hpp"
#include "directory/base/text.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

// Servers that do not answer take their time, one after the other.
constexpr std::chrono::minutes doctor_patience{10};

struct Wanted {
    std::string source;
    std::string config;
};

/// In this process, with its rights.
Result<json> examine_here(const Wanted& wanted) {
    config::LoadOutcome outcome = config::load_file(wanted.config, config::Secrets::checked);
    for (const config::Diagnostic& diagnostic : outcome.diagnostics) {
        if (diagnostic.severity == config::Severity::error) {
            std::cerr << diagnostic.to_string() << "\n";
        }
    }
    if (!outcome.settings) {
        return fail(
            ErrorKind::unavailable, "invalid_configuration",
            "The configuration has errors. " + outcome.summary()
        );
    }
    directory::Registry registry;
    BASCULE_TRY(const auto schemas, require_schemas(*outcome.settings, wanted.config));
    BASCULE_CHECK(schemas->register_types(registry));
    BASCULE_TRY(const auto checks, (Doctor{*outcome.settings, registry}.examine(wanted.source)));
    return checks_json(checks);
}

Result<json> ask_daemon(const Invocation& invocation, const Wanted& wanted) {
    return ApiClient(invocation, doctor_patience)
        .get("/v1/doctor?source=" + http::percent_encode(wanted.source));
}

void print_remedy(const json& check) {
    const auto remedy = check.find("remedy");
    if (remedy == check.end()) {
        return;
    }
    std::cout << "      " << printable(remedy->value("sentence", ""), 2'000) << "\n";
    for (const json& line : remedy->at("lines")) {
        std::cout << "          " << printable(line.get<std::string>(), 10'000) << "\n";
    }
}

/// Columns that a long text may overrun, so that one does not push all others away.
void print_checks(const json& answer) {
    for (const json& check : answer.at("checks")) {
        const auto cell = [&check](const char* name) {
            return printable(check.value(name, ""), 1'000);
        };
        std::cout << fmt::format(
            "{:<8}  {:<34}  {:<50}  {}\n", cell("place"), cell("subject"), cell("finding"),
            cell("verdict")
        );
        print_remedy(check);
    }
    std::cout << fmt::format(
        "{} FAIL, {} advice, {} ok. Nothing was changed.\n", answer.value("failed", 0),
        answer.value("advice", 0), answer.value("good", 0)
    );
}

Result<int> examine(const Invocation& invocation, const Wanted& wanted) {
    BASCULE_TRY(
        const json answer,
        wanted.config.empty() ? ask_daemon(invocation, wanted) : examine_here(wanted)
    );
    if (invocation.json) {
        print_json(answer);
    } else {
        print_checks(answer);
    }
    return answer.value("failed", 0) == 0 ? exit_good : exit_problem;
}

}  // namespace

void add_doctor_command(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    auto wanted = std::make_shared<Wanted>();
    CLI::App* command = app.add_subcommand(
        "doctor", "What is missing in directories and on this machine, and what mends it"
    );
    command->add_option("--source", wanted->source, "Look at this source only");
    command->add_option(
        "-c,--config", wanted->config,
        "Look by this file without a running daemon, with the rights of this account"
    );
    command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] { return examine(invocation, *wanted); });
        };
    });
}

}  // namespace bascule::daemon::ctl
