#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <thread>

#include "daemon/ctl/commands.hpp"
#include "directory/base/text.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;
constexpr std::chrono::milliseconds poll_interval{500};
constexpr std::size_t follow_page = 500;

struct Tail {
    std::size_t lines = 20;
    std::string actor;
    std::string activity;
    std::string target;
    bool follow = false;
};

// The time of day, as long as everything is of today; a date else.
std::string short_time(const std::string& time) {
    return time.size() > 19 ? time.substr(0, 10) + " " + time.substr(11, 8) : time;
}

std::string outcome_text(const json& record) {
    const std::string result = record.at("result");
    if (result == "success") {
        return "done";
    }
    return record.at("reason").is_string() ? result + "  " + record.at("reason").get<std::string>()
                                           : result;
}

std::string details_text(const json& record) {
    std::string text;
    for (const json& detail : record.at("additionalDetails")) {
        text.append(text.empty() ? "" : ", ")
            .append(detail.at("key"))
            .append(": ")
            .append(detail.at("value"));
    }
    return text;
}

/// "title: "A" -> "B""; a value that was or became absent is a dash.
std::string changes_text(const json& record) {
    const auto shown = [](const json& property, const char* name) {
        const auto value = property.find(name);
        return value == property.end() || value->is_null() ? std::string("-") : value->dump();
    };
    std::string text;
    for (const json& property : record.value("modifiedProperties", json::array())) {
        text += text.empty() ? "" : ", ";
        if (property.contains("more")) {
            text += "and " + property["more"].dump() + " more";
        } else {
            text += property.value("displayName", "") + ": " + shown(property, "oldValue") +
                    " -> " + shown(property, "newValue");
        }
    }
    return text;
}

void print(const Invocation& invocation, const json& record) {
    if (invocation.json) {
        print_json(record);
        return;
    }
    std::string who = record.at("actor").at("name");
    if (const std::string address = record.value("sourceAddress", ""); !address.empty()) {
        who += "@" + address;
    }
    std::string line = short_time(record.value("time", "")) + "  " + who + "  " +
                       record.value("origin", "") + "  " + record.value("activity", "");
    if (const std::string target = record.at("target").value("displayName", ""); !target.empty()) {
        line += "  " + target;
    }
    line += "  " + outcome_text(record);
    if (const std::string details = details_text(record); !details.empty()) {
        line += "  " + details;
    }
    if (const std::string changes = changes_text(record); !changes.empty()) {
        line += "  " + changes;
    }
    std::cout << printable(line, line.size()) << "\n";
}

std::string target_of(const Tail& wanted, std::size_t limit) {
    std::string target = "/v1/audit?limit=" + std::to_string(limit);
    if (!wanted.actor.empty()) {
        target += "&actor=" + http::percent_encode(wanted.actor);
    }
    if (!wanted.activity.empty()) {
        target += "&activity=" + http::percent_encode(wanted.activity);
    }
    if (!wanted.target.empty()) {
        target += "&target=" + http::percent_encode(wanted.target);
    }
    return target;
}

Result<int> tail(const Invocation& invocation, const Tail& wanted) {
    const ApiClient client(invocation);
    BASCULE_TRY(json answer, client.get(target_of(wanted, wanted.lines)));
    std::int64_t after = answer.value("last", std::int64_t{0});
    for (;;) {
        const json& records = answer.at("records");
        for (const json& record : records) {
            print(invocation, record);
            after = std::max(after, record.value("sequence", std::int64_t{0}));
        }
        std::cout << std::flush;
        if (!wanted.follow || !std::cout) {
            return exit_good;
        }
        if (records.size() < follow_page) {
            std::this_thread::sleep_for(poll_interval);
        }
        BASCULE_TRY(
            answer, client.get(target_of(wanted, follow_page) + "&after=" + std::to_string(after))
        );
    }
}

}  // namespace

void add_audit_commands(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    CLI::App* audit = app.add_subcommand("audit", "What was done, by whom");
    audit->require_subcommand(1);
    auto wanted = std::make_shared<Tail>();
    CLI::App* command = audit->add_subcommand("tail", "Show the newest records; times are UTC");
    command->add_option("-n,--lines", wanted->lines, "How many")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command->add_option("--actor", wanted->actor, "Only of this actor");
    command->add_option(
        "--activity", wanted->activity, "Only this activity, such as \"Reset password (by admin)\""
    );
    command->add_option("--target", wanted->target, "Only about the object with this id");
    command->add_flag("-f,--follow", wanted->follow, "Go on until interrupted");
    command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] { return tail(invocation, *wanted); });
        };
    });
}

}  // namespace bascule::daemon::ctl
