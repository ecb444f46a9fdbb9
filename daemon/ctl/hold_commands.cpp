#include <iostream>
#include <memory>

#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/text_table.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

Result<int> list(const Invocation& invocation) {
    BASCULE_TRY(const json answer, ApiClient(invocation).get("/v1/holds"));
    if (invocation.json) {
        print_json(answer.at("holds"));
        return exit_good;
    }
    if (answer.at("holds").empty()) {
        std::cout << "Nothing is held.\n";
        return exit_good;
    }
    for (const json& hold : answer.at("holds")) {
        std::cout << hold.value("source", "") << "  plan " << hold.value("plan", "") << "  since "
                  << hold.value("since", "") << "\n";
        for (const json& line : hold.at("lines")) {
            std::cout << "  " << line.get<std::string>() << "\n";
        }
        std::cout << "  carry out with: bascule hold approve " << hold.value("plan", "")
                  << "    keep everything with: bascule hold reject " << hold.value("plan", "")
                  << "\n";
    }
    return exit_problem;
}

Result<int> decide(const Invocation& invocation, const std::string& plan, bool approve) {
    const std::string target = approve ? "/v1/holds/approve" : "/v1/holds/reject";
    BASCULE_TRY(const json answer, ApiClient(invocation).post(target, {{"plan", plan}}));
    if (invocation.json) {
        print_json(answer);
    } else {
        std::cout << answer.value("summary", "") << "\n";
    }
    return exit_good;
}

void add_decision(
    CLI::App& parent, const char* name, const char* help, bool approve, Invocation& invocation,
    Chosen& chosen
) {
    auto plan = std::make_shared<std::string>();
    CLI::App* command = parent.add_subcommand(name, help);
    command->add_option("plan", *plan, "The plan's name as listed; its first characters are enough")
        ->required();
    command->callback([&invocation, &chosen, plan, approve] {
        chosen = [&invocation, plan, approve] {
            return finish(invocation, [&] { return decide(invocation, *plan, approve); });
        };
    });
}

}  // namespace

void add_hold_commands(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    CLI::App* hold = app.add_subcommand("hold", "Removals that wait for a decision");
    hold->require_subcommand(1);
    hold->add_subcommand("list", "Show what is held and why")->callback([&invocation, &chosen] {
        chosen = [&invocation] { return finish(invocation, [&] { return list(invocation); }); };
    });
    add_decision(*hold, "approve", "Carry out exactly this plan", true, invocation, chosen);
    add_decision(
        *hold, "reject", "Keep everything the plan would remove", false, invocation, chosen
    );
}

}  // namespace bascule::daemon::ctl
