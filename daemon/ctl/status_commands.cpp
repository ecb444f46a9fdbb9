#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <thread>
#include <utility>

#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/live_line.hpp"
#include "daemon/ctl/text_table.hpp"
#include "directory/base/time.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

/// How long the status is looked at.
struct Watch {
    bool until_live = false;
    bool for_ever = false;
    unsigned seconds = 0;  ///< 0: without an end
};

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

/// "1,200 of 104,212 entries (1 %), 5,000/s, 20 s left"; empty when nothing is being read.
std::string progress(const json& source) {
    const auto found = source.find("progress");
    if (found == source.end()) {
        return "";
    }
    const auto entries = found->value("entries", std::int64_t{0});
    const auto expected = found->value("expected", std::int64_t{0});
    std::string text = grouped(entries);
    if (expected > 0) {
        text += " of " + grouped(expected) + " entries (" +
                std::to_string(100 * entries / expected) + " %)";
    } else {
        text += " entries";
    }
    if (found->value("stage", "") == "storing") {
        return text + ", being stored";
    }
    const auto rate = static_cast<std::int64_t>(source.value("entriesPerSecond", 0.0));
    text += rate > 0 ? ", " + grouped(rate) + "/s" : "";
    if (const auto left = found->find("secondsLeft"); left != found->end()) {
        text += ", " + rough_duration(left->get<double>()) + " left";
    }
    return text;
}

/// "drift 0"; what the last comparison with the directory came to.
std::string drift(const json& source) {
    const auto audit = source.find("audit");
    if (audit == source.end() || !audit->is_object()) {
        return "";
    }
    if (audit->value("running", false)) {
        return "compared now: " + grouped(audit->value("listed", std::int64_t{0})) + " listed";
    }
    const json& report = audit->at("report");
    if (!report.is_object()) {
        return "";
    }
    const std::string when = report.value("finished", "").substr(0, 16);
    const bool whole = report.value("complete", false) && report.value("problem", "").empty();
    return "drift " + grouped(report.value("drift", std::int64_t{0})) +
           (whole ? " (" : " (not complete, ") + when + "Z)";
}

/// One line of all sources that are on their way, for a terminal.
std::string live_text(const json& answer) {
    std::string text;
    for (const json& source : answer.at("sources")) {
        const std::string reading = progress(source);
        text += (text.empty() ? "" : "; ") + source.value("name", "") + " " +
                source.value("state", "") + " " + (reading.empty() ? counts(source) : reading);
    }
    return text;
}

bool all_live(const json& answer) {
    const json& sources = answer.at("sources");
    return std::ranges::all_of(sources, [](const json& source) {
        const std::string state = source.value("state", "");
        return state == "live" || state == "unconfigured";
    });
}

constexpr std::chrono::milliseconds look_again{500};

/// Looks again and again: until every source is live, or for ever. What changes is told line by
/// line where there is no terminal.
Result<json> follow(const ApiClient& client, const Watch& watch) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(watch.seconds);
    LiveLine line;
    std::string told;
    while (true) {
        BASCULE_TRY(json answer, client.get("/v1/status"));
        const bool over = watch.seconds > 0 && std::chrono::steady_clock::now() >= end;
        if ((watch.until_live && all_live(answer)) || over) {
            return answer;
        }
        const std::string text = live_text(answer);
        line.show(text);
        if (!line.is_terminal() && text != std::exchange(told, text)) {
            std::cout << text << std::endl;
        }
        std::this_thread::sleep_for(look_again);
    }
}

Result<int> status(const Invocation& invocation, const Watch& watch) {
    const ApiClient client(invocation);
    const bool again = watch.until_live || watch.for_ever;
    BASCULE_TRY(const json answer, again ? follow(client, watch) : client.get("/v1/status"));
    bool good = true;
    std::vector<std::vector<std::string>> rows;
    std::string problems;
    for (const json& source : answer.at("sources")) {
        const std::string state = source.value("state", "");
        good = good && state == "live";
        const std::string reading = progress(source);
        rows.push_back(
            {source.value("name", ""), state,
             (reading.empty() ? "" : reading + "; ") + counts(source), last_change(source),
             lag(source), server(source), drift(source), cookie(source)}
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
    auto watch = std::make_shared<Watch>();
    CLI::App* shown = app.add_subcommand("status", "Sources and store at a glance");
    shown->add_flag("--follow", watch->for_ever, "Show how sources get on until interrupted");
    shown->add_flag("--wait", watch->until_live, "Return when every source is live");
    shown->add_option("--timeout", watch->seconds, "Seconds after which to return all the same");
    shown->callback([&invocation, &chosen, watch] {
        chosen = [&invocation, watch] {
            return finish(invocation, [&] { return status(invocation, *watch); });
        };
    });
    app.add_subcommand("healthcheck", "Exit 0 when the daemon is ready")
        ->callback([&invocation, &chosen] {
            chosen = [&invocation] {
                return finish(invocation, [&] { return health(invocation); });
            };
        });
}

}  // namespace bascule::daemon::ctl
