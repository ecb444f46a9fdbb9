#include <charconv>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <utility>

#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/text_table.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

/// What the options of create and set say; a missing one is not in the request.
struct Wishes {
    std::string name;
    std::string expires;
    std::vector<std::string> scopes;
    std::vector<std::string> read;
    std::vector<std::string> no_read;
    std::vector<std::string> write;
    std::vector<std::string> no_write;
    std::vector<std::string> certificates;
    std::vector<std::string> subjects;
    std::string keys_file;
    std::string rate_class;
    std::string profile;
    std::string user;
    bool all_attributes = false;
    bool without_secret = false;
    CLI::App* command = nullptr;

    [[nodiscard]] bool given(const char* option) const { return command->count(option) != 0; }
};

void add_options(CLI::App& command, Wishes& wishes) {
    wishes.command = &command;
    command
        .add_option(
            "--scope", wishes.scopes,
            "users:read users:write groups:read groups:write privileges:write admin:read "
            "admin:write "
            "events:read me:read me:write"
        )
        ->delimiter(',')
        ->allow_extra_args(false);
    command.add_option(
        "--expires", wishes.expires, "Lifetime such as 180d; without it the client stays"
    );
    const auto names =
        [&command](const char* option, std::vector<std::string>& into, const char* help) {
            command.add_option(option, into, help)->delimiter(',')->allow_extra_args(false);
        };
    names("--read", wishes.read, "Attributes it may read, no others: userName,name.familyName");
    names("--no-read", wishes.no_read, "Attributes that do not exist for it");
    names("--write", wishes.write, "Attributes it may write, no others");
    names("--no-write", wishes.no_write, "Attributes it may not write");
    names(
        "--certificate", wishes.certificates,
        "Names in a client certificate that sign it on: DNS:host, URI:…, email:…"
    );
    names(
        "--subject", wishes.subjects,
        "Who it is in tokens of another issuer: the issuer's name, a colon, its subject"
    );
    command.add_option(
        "--keys", wishes.keys_file, "File with its public keys (JWKS) for private_key_jwt"
    );
    command.add_option(
        "--profile", wishes.profile, "How SCIM treats it: lenient, strict, entra, okta, …"
    );
    command.add_option(
        "--user", wishes.user,
        "userName of the user for whom it acts at /Me, with me:read, me:write"
    );
    command.add_option("--rate-class", wishes.rate_class, "Its limits of requests, by name");
}

void put_rule(json& body, const char* name, const Wishes& wishes, bool limits, bool excludes) {
    const bool is_read = std::string_view(name) == "read";
    if (wishes.all_attributes) {
        body[name] = {{"only", json::array()}, {"except", json::array()}};
    }
    if (limits) {
        body[name]["only"] = is_read ? wishes.read : wishes.write;
    }
    if (excludes) {
        body[name]["except"] = is_read ? wishes.no_read : wishes.no_write;
    }
}

Result<std::string> file_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        return fail(
            ErrorKind::invalid_input, "unreadable_file", "The file '" + path + "' cannot be read."
        );
    }
    return text.str();
}

/// The request that the options make.
Result<json> settings_of(const Wishes& wishes) {
    json body = json::object();
    put_rule(body, "read", wishes, wishes.given("--read"), wishes.given("--no-read"));
    put_rule(body, "write", wishes, wishes.given("--write"), wishes.given("--no-write"));
    const auto put = [&](const char* option, const char* name, const auto& value) {
        if (wishes.given(option)) {
            body[name] = value;
        }
    };
    put("--scope", "scopes", wishes.scopes);
    put("--certificate", "certificates", wishes.certificates);
    put("--subject", "subjects", wishes.subjects);
    put("--rate-class", "rateClass", wishes.rate_class);
    put("--profile", "profile", wishes.profile);
    put("--user", "user", wishes.user);
    if (wishes.given("--keys")) {
        BASCULE_TRY(
            body["keys"],
            wishes.keys_file.empty() ? Result<std::string>() : file_text(wishes.keys_file)
        );
    }
    if (!wishes.expires.empty()) {
        BASCULE_TRY(const auto lifetime, parse_lifetime(wishes.expires));
        body["lifetimeSeconds"] = lifetime.count();
    }
    return body;
}

/// The secret alone on standard output, so that it can be captured.
void print_secret(const Invocation& invocation, const json& made) {
    if (invocation.json) {
        print_json(made);
    } else if (const std::string secret = made.value("token", ""); !secret.empty()) {
        std::cout << secret << "\n" << std::flush;
        std::cerr << "(shown once)\n";
    } else {
        std::cout << "Client '" << made.value("name", "") << "' has no secret; its id is "
                  << made.value("id", "") << ".\n";
    }
}

