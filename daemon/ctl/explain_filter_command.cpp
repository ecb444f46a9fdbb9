#include <memory>

#include "daemon/ctl/commands.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

Result<int> explain_filter(
    const Invocation& invocation, const std::string& type, const std::string& filter
) {
    const std::string target = "/v1/explain-filter?type=" + http::percent_encode(type) +
                               "&filter=" + http::percent_encode(filter);
    BASCULE_TRY(const json answer, ApiClient(invocation).get(target));
    print_explanation(answer, invocation.json);
    return answer.value("usesIndex", false) ? exit_good : exit_problem;
}

}  // namespace

void add_explain_filter_command(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    struct Wanted {
        std::string type = "User";
        std::string filter;
    };
    auto wanted = std::make_shared<Wanted>();
    CLI::App* command = app.add_subcommand(
        "explain-filter",
        "How a SCIM filter is carried out: index, tests, candidates, matches; ends with 1 when no "
        "index serves it"
    );
    command->add_option("--type", wanted->type, "Resource type")->capture_default_str();
    command->add_option("filter", wanted->filter, "SCIM filter: 'userName eq \"ann\"'")->required();
    command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] {
                return explain_filter(invocation, wanted->type, wanted->filter);
            });
        };
    });
}

}  // namespace bascule::daemon::ctl
