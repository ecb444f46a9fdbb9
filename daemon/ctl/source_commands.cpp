#include <iostream>
#include <memory>

#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/text_table.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

struct Retirement {
    std::string source;
    std::uint64_t confirmed = 0;  ///< 0: only shown
};

Result<int> preview(const Invocation& invocation, const std::string& source) {
    BASCULE_TRY(
        const json answer,
        ApiClient(invocation).get("/v1/sources/retirable?source=" + http::percent_encode(source))
    );
    if (invocation.json) {
        print_json(answer);
        return exit_problem;
    }
    const auto entries = answer.value("entries", std::uint64_t{0});
    if (entries == 0) {
        std::cout << "Source " << source << " has no objects here; there is nothing to retire.\n";
        return exit_good;
    }
    std::cout << "Source " << source << " has " << entries
              << " entries here; all of them would go out of service. Nothing was changed.\n"
              << "  carry out with: bascule source retire " << source << " --confirm " << entries
              << "\n";
    return exit_problem;
}

Result<int> retire(const Invocation& invocation, const Retirement& wanted) {
    if (wanted.confirmed == 0) {
        return preview(invocation, wanted.source);
    }
    BASCULE_TRY(
        const json answer,
        ApiClient(invocation)
            .post("/v1/sources/retire", {{"source", wanted.source}, {"entries", wanted.confirmed}})
    );
    if (invocation.json) {
        print_json(answer);
    } else {
        std::cout << answer.value("summary", "") << "\n";
    }
    return exit_good;
}

}  // namespace

void add_source_commands(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    CLI::App* source = app.add_subcommand("source", "Directories that are mirrored");
    source->require_subcommand(1);
    auto wanted = std::make_shared<Retirement>();
    CLI::App* command = source->add_subcommand(
        "retire", "Take the objects of a source out of service that is no longer configured"
    );
    command->add_option("name", wanted->source, "The source's name as it was configured")
        ->required();
    command->add_option(
        "--confirm", wanted->confirmed, "How many entries go; without it they are only counted"
    );
    command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] { return retire(invocation, *wanted); });
        };
    });
}

}  // namespace bascule::daemon::ctl
