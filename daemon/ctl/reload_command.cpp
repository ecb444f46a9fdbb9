#include <chrono>
#include <iostream>
#include <thread>

#include "daemon/ctl/commands.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds between_looks{50};
constexpr std::chrono::minutes patience{2};

Result<int> reload(const Invocation& invocation) {
    const ApiClient client(invocation);
    BASCULE_TRY(const json before, client.post("/v1/reload", nullptr));
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
        BASCULE_TRY(const json now, client.get("/v1/reload"));
        if (now.at("count") != before.at("count")) {
            if (!now.value("success", false)) {
                return fail(
                    ErrorKind::invalid_input, now.value("code", ""), now.value("detail", "")
                );
            }
            if (invocation.json) {
                print_json(now);
            } else {
                std::cout << "The configuration was taken over.\n";
            }
            return exit_good;
        }
        if (std::chrono::steady_clock::now() > end) {
            return fail(
                ErrorKind::timeout, "no_answer",
                "The daemon has not reloaded yet; see its log for what it waits for."
            );
        }
        std::this_thread::sleep_for(between_looks);
    }
}

}  // namespace

void add_reload_command(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    app.add_subcommand("reload", "Take the configuration file over without a restart")
        ->callback([&invocation, &chosen] {
            chosen = [&invocation] {
                return finish(invocation, [&] { return reload(invocation); });
            };
        });
}

}  // namespace bascule::daemon::ctl
