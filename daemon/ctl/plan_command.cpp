#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <thread>

#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/export_file.hpp"
#include "daemon/ctl/plan_report.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds between_looks{200};
constexpr std::chrono::seconds quiet{1};

struct Wanted {
    std::string config;
    std::string export_to;
    std::string source;
    bool cancel = false;
};

/// Ctrl-C ends the plan and not only its watcher.
volatile sig_atomic_t interrupted = 0;

void note_interrupt(int) {
    interrupted = 1;
}

void watch_interrupts() {
    struct sigaction action {};
    action.sa_handler = note_interrupt;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

/// One line that is written over again and again, on a terminal only.
class ProgressLine {
  public:
    void show(const json& state) {
        const bool early = std::chrono::steady_clock::now() - began_ < quiet;
        if (terminal_ && !early) {
            std::cerr << "\r\033[K" << plan_progress(state) << std::flush;
            shown_ = true;
        }
    }
    void end() const {
        if (shown_) {
            std::cerr << "\r\033[K" << std::flush;
        }
    }

  private:
    const bool terminal_ = isatty(STDERR_FILENO) == 1;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    bool shown_ = false;
};

Result<json> wait_for_result(const ApiClient& client, std::uint64_t number) {
    ProgressLine line;
    bool cancelled = false;
    for (;;) {
        BASCULE_TRY(const json state, client.get("/v1/plan"));
        const std::string phase = state.value("state", "");
        if (phase != "running" || state.value("number", std::uint64_t{0}) != number) {
            line.end();
            if (phase == "done" && state.value("number", std::uint64_t{0}) == number) {
                return state.at("result");
            }
            return fail(
                ErrorKind::unavailable, state.value("code", "no_plan"),
                state.value("detail", "Another plan was made meanwhile. Make this one again.")
            );
        }
        if (interrupted != 0 && !cancelled) {
            cancelled = true;
            BASCULE_TRY(const json ignored, client.call(http::Method::delete_, "/v1/plan"));
            static_cast<void>(ignored);
        }
        line.show(state);
        std::this_thread::sleep_for(between_looks);
    }
}

Result<int> cancel(const ApiClient& client) {
    BASCULE_TRY(const json state, client.call(http::Method::delete_, "/v1/plan"));
    std::cout
        << (state.value("state", "") == "running" ? "The plan in progress ends.\n"
                                                  : "No plan was in progress.\n");
    return exit_good;
}

Result<int> plan(const Invocation& invocation, const Wanted& wanted) {
    const ApiClient client(invocation);
    if (wanted.cancel) {
        return cancel(client);
    }
    BASCULE_TRY(const std::string text, file_text(wanted.config));
    const json body{
        {"config", text},
        {"file", std::filesystem::absolute(wanted.config).string()},
        {"source", wanted.source},
    };
    watch_interrupts();
    BASCULE_TRY(const json begun, client.post("/v1/plan", body));
    const auto number = begun.value("number", std::uint64_t{0});
    BASCULE_TRY(const json result, wait_for_result(client, number));
    if (!wanted.export_to.empty()) {
        BASCULE_CHECK(export_lines(
            client, "/v1/plan/differences?number=" + std::to_string(number) + "&", wanted.export_to
        ));
    }
    if (invocation.json) {
        print_json(result);
    } else {
        std::cout << plan_report(result);
    }
    return result.value("differences", std::uint64_t{0}) == 0 ? exit_good : exit_problem;
}

/// A plan that was not made says nothing about the configuration: every failure is "could not".
int run(const Invocation& invocation, const Wanted& wanted) {
    const auto code = plan(invocation, wanted);
    if (!code) {
        static_cast<void>(report(code.error(), invocation.json));
        return exit_could_not;
    }
    return *code;
}

}  // namespace

void add_plan_command(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    auto wanted = std::make_shared<Wanted>();
    wanted->config = "/etc/bascule/bascule.yaml";
    CLI::App* command = app.add_subcommand(
        "plan", "Show what a configuration would change; exit 1 when there are differences"
    );
    command->add_option("-c,--config", wanted->config, "Configuration file to try out")
        ->capture_default_str();
    command->add_option(
        "--export", wanted->export_to, "Write every difference to this file, one JSON object a line"
    );
    command->add_option("--source", wanted->source, "Only this source");
    command->add_flag("--cancel", wanted->cancel, "End the plan in progress");
    command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] { return run(invocation, *wanted); };
    });
}

}  // namespace bascule::daemon::ctl
