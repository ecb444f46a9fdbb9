#include <memory>

#include "daemon/ctl/commands.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

struct Wanted {
    std::string subject;
    std::string attribute;
    std::string member;
    bool offline = false;
};

Result<int> explain(const Invocation& invocation, const Wanted& wanted) {
    std::string target = "/v1/explain?subject=" + http::percent_encode(wanted.subject);
    if (!wanted.attribute.empty()) {
        target += "&attribute=" + http::percent_encode(wanted.attribute);
    }
    if (!wanted.member.empty()) {
        target += "&member=" + http::percent_encode(wanted.member);
    }
    if (wanted.offline) {
        target += "&offline=true";
    }
    BASCULE_TRY(const json answer, ApiClient(invocation).get(target));
    print_explanation(answer, invocation.json);
    return answer.value("mirrored", false) ? exit_good : exit_problem;
}

}  // namespace

void add_explain_command(CLI::App& app, Invocation& invocation, Chosen& chosen) {
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
    command->add_option(
        "--member", wanted->member, "Since when and by what this one belongs to the group"
    );
    command->add_flag("--offline", wanted->offline, "Ask the store only, no directory");
    command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] { return explain(invocation, *wanted); });
        };
    });
}

}  // namespace bascule::daemon::ctl
