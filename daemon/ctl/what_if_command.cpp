#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <thread>

#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/export_file.hpp"
#include "daemon/ctl/plan_report.hpp"
#include "daemon/ctl/text_table.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds between_looks{200};

struct Wanted {
    std::string config = "/etc/bascule/bascule.yaml";
    std::string export_to;
    std::string source;
};

int could_not(const Invocation& invocation, const Error& error) {
    static_cast<void>(report(error, invocation.json));
    return exit_could_not;
}

Result<int> start(const Invocation& invocation, const Wanted& wanted) {
    BASCULE_TRY(const std::string text, file_text(wanted.config));
    const json body{{"config", text}, {"file", std::filesystem::absolute(wanted.config).string()}};
    BASCULE_TRY(const json answer, ApiClient(invocation).post("/v1/what-if", body));
    if (invocation.json) {
        print_json(answer);
    } else {
        std::cout << "The rules of " << wanted.config
                  << " run beside those in force. What they would change: bascule what-if show\n";
    }
    return exit_good;
}

Result<int> stop(const Invocation& invocation) {
    const ApiClient client(invocation);
    BASCULE_TRY(const json answer, client.call(http::Method::delete_, "/v1/what-if"));
    if (invocation.json) {
        print_json(answer);
    } else {
        std::cout << "No rules run beside those in force any more.\n";
    }
    return exit_good;
}

Result<int> status(const Invocation& invocation) {
    BASCULE_TRY(const json answer, ApiClient(invocation).get("/v1/what-if"));
    if (invocation.json) {
        print_json(answer);
        return exit_good;
    }
    if (!answer.value("running", false)) {
        std::cout << "No rules run beside those in force.\n";
        return exit_good;
    }
    bool good = true;
    std::vector<std::vector<std::string>> rows;
    for (const json& source : answer.at("sources")) {
        const bool live = source.value("live", false);
        good = good && live;
        rows.push_back(
            {source.value("name", ""),
             live                                     ? "live"
             : source.value("state", "") == "waiting" ? "waiting"
                                                      : "reading",
             grouped(source.value("received", std::int64_t{0})) + " entries received",
             source.value("problem", "")}
        );
    }
    std::cout << "rules of " << answer.value("file", "") << "\n" << text_table(rows);
    if (answer.contains("result")) {
        const json& result = answer["result"];
        std::cout << grouped(result.value("differences", std::int64_t{0})) << " differences at "
                  << result.value("made", "") << "\n";
    }
    return good ? exit_good : exit_problem;
}

Result<json> fresh_result(const ApiClient& client) {
    BASCULE_TRY(const json before, client.post("/v1/what-if/compare", nullptr));
    for (;;) {
        BASCULE_TRY(const json now, client.get("/v1/what-if"));
        if (!now.value("running", false)) {
            return fail(ErrorKind::not_found, "no_what_if", "It was ended meanwhile.");
        }
        const bool made = now.at("comparisons") > before.at("comparisons");
        if (made && !now.value("comparing", false)) {
            if (now.contains("code")) {
                return fail(ErrorKind::unavailable, now.value("code", ""), now.value("detail", ""));
            }
            return now.at("result");
        }
        std::this_thread::sleep_for(between_looks);
    }
}

Result<int> show(const Invocation& invocation, const Wanted& wanted) {
    const ApiClient client(invocation);
    BASCULE_TRY(const json result, fresh_result(client));
    if (!wanted.export_to.empty()) {
        BASCULE_CHECK(export_lines(client, "/v1/what-if/differences?", wanted.export_to));
    }
    if (invocation.json) {
        print_json(result);
    } else {
        std::cout << what_if_report(result, wanted.source);
    }
    return result.value("differences", std::uint64_t{0}) == 0 ? exit_good : exit_problem;
}

}  // namespace

void add_what_if_commands(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    CLI::App* parent = app.add_subcommand("what-if", "Other rules beside those in force, for days");
    parent->require_subcommand(1);
    auto wanted = std::make_shared<Wanted>();
    const auto add = [&](const char* name, const char* help, auto run) {
        CLI::App* command = parent->add_subcommand(name, help);
        command->callback([&invocation, &chosen, wanted, run] {
            chosen = [&invocation, wanted, run] {
                const Result<int> code = run(invocation, *wanted);
                return code ? *code : could_not(invocation, code.error());
            };
        });
        return command;
    };
    add("start", "Run the sources of a configuration beside those in force", start)
        ->add_option("-c,--config", wanted->config, "Configuration file")
        ->capture_default_str();
    add("stop", "End it and forget what it found",
        [](const Invocation& one, const Wanted&) { return stop(one); });
    add("status", "How far it is",
        [](const Invocation& one, const Wanted&) { return status(one); });
    CLI::App* showing =
        add("show", "What the other rules would change now; exit 1 when there is something", show);
    showing->add_option(
        "--export", wanted->export_to, "Write every difference to this file, one JSON object a line"
    );
    showing->add_option("--source", wanted->source, "Show only this source");
}

}  // namespace bascule::daemon::ctl
