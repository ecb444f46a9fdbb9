#include "config/load.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "config/yaml_node.hpp"

namespace bascule::config {
namespace {

using namespace std::chrono_literals;

const std::string minimal =
    "server: { public_url: https://id.example.com }\n"
    "sources: [ { name: corp, servers: [ldaps://a], base: dc=a } ]\n";

Settings full_settings() {
    auto outcome = load_file(std::string(BASCULE_CONFIG_CASES) + "/full.yaml");
    EXPECT_TRUE(outcome.settings);
    return *std::move(outcome.settings);
}

const mirror::MappingRule& rule(const Settings& settings, const std::string& target) {
    const auto& rules = settings.sources.at(0).users.rules;
    return *std::find_if(rules.begin(), rules.end(), [&](const auto& one) {
        return one.target == target;
    });
}

TEST(LoadedSettings, CarryWhatTheFileSays) {
    const Settings settings = full_settings();
    EXPECT_EQ(settings.server.listen.host, "127.0.0.1");
    EXPECT_EQ(settings.server.listen.port, 0);
    EXPECT_EQ(settings.server.public_url, "https://id.example.com");
    EXPECT_EQ(settings.server.limits.body, 2u << 20);
    EXPECT_EQ(settings.server.limits.header, 32768u);
    EXPECT_EQ(settings.server.limits.request_time, 5s);
    EXPECT_EQ(settings.management_listen.host, "::1");
    EXPECT_EQ(settings.retain_deleted, Duration(7 * 24h));
    ASSERT_EQ(settings.sources.size(), 2u);
    EXPECT_EQ(settings.sources[0].servers[1], "ldaps://dc2.example.com:1636");
    EXPECT_EQ(settings.sources[0].dialect, Dialect::openldap);
    EXPECT_EQ(settings.sources[0].guard.deletes_percent, 0.5);
    EXPECT_EQ(settings.sources[0].guard.emptied_percent, 60.0);
    EXPECT_FALSE(settings.sources[0].write_back_password);
    EXPECT_TRUE(settings.sources[0].write_back_unlock);
    EXPECT_EQ(settings.sources[0].operation_timeout, 500ms);
    EXPECT_EQ(settings.sources[1].name, "lab");
    EXPECT_EQ(settings.staff_access, StaffAccess::selected);
    EXPECT_EQ(settings.staff_groups, std::vector<std::string>{"Team leads"});
    EXPECT_EQ(settings.log_format, LogFormat::json);
    EXPECT_EQ(settings.log_level, log::Level::debug);
}

TEST(LoadedSettings, HaveDefaultsForTheRest) {
    const auto outcome = load_text(minimal, "test");
    ASSERT_TRUE(outcome.settings);
    const Settings& settings = *outcome.settings;
    EXPECT_EQ(settings.server.listen.port, 8080);
    EXPECT_EQ(settings.server.limits.connections, 4096u);
    EXPECT_EQ(settings.admin_socket, "/run/bascule/admin.sock");
    EXPECT_EQ(settings.sources[0].guard.deletes_at_least, 25u);
    EXPECT_EQ(settings.sources[0].guard.emptied_percent, 50.0);
    EXPECT_EQ(settings.sources[0].connect_timeout, 5s);
    EXPECT_FALSE(settings.sources[0].bind_password.is_set());
    EXPECT_TRUE(settings.sources[0].users.rules.empty());
    EXPECT_EQ(settings.sign_in.session_idle, 30min);
    EXPECT_EQ(settings.scim_max_results, 1000u);
    EXPECT_EQ(settings.log_level, log::Level::info);
}

TEST(LoadedMapping, KeepsEveryFormOfRule) {
    const Settings settings = full_settings();
    EXPECT_EQ(rule(settings, "userName").from, std::vector<std::string>{"uid"});
    EXPECT_EQ(rule(settings, "displayName").from, (std::vector<std::string>{"displayName", "cn"}));
    EXPECT_EQ(rule(settings, "emails").type, "work");
    EXPECT_EQ(rule(settings, "nickName").template_text, "{givenName} ({departmentNumber})");
    EXPECT_EQ(rule(settings, "active").is_not, (std::vector<std::string>{"retired", "blocked"}));
    EXPECT_EQ(rule(settings, "locale").constant, "en-GB");
    EXPECT_EQ(rule(settings, "locale").when, "(c=GB)");
    const auto& removed = rule(settings, "title");
    EXPECT_TRUE(removed.from.empty() && removed.template_text.empty() && !removed.constant);
    EXPECT_EQ(rule(settings, "userName").line, 18);
    EXPECT_EQ(rule(settings, "userName").column, 19);
    const auto& rules = settings.sources[0].users.rules;
    EXPECT_EQ(
        std::count_if(
            rules.begin(), rules.end(), [](const auto& one) { return one.target == "phoneNumbers"; }
        ),
        2
    );
}

TEST(LoadOutcomeExitCode, TellsWrongFromUnreadable) {
    EXPECT_EQ(load_text(minimal, "test").exit_code(), 0);
    EXPECT_EQ(load_text("server: 1", "test").exit_code(), 1);
    EXPECT_EQ(load_file("/nonexistent/bascule.yaml").exit_code(), 2);
    EXPECT_EQ(load_file("/").exit_code(), 2);
}

TEST(LoadOutcomeSecrets, AreNeverInDiagnostics) {
    const auto outcome = load_file(std::string(BASCULE_CONFIG_CASES) + "/relations.yaml");
    for (const auto& one : outcome.diagnostics) {
        EXPECT_EQ(one.to_string().find("inline-secret-value"), std::string::npos);
    }
}

TEST(YamlReading, RefusesOversizeDeepAndForeignText) {
    EXPECT_FALSE(read_yaml(std::string(yaml_size_limit + 1, ' '), "f").diagnostics.empty());
    EXPECT_FALSE(read_yaml(std::string(100'000, '['), "f").diagnostics.empty());
    EXPECT_FALSE(read_yaml("a: \xff", "f").diagnostics.empty());
    EXPECT_FALSE(read_yaml(std::string_view("a: \0", 4), "f").diagnostics.empty());
}

TEST(YamlReading, KeepsScalarsAsText) {
    const auto document = read_yaml("a: no\nb: 010\nc: \"null\"\nd: null\n", "f");
    ASSERT_TRUE(document.diagnostics.empty());
    EXPECT_EQ(document.root.find("a")->text, "no");
    EXPECT_EQ(document.root.find("b")->text, "010");
    EXPECT_EQ(document.root.find("c")->kind, Node::Kind::scalar);
    EXPECT_EQ(document.root.find("d")->kind, Node::Kind::null);
}

TEST(ClientProfiles, AreReadWithTheirPlaces) {
    const auto outcome = load_text(
        minimal +
            "scim:\n  default_profile: hr\n  profiles:\n    hr: { base: strict, "
            "unknown_path: accept }\n",
        "test"
    );
    ASSERT_TRUE(outcome.settings);
    EXPECT_EQ(outcome.settings->scim_default_profile, "hr");
    ASSERT_EQ(outcome.settings->scim_profiles.size(), 1U);
    const ProfileSetting& profile = outcome.settings->scim_profiles.front();
    EXPECT_EQ(profile.name, "hr");
    EXPECT_EQ(profile.base, "strict");
    ASSERT_EQ(profile.switches.size(), 1U);
    EXPECT_EQ(profile.switches[0].name, "unknown_path");
    EXPECT_EQ(profile.switches[0].value, "accept");
    EXPECT_EQ(profile.switches[0].position.line, 6);
}

TEST(ClientProfiles, TakeMapsOfWordsOnly) {
    for (const char* bad : {"[strict]", "{ hr: strict }", "{ hr: { put: [a] } }", "{ HR: {} }"}) {
        const auto outcome = load_text(minimal + "scim: { profiles: " + bad + " }\n", "test");
        EXPECT_EQ(outcome.errors(), 1U) << bad;
    }
}

}  // namespace
}  // namespace bascule::config
