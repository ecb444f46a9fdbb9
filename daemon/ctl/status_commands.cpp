#include <chrono>
#include <iostream>

#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/text_table.hpp"
#include "directory/base/time.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

std::string counts(const json& source) {
    std::string text = grouped(source.value("objects", std::int64_t{0})) + " objects";
    for (const char* name : {"quarantined", "held"}) {
        if (const auto count = source.value(name, std::int64_t{0}); count > 0) {
            text += ", " + grouped(count) + " " + name;
        }
    }
    return text;
}

std::string last_change(const json& source) {
    const auto found = source.find("lastChangeSecondsAgo");
    return found == source.end() || !found->is_number()
               ? "no change yet"
               : "last change " + rough_duration(found->get<double>()) + " ago";
}

std::string lag(const json& source) {
    const auto found = source.find("lagMilliseconds");
    return found == source.end() ? "" : "lag " + grouped(found->get<std::int64_t>()) + " ms";
}

std::string cookie(const json& source) {
    const std::string text = source.value("cookie", "");
    return text.empty() ? "" : "cookie " + (text.size() > 60 ? text.substr(0, 57) + "…" : text);
}

std::string server(const json& source) {
    const std::string name = source.value("server", "");
    return name.empty() ? "" : "at " + name;
}

/// What is to be seen to about how servers are reached, a line each.
std::string access_problems(const json& source, Time now) {
    constexpr std::chrono::hours soon{24 * 30};
    const std::string name = source.value("name", "") + ": ";
    std::string lines;
    for (const json& aside : source.value("serversSetAside", json::array())) {
        lines += name + aside.get<std::string>() + " failed lately and is tried last\n";
    }
    for (const json& one : source.value("certificates", json::array())) {
        const auto ends = parse_time(one.value("ends", ""));
        if (ends && *ends - now < soon) {
            lines += name + "the certificate of " + one.value("server", "") + " ends at " +
                     one.value("ends", "") + "\n";
        }
    }
    if (const std::string problem = source.value("accessProblem", ""); !problem.empty()) {
        lines += name + problem + "\n";
    }
    return lines;
}

Result<int> status(const Invocation& invocation) {
    BASCULE_TRY(const json answer, ApiClient(invocation).get("/v1/status"));
    bool good = true;
    std::vector<std::vector<std::string>> rows;
    std::string problems;
    for (const json& source : answer.at("sources")) {
        const std::string state = source.value("state", "");
        good = good && state == "live";
        rows.push_back(
            {source.value("name", ""), state, counts(source), last_change(source), lag(source),
             server(source), cookie(source)}
        );
        if (const std::string problem = source.value("problem", ""); !problem.empty()) {
            problems += source.value("name", "") + ": " + problem + "\n";
        }
        problems += access_problems(
            source, std::chrono::floor<Time::duration>(std::chrono::system_clock::now())
        );
        if (source.value("held", std::int64_t{0}) > 0) {
            good = false;
            problems += source.value("name", "") +
                        ": removals wait for a decision; see: bascule hold list\n";
        }
    }
    const json& store = answer.at("store");
    rows.push_back(
        {"store", store.value("state", ""),
         "journal at " + grouped(store.value("journal", std::int64_t{0}))}
    );
    if (invocation.json) {
        print_json(answer);
    } else {
        std::cout << text_table(rows) << problems;
    }
    return good ? exit_good : exit_problem;
}

Result<int> health(const Invocation& invocation) {
    BASCULE_TRY(const json answer, ApiClient(invocation).get("/v1/health"));
    const bool ready = answer.value("ready", false);
    if (invocation.json) {
        print_json(answer);
    } else {
        std::cout << (ready ? "ready" : "not ready") << "\n";
        for (const json& component : answer.at("components")) {
            if (!component.value("ready", false)) {
                std::cout << component.value("name", "") << ": " << component.value("detail", "")
                          << "\n";
            }
        }
    }
    return ready ? exit_good : exit_problem;
}

}  // namespace

void add_status_commands(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    app.add_subcommand("status", "Sources and store at a glance")->callback([&invocation, &chosen] {
        chosen = [&invocation] { return finish(invocation, [&] { return status(invocation); }); };
    });
    app.add_subcommand("healthcheck", "Exit 0 when the daemon is ready")
        ->callback([&invocation, &chosen] {
            chosen = [&invocation] {
                return finish(invocation, [&] { return health(invocation); });
            };
        });
}

}  // namespace bascule::daemon::ctl
