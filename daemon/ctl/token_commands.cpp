#include <charconv>
#include <iostream>
#include <memory>

#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/text_table.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

struct NewToken {
    std::string name;
    std::vector<std::string> scopes;
    std::string expires;
    std::string profile;
};

Result<int> create(const Invocation& invocation, const NewToken& wanted) {
    json body{{"name", wanted.name}, {"scopes", wanted.scopes}};
    if (!wanted.expires.empty()) {
        BASCULE_TRY(const auto lifetime, parse_lifetime(wanted.expires));
        body["lifetimeSeconds"] = lifetime.count();
    }
    if (!wanted.profile.empty()) {
        body["profile"] = wanted.profile;
    }
    BASCULE_TRY(const json made, ApiClient(invocation).post("/v1/tokens", body));
    if (invocation.json) {
        print_json(made);
    } else {
        // Alone on standard output, so that it can be captured.
        std::cout << made.value("token", "") << "\n" << std::flush;
        std::cerr << "(shown once)\n";
    }
    return exit_good;
}

std::string joined(const json& list) {
    std::string text;
    for (const json& item : list) {
        text.append(text.empty() ? "" : ",").append(item.get<std::string>());
    }
    return text;
}

std::string or_word(const json& object, const char* name, const char* word) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : word;
}

Result<int> list(const Invocation& invocation) {
    BASCULE_TRY(const json answer, ApiClient(invocation).get("/v1/tokens"));
    if (invocation.json) {
        print_json(answer.at("tokens"));
        return exit_good;
    }
    std::vector<std::vector<std::string>> rows{
        {"NAME", "SCOPES", "PROFILE", "EXPIRES", "LAST USED", "ID"}};
    for (const json& token : answer.at("tokens")) {
        rows.push_back(
            {token.value("name", ""), joined(token.value("scopes", json::array())),
             or_word(token, "profile", "default"), or_word(token, "expires", "never"),
             or_word(token, "lastUsed", "never"), token.value("id", "")}
        );
    }
    std::cout << text_table(rows);
    return exit_good;
}

Result<int> revoke(const Invocation& invocation, const std::string& name) {
    BASCULE_TRY(
        const json answer, ApiClient(invocation).post("/v1/tokens/revoke", {{"token", name}})
    );
    if (invocation.json) {
        print_json(answer);
    } else {
        std::cout << "Token '" << name << "' no longer works.\n";
    }
    return exit_good;
}

Result<int> set(const Invocation& invocation, const std::string& name, const std::string& profile) {
    BASCULE_TRY(
        const json answer,
        ApiClient(invocation).post("/v1/tokens/set", {{"token", name}, {"profile", profile}})
    );
    if (invocation.json) {
        print_json(answer);
    } else {
        std::cout << "Token '" << name << "' has the profile " << profile << " now.\n";
    }
    return exit_good;
}

}  // namespace

Result<std::chrono::seconds> parse_lifetime(const std::string& text) {
    std::int64_t count = 0;
    const char* end = text.data() + text.size();
    const auto [unit, error] = std::from_chars(text.data(), end, count);
    std::int64_t seconds = 0;
    if (error == std::errc{} && unit + 1 == end && count > 0 && count < 1'000'000'000) {
        switch (*unit) {
            case 's':
                seconds = count;
                break;
            case 'm':
                seconds = count * 60;
                break;
            case 'h':
                seconds = count * 3600;
                break;
            case 'd':
                seconds = count * 86'400;
                break;
            case 'y':
                seconds = count * 31'536'000;
                break;
            default:
                break;
        }
    }
    if (seconds == 0) {
        return fail(
            ErrorKind::invalid_input, "invalid_duration",
            "'" + text + "' is not a duration; write a number and s, m, h, d or y, such as 180d."
        );
    }
    return std::chrono::seconds(seconds);
}

void add_token_commands(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    CLI::App* token = app.add_subcommand("token", "Bearer tokens of SCIM clients and programs");
    token->require_subcommand(1);

    auto wanted = std::make_shared<NewToken>();
    CLI::App* create_command = token->add_subcommand("create", "Make a token and show it once");
    create_command->add_option("--name", wanted->name, "What it is for; unique")->required();
    create_command
        ->add_option(
            "--scope", wanted->scopes,
            "users:read users:write groups:read groups:write admin:read admin:write events:read"
        )
        ->delimiter(',')
        ->required();
    create_command->add_option(
        "--expires", wanted->expires, "Lifetime such as 180d; without it the token stays"
    );
    create_command->add_option(
        "--profile", wanted->profile, "How SCIM treats the client: lenient, strict, entra, okta, …"
    );
    create_command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] { return create(invocation, *wanted); });
        };
    });

    auto changed = std::make_shared<NewToken>();
    CLI::App* set_command = token->add_subcommand("set", "Give a token another profile");
    set_command->add_option("token", changed->name, "Its name or id")->required();
    set_command->add_option("--profile", changed->profile, "How SCIM treats the client")
        ->required();
    set_command->callback([&invocation, &chosen, changed] {
        chosen = [&invocation, changed] {
            return finish(invocation, [&] {
                return set(invocation, changed->name, changed->profile);
            });
        };
    });

    token->add_subcommand("list", "Show all tokens without their secrets")
        ->callback([&invocation, &chosen] {
            chosen = [&invocation] { return finish(invocation, [&] { return list(invocation); }); };
        });

    auto name = std::make_shared<std::string>();
    CLI::App* revoke_command = token->add_subcommand("revoke", "End a token at once");
    revoke_command->add_option("token", *name, "Its name or id")->required();
    revoke_command->callback([&invocation, &chosen, name] {
        chosen = [&invocation, name] {
            return finish(invocation, [&] { return revoke(invocation, *name); });
        };
    });
}

int finish(const Invocation& invocation, const std::function<Result<int>()>& body) {
    try {
        const auto result = body();
        return result ? *result : report(result.error(), invocation.json);
    } catch (const json::exception& exception) {
        Error error{ErrorKind::internal,
                    "bad_answer",
                    "The daemon's answer is not understood.",
                    {},
                    {},
                    {}};
        error.context = exception.what();
        return report(error, invocation.json);
    }
}

}  // namespace bascule::daemon::ctl