Result<int> create(const Invocation& invocation, const Wishes& wishes) {
    BASCULE_TRY(json body, settings_of(wishes));
    body["name"] = wishes.name;
    body["secret"] = !wishes.without_secret;
    BASCULE_TRY(const json made, ApiClient(invocation).post("/v1/tokens", body));
    print_secret(invocation, made);
    return exit_good;
}

Result<int> set(const Invocation& invocation, const Wishes& wishes) {
    BASCULE_TRY(json body, settings_of(wishes));
    body["token"] = wishes.name;
    BASCULE_TRY(const json changed, ApiClient(invocation).post("/v1/tokens/set", body));
    if (invocation.json) {
        print_json(changed);
    } else {
        std::cout << "Client '" << changed.value("name", "") << "' is changed.\n";
    }
    return exit_good;
}

Result<int> rotate(
    const Invocation& invocation, const std::string& name, const std::string& overlap
) {
    json body{{"token", name}};
    if (overlap != "0") {
        BASCULE_TRY(const auto length, parse_lifetime(overlap));
        body["overlapSeconds"] = length.count();
    }
    BASCULE_TRY(const json made, ApiClient(invocation).post("/v1/tokens/rotate", body));
    print_secret(invocation, made);
    if (!invocation.json) {
        const auto ends = made.find("oldSecretEnds");
        std::cerr << (ends->is_string() ? "The old secret works until " + ends->get<std::string>()
                                        : "The old secret no longer works")
                  << ".\n";
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

Result<int> revoke(const Invocation& invocation, const std::string& name, bool old) {
    BASCULE_TRY(
        const json answer,
        ApiClient(invocation).post("/v1/tokens/revoke", {{"token", name}, {"old", old}})
    );
    if (invocation.json) {
        print_json(answer);
    } else {
        std::cout << (old ? "The old secret of '" : "Token '") << name << "' no longer works.\n";
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
    CLI::App* token =
        app.add_subcommand("token", "SCIM clients and programs, their secrets and rights");
    token->alias("client");
    token->require_subcommand(1);
    const auto choose = [&invocation, &chosen](const std::function<Result<int>()>& body) {
        chosen = [&invocation, body] { return finish(invocation, body); };
    };

    auto wanted = std::make_shared<Wishes>();
    CLI::App* create_command =
        token->add_subcommand("create", "Make a client, show its secret once");
    create_command->add_option("--name", wanted->name, "What it is for; unique")->required();
    add_options(*create_command, *wanted);
    create_command->get_option("--scope")->required();
    create_command->add_flag(
        "--no-secret", wanted->without_secret, "It signs on by key, certificate or another issuer"
    );
    create_command->callback([&invocation, choose, wanted] {
        choose([&invocation, wanted] { return create(invocation, *wanted); });
    });

    auto changed = std::make_shared<Wishes>();
    CLI::App* set_command =
        token->add_subcommand("set", "Change what a client may; '' empties an option");
    set_command->add_option("token", changed->name, "Its name or id")->required();
    add_options(*set_command, *changed);
    set_command->add_flag(
        "--all-attributes", changed->all_attributes, "Takes every limit of attributes away"
    );
    set_command->callback([&invocation, choose, changed] {
        choose([&invocation, changed] { return set(invocation, *changed); });
    });

    token->add_subcommand("list", "Show all clients without their secrets")
        ->callback([&invocation, choose] { choose([&invocation] { return list(invocation); }); });

    auto rotated = std::make_shared<std::pair<std::string, std::string>>();
    CLI::App* rotate_command = token->add_subcommand("rotate", "Give a client another secret");
    rotate_command->add_option("token", rotated->first, "Its name or id")->required();
    rotate_command
        ->add_option("--overlap", rotated->second, "How long the old one lives on, such as 7d")
        ->default_str("0")
        ->default_val("0");
    rotate_command->callback([&invocation, choose, rotated] {
        choose([&invocation, rotated] {
            return rotate(invocation, rotated->first, rotated->second);
        });
    });

    auto ended = std::make_shared<std::pair<std::string, bool>>();
    CLI::App* revoke_command = token->add_subcommand("revoke", "End a client at once");
    revoke_command->alias("remove");
    revoke_command->add_option("token", ended->first, "Its name or id")->required();
    revoke_command->add_flag("--old", ended->second, "Only the secret before the last rotation");
    revoke_command->callback([&invocation, choose, ended] {
        choose([&invocation, ended] { return revoke(invocation, ended->first, ended->second); });
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
