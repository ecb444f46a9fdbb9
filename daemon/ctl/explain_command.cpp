#include <memory>

#include "daemon/ctl/commands.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

Result<int> explain(
    const Invocation& invocation, const std::string& subject, const std::string& attribute
) {
    std::string target = "/v1/explain?subject=" + http::percent_encode(subject);
    if (!attribute.empty()) {
        target += "&attribute=" + http::percent_encode(attribute);
    }
    BASCULE_TRY(const json answer, ApiClient(invocation).get(target));
    print_explanation(answer, invocation.json);
    return answer.value("mirrored", false) ? exit_good : exit_problem;
}

}  // namespace

void add_explain_command(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    struct Wanted {
        std::string subject;
        std::string attribute;
    };
    auto wanted = std::make_shared<Wanted>();
    CLI::App* command =
        app.add_subcommand("explain", "Why an entry is mirrored the way it is, or not at all");
    command
        ->add_option(
            "subject", wanted->subject, "DN, id, entryUUID, user name or displayName of a group"
        )
        ->required();
    command->add_option(
        "--attribute", wanted->attribute, "Where this attribute's value comes from"
    );
    command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] {
                return explain(invocation, wanted->subject, wanted->attribute);
            });
        };
    });
}

}  // namespace bascule::daemon::ctl
