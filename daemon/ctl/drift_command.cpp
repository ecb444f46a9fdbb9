#include <chrono>
#include <iostream>
#include <memory>
#include <thread>

#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/live_line.hpp"
#include "daemon/ctl/text_table.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds pause{200};

struct Wanted {
    std::string source;
    bool now = false;
};

bool is_wanted(const json& source, const Wanted& wanted) {
    return wanted.source.empty() || source.value("source", "") == wanted.source;
}

std::string number(const json& report, const char* name) {
    return grouped(report.value(name, std::int64_t{0}));
}

/// Waits until no wanted source is compared any more, and shows how far it is.
Result<json> wait_for_end(const ApiClient& client, const Wanted& wanted) {
    LiveLine line;
    while (true) {
        BASCULE_TRY(const json answer, client.get("/v1/drift"));
        std::string running;
        for (const json& source : answer.at("sources")) {
            if (is_wanted(source, wanted) && source.value("running", false)) {
                running +=
                    (running.empty() ? "" : ", ") + source.value("source", "") + ": " +
                    (source.value("waiting", false) ? "waiting for another reading of this server"
                                                    : number(source, "listed") + " entries listed");
            }
        }
        if (running.empty()) {
            return answer;
        }
        line.show(running);
        std::this_thread::sleep_for(pause);
    }
}

/// False when something differed or could not be compared.
bool print(const json& source) {
    const std::string name = source.value("source", "");
    const json& report = source.at("report");
    const bool refused = source.at("refused").is_string();
    if (refused) {
        std::cout << name << ": not compared: " << source["refused"].get<std::string>() << "\n";
    }
    if (report.is_null()) {
        std::cout << name << ": never compared yet"
                  << (source.at("next").is_string() ? "; next " + source["next"].get<std::string>()
                                                    : std::string())
                  << "\n";
        return !refused;
    }
    const auto drift = report.value("drift", std::int64_t{0});
    const std::string problem = report.value("problem", "");
    std::cout << name << "  drift " << grouped(drift) << "  (" << number(report, "missing")
              << " missing, " << number(report, "surplus") << " surplus, "
              << number(report, "stale") << " stale; " << number(report, "held")
              << " held)  listed " << number(report, "listed") << ", mirrored "
              << number(report, "mirrored") << ", looked at " << number(report, "lookedAt")
              << ", moving " << number(report, "moving") << "\n  " << report.value("finished", "")
              << ", took " << rough_duration(report.value("seconds", 0.0))
              << (report.value("complete", false) ? "" : ", NOT COMPLETE: absence was not judged")
              << "\n  sha256 " << report.value("digest", "") << "\n  signature "
              << report.value("signature", "")
              << (report.value("signatureValid", false) ? " (valid)" : " (NOT VALID)") << "\n";
    if (!problem.empty()) {
        std::cout << "  " << problem << "\n";
    }
    return !refused && drift == 0 && problem.empty() && report.value("complete", false);
}

Result<int> drift(const Invocation& invocation, const Wanted& wanted) {
    const ApiClient client(invocation);
    if (wanted.now) {
        BASCULE_TRY(
            [[maybe_unused]] const json begun, client.post("/v1/drift", {{"source", wanted.source}})
        );
    }
    BASCULE_TRY(
        const json answer, wanted.now ? wait_for_end(client, wanted) : client.get("/v1/drift")
    );
    bool good = true;
    for (const json& source : answer.at("sources")) {
        if (!is_wanted(source, wanted)) {
            continue;
        }
        if (invocation.json) {
            const json& report = source.at("report");
            good = good && report.is_object() && report.value("drift", 1) == 0 &&
                   report.value("complete", false);
        } else {
            good = print(source) && good;
        }
    }
    if (invocation.json) {
        print_json(answer);
    }
    return good ? exit_good : exit_problem;
}

}  // namespace

void add_drift_command(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    auto wanted = std::make_shared<Wanted>();
    CLI::App* command = app.add_subcommand(
        "drift", "Compare mirrors with their directories; ends with 1 when something differed"
    );
    command->add_option("--source", wanted->source, "Source; without it all");
    command->add_flag("--now", wanted->now, "Compare now instead of showing the last report");
    command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] { return drift(invocation, *wanted); });
        };
    });
}

}  // namespace bascule::daemon::ctl
