#include "tests/integration/events/event_rig.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/process.hpp"

namespace bascule::test {
namespace {

constexpr std::chrono::seconds patience{30};
constexpr std::string_view event_prefix = "urn:ietf:params:scim:event:";

std::string lower(std::string text) {
    for (char& c : text) {
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return text;
}

FullAnswer parse(const std::string& text) {
    FullAnswer answer;
    std::istringstream in(text);
    std::string line;
    std::getline(in, line);
    answer.status = line.size() > 12 ? std::atoi(line.c_str() + 9) : 0;
    while (std::getline(in, line) && line != "\r") {
        const auto colon = line.find(": ");
        if (colon != std::string::npos) {
            answer.headers[lower(line.substr(0, colon))] =
                line.substr(colon + 2, line.size() - colon - 3);
        }
    }
    answer.body.assign(std::istreambuf_iterator<char>(in), {});
    answer.json = Json::parse(answer.body, nullptr, false);
    if (answer.json.is_discarded()) {
        answer.json = nullptr;
    }
    return answer;
}

}  // namespace

std::string Token::event() const {
    EXPECT_EQ(claims.at("events").size(), 1U);
    const std::string uri = claims.at("events").begin().key();
    return uri.starts_with(event_prefix) ? uri.substr(event_prefix.size()) : uri;
}

void EventTest::SetUp() {
    directory_.load_ldif(directory_ldif(20, 2));
    directory_.start();
    daemon_.start();
    (void)daemon_.token();  // for what the rig itself asks
    bearer_ = make_token("client", "users:write,groups:write,admin:write,events:read");
}

void EventTest::TearDown() {
    if (HasFailure()) {
        std::ifstream log(daemon_.log_file());
        std::cerr << log.rdbuf();
    }
}

FullAnswer EventTest::send(
    const std::string& method, const std::string& target, const Json& body,
    const std::vector<std::string>& headers, const std::string& bearer
) {
    std::vector<std::string> arguments{
        "curl", "-s",   "-i",
        "-X",   method, "--max-time",
        "60",   "-H",   "Authorization: Bearer " + (bearer.empty() ? bearer_ : bearer)};
    for (const std::string& header : headers) {
        arguments.insert(arguments.end(), {"-H", header});
    }
    if (!body.is_null()) {
        arguments.insert(
            arguments.end(), {"-H", "Content-Type: application/json", "--data-binary", "@-"}
        );
    }
    arguments.push_back("http://127.0.0.1:" + std::to_string(daemon_.port()) + target);
    return parse(run_program(arguments, body.is_null() ? std::string() : body.dump()).output);
}

std::string EventTest::make_token(const std::string& name, const std::string& scopes) {
    const ProcessResult made =
        daemon_.command({"--json", "token", "create", "--name", name, "--scope", scopes});
    return Json::parse(made.output).at("token");
}

std::string EventTest::stream(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "stream");
    const ProcessResult result = daemon_.command(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return result.output;
}

Json EventTest::stream_status(const std::string& name) {
    return Json::parse(daemon_.command({"--json", "stream", "status", name}).output);
}

Json EventTest::poll(const std::string& stream, const Json& body) {
    const FullAnswer answer = send("POST", "/events/v1/streams/" + stream + "/poll", body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.json;
}

std::vector<Token> EventTest::tokens_of(const std::string& stream, std::size_t count) {
    std::vector<std::string> texts;
    wait_until("tokens of " + stream, patience, [&] {
        const Json answer = poll(stream, {{"returnImmediately", true}, {"maxEvents", 1000}});
        texts.clear();
        for (const Json& text : answer.at("sets")) {
            texts.push_back(text);
        }
        return texts.size() >= count;
    });
    std::vector<Token> tokens = verify(texts);
    std::sort(tokens.begin(), tokens.end(), [](const Token& left, const Token& right) {
        const auto place = [](const Token& token) {
            const std::string id = token.id().substr(37);
            return std::pair(std::stoll(id), std::stoll(id.substr(id.find('.') + 1)));
        };
        return place(left) < place(right);
    });
    return tokens;
}

std::vector<Token> EventTest::verify(const std::vector<std::string>& texts) {
    const FullAnswer keys = send("GET", "/.well-known/jwks.json");
    EXPECT_EQ(keys.status, 200);
    const ProcessResult checked = run_program(
        {"/usr/bin/python3", std::string(EVENT_TEST_FOLDER) + "/verify_tokens.py"},
        Json{{"keys", keys.json}, {"tokens", texts}}.dump()
    );
    EXPECT_EQ(checked.exit_code, 0) << checked.output;
    std::vector<Token> tokens;
    for (const Json& token : Json::parse(checked.output)) {
        tokens.push_back({token.at("header"), token.at("claims")});
    }
    return tokens;
}

std::string EventTest::add_user(const std::string& name, Json more) {
    more["schemas"] = {user_schema};
    more["userName"] = name;
    const FullAnswer answer = send("POST", "/scim/v2/Users", more);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.json.value("id", "");
}

std::string EventTest::add_group(const std::string& name, const std::vector<std::string>& members) {
    Json list = Json::array();
    for (const std::string& id : members) {
        list.push_back({{"value", id}});
    }
    const FullAnswer answer = send(
        "POST", "/scim/v2/Groups",
        {{"schemas", {group_schema}}, {"displayName", name}, {"members", list}}
    );
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.json.value("id", "");
}

void EventTest::patch(const std::string& path, const Json& operations) {
    const FullAnswer answer =
        send("PATCH", "/scim/v2" + path, {{"schemas", {patch_schema}}, {"Operations", operations}});
    EXPECT_TRUE(answer.status == 200 || answer.status == 204) << answer.body;
}

PushReceiver::PushReceiver(const std::string& folder, bool tls) : folder_(folder), tls_(tls) {
    std::filesystem::create_directories(folder_);
    if (tls_) {
        make_certificates(folder_);
    }
    behave("accept");
}

PushReceiver::~PushReceiver() {
    stop();
}

void PushReceiver::start() {
    std::filesystem::remove(folder_ + "/port");
    std::vector<std::string> arguments{
        "/usr/bin/python3", std::string(EVENT_TEST_FOLDER) + "/push_receiver.py", folder_,
        port_.empty() ? "0" : port_};
    if (tls_) {
        arguments.insert(arguments.end(), {folder_ + "/server.pem", folder_ + "/server.key"});
    }
    pid_ = start_program(arguments, folder_ + "/log");
    wait_until("the receiver", patience, [&] {
        return std::filesystem::exists(folder_ + "/port");
    });
    std::ifstream(folder_ + "/port") >> port_;
}

void PushReceiver::stop() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }
}

void PushReceiver::behave(const std::string& mode) {
    std::ofstream(folder_ + "/mode.new") << mode;
    std::filesystem::rename(folder_ + "/mode.new", folder_ + "/mode");
}

std::vector<Json> PushReceiver::received() const {
    std::vector<Json> all;
    std::ifstream in(folder_ + "/received");
    for (std::string line; std::getline(in, line);) {
        const Json entry = Json::parse(line, nullptr, false);
        if (entry.is_object()) {
            all.push_back(entry);
        }
    }
    return all;
}

void PushReceiver::wait_for(std::size_t count) const {
    wait_until(std::to_string(count) + " pushed tokens", patience, [&] {
        return received().size() >= count;
    });
}

std::string PushReceiver::url() const {
    return (tls_ ? "https://localhost:" : "http://127.0.0.1:") + port_ + "/events";
}

std::vector<Token> about(
    const std::vector<Token>& tokens, const std::string& event, const std::string& subject
) {
    std::vector<Token> found;
    for (const Token& token : tokens) {
        if (token.event() == event && token.subject() == subject) {
            found.push_back(token);
        }
    }
    return found;
}

}  // namespace bascule::test
