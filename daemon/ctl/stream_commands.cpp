#include <chrono>
#include <iostream>
#include <memory>

#include "daemon/ctl/commands.hpp"
#include "daemon/ctl/text_table.hpp"
#include "directory/base/time.hpp"

namespace bascule::daemon::ctl {
namespace {

using nlohmann::json;

struct NewStream {
    std::string name;
    std::string endpoint;
    std::string client;
    std::string audience;
    std::string group;
    std::string authorization_file;
    std::string ca_file;
    std::string from;
    std::vector<std::string> scopes{"users:read", "groups:read"};
    std::vector<std::string> types;
    bool full = false;
};

/// "2d" ago, or a time as it is.
Result<std::string> point_in_time(const std::string& text) {
    if (text.empty() || parse_time(text)) {
        return text;
    }
    BASCULE_TRY(const auto age, parse_lifetime(text));
    return format_time(
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()) -
        age
    );
}

Result<int> create(const Invocation& invocation, const NewStream& wanted) {
    BASCULE_TRY(const std::string from, point_in_time(wanted.from));
    const json body{
        {"name", wanted.name},
        {"delivery", wanted.endpoint.empty() ? "poll" : "push"},
        {"detail", wanted.full ? "full" : "notice"},
        {"endpoint", wanted.endpoint},
        {"client", wanted.client},
        {"audience", wanted.audience},
        {"group", wanted.group},
        {"authorizationFile", wanted.authorization_file},
        {"caFile", wanted.ca_file},
        {"scopes", wanted.scopes},
        {"types", wanted.types},
        {"from", from},
    };
    BASCULE_TRY(const json made, ApiClient(invocation).post("/v1/streams", body));
    if (invocation.json) {
        print_json(made);
    } else if (wanted.endpoint.empty()) {
        std::cout << "Stream '" << wanted.name << "' is polled at /events/v1/streams/"
                  << wanted.name << "/poll.\n";
    } else {
        std::cout << "Stream '" << wanted.name << "' is pushed to " << wanted.endpoint << ".\n";
    }
    return exit_good;
}

Result<int> list(const Invocation& invocation) {
    BASCULE_TRY(const json answer, ApiClient(invocation).get("/v1/streams"));
    if (invocation.json) {
        print_json(answer.at("streams"));
        return exit_good;
    }
    std::vector<std::vector<std::string>> rows{
        {"NAME", "DELIVERY", "DETAIL", "STATE", "BEHIND", "DELIVERED", "REFUSED"}};
    for (const json& stream : answer.at("streams")) {
        rows.push_back(
            {stream.value("name", ""), stream.value("delivery", ""), stream.value("detail", ""),
             stream.value("state", ""), std::to_string(stream.value("behind", 0)),
             std::to_string(stream.value("delivered", 0)),
             std::to_string(stream.value("refused", 0))}
        );
    }
    std::cout << text_table(rows);
    return exit_good;
}

std::string shown(const json& value) {
    if (value.is_string()) {
        return value.get<std::string>();
    }
    if (!value.is_array()) {
        return value.is_null() ? "" : value.dump();
    }
    std::string text;
    for (const json& item : value) {
        text.append(text.empty() ? "" : ", ").append(shown(item));
    }
    return text;
}

Result<int> status(const Invocation& invocation, const std::string& name) {
    BASCULE_TRY(const json answer, ApiClient(invocation).get("/v1/streams"));
    for (const json& stream : answer.at("streams")) {
        if (stream.value("name", "") != name && stream.value("id", "") != name) {
            continue;
        }
        const bool troubled = !stream.value("lastError", "").empty();
        if (invocation.json) {
            print_json(stream);
            return troubled ? exit_problem : exit_good;
        }
        for (const auto& [key, value] : stream.items()) {
            if (const std::string text = shown(value); !text.empty()) {
                std::cout << key << ": " << text << "\n";
            }
        }
        return troubled ? exit_problem : exit_good;
    }
    return fail(ErrorKind::not_found, "not_found", "There is no event stream '" + name + "'.");
}

Result<int> act(const Invocation& invocation, const std::string& action, json body) {
    BASCULE_TRY(
        const json answer, ApiClient(invocation).post("/v1/streams/" + action, std::move(body))
    );
    if (invocation.json) {
        print_json(answer);
    } else {
        std::cout << "Done: " << action << " stream '" << answer.value("stream", "") << "'.\n";
    }
    return exit_good;
}

void add_create(CLI::App& stream, Invocation& invocation, Chosen& chosen) {
    auto wanted = std::make_shared<NewStream>();
    CLI::App* command = stream.add_subcommand("create", "Make a stream of security event tokens");
    command->add_option("--name", wanted->name, "What it is called; unique")->required();
    command->add_option("--push", wanted->endpoint, "https URL to push to; without it, polled");
    command->add_option(
        "--token", wanted->client, "Token that polls; its asynchronous answers too"
    );
    command->add_option("--scope", wanted->scopes, "users:read groups:read admin:read")
        ->delimiter(',')
        ->capture_default_str();
    command->add_option("--type", wanted->types, "Resource types; without it, all")->delimiter(',');
    command->add_flag("--full", wanted->full, "Tell values, not only names of attributes");
    command->add_option("--group", wanted->group, "Only direct members of the group with this id");
    command->add_option("--audience", wanted->audience, "aud of its tokens");
    command->add_option(
        "--authorization-file", wanted->authorization_file, "File with the Authorization header"
    );
    command->add_option("--ca", wanted->ca_file, "PEM file of the receiver's authorities");
    command->add_option("--from", wanted->from, "Begin in the past: a time, or an age such as 2d");
    command->callback([&invocation, &chosen, wanted] {
        chosen = [&invocation, wanted] {
            return finish(invocation, [&] { return create(invocation, *wanted); });
        };
    });
}

void add_action(
    CLI::App& stream, Invocation& invocation, Chosen& chosen, const std::string& action,
    const std::string& help
) {
    auto name = std::make_shared<std::string>();
    auto extra = std::make_shared<std::string>();
    CLI::App* command = stream.add_subcommand(action, help);
    command->add_option("stream", *name, "Its name or id")->required();
    if (action == "replay") {
        command->add_option("--from", *extra, "A time, or an age such as 2d")->required();
    } else if (action == "verify") {
        command->add_option("--state", *extra, "Text that the event carries");
    }
    command->callback([&invocation, &chosen, action, name, extra] {
        chosen = [&invocation, action, name, extra] {
            return finish(invocation, [&]() -> Result<int> {
                json body{{"stream", *name}};
                if (action == "replay") {
                    BASCULE_TRY(body["from"], point_in_time(*extra));
                } else if (!extra->empty()) {
                    body["state"] = *extra;
                }
                return act(invocation, action, std::move(body));
            });
        };
    });
}

}  // namespace

void add_stream_commands(CLI::App& app, Invocation& invocation, Chosen& chosen) {
    CLI::App* stream = app.add_subcommand("stream", "Streams of security event tokens");
    stream->require_subcommand(1);
    add_create(*stream, invocation, chosen);
    stream->add_subcommand("list", "Show all streams")->callback([&invocation, &chosen] {
        chosen = [&invocation] { return finish(invocation, [&] { return list(invocation); }); };
    });
    auto name = std::make_shared<std::string>();
    CLI::App* status_command = stream->add_subcommand("status", "Show one stream");
    status_command->add_option("stream", *name, "Its name or id")->required();
    status_command->callback([&invocation, &chosen, name] {
        chosen = [&invocation, name] {
            return finish(invocation, [&] { return status(invocation, *name); });
        };
    });
    add_action(*stream, invocation, chosen, "remove", "End a stream");
    add_action(*stream, invocation, chosen, "pause", "Stop delivery for a while");
    add_action(*stream, invocation, chosen, "resume", "Continue delivery");
    add_action(*stream, invocation, chosen, "replay", "Deliver again what came after a time");
    add_action(*stream, invocation, chosen, "verify", "Send a verification event");
}

}  // namespace bascule::daemon::ctl
