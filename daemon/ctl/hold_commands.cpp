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

struct Decision {
    std::string plan;
    std::vector<std::string> only;
    std::vector<std::string> below;
};

Result<int> decide(const Invocation& invocation, const Decision& wanted, bool approve) {
    const std::string target = approve ? "/v1/holds/approve" : "/v1/holds/reject";
    const json body{{"plan", wanted.plan}, {"only", wanted.only}, {"below", wanted.below}};
    BASCULE_TRY(const json answer, ApiClient(invocation).post(target, body));
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
    auto wanted = std::make_shared<Decision>();
    CLI::App* command = parent.add_subcommand(name, help);
    command
        ->add_option(
            "plan", wanted->plan, "The plan's name as listed; its first characters are enough"
        )
        ->required();
    command
        ->add_option(
            "--only", wanted->only, "Only this object: DN, id or entryUUID; may be given again"
        )
        ->allow_extra_args(false);
    command
        ->add_option(
            "--below", wanted->below, "Only what stands at or below this DN; may be given again"
        )
        ->allow_extra_args(false);
    command->callback([&invocation, &chosen, wanted, approve] {
        chosen = [&invocation, wanted, approve] {
            return finish(invocation, [&] { return decide(invocation, *wanted, approve); });
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
    add_decision(
        *hold, "approve", "Carry out exactly this plan, or a part of it", true, invocation, chosen
    );
    add_decision(
        *hold, "reject", "Keep everything the plan would remove", false, invocation, chosen
    );
}

}  // namespace bascule::daemon::ctl
