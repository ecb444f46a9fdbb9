#include "config/documents.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "config/load.hpp"
#include "config/options.hpp"

namespace bascule::config {
namespace {

std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string problems(const LoadOutcome& outcome) {
    std::string text;
    for (const auto& one : outcome.diagnostics) {
        text += one.severity == Severity::error ? one.to_string() + "\n" : "";
    }
    return text;
}

/// Takes the '#' off keys and leaves sentences.
std::string uncommented(const std::string& text) {
    std::istringstream in(text);
    std::string out;
    for (std::string line; std::getline(in, line);) {
        const std::size_t mark = line.find_first_not_of(' ');
        const bool is_key = mark != std::string::npos && line[mark] == '#' &&
                            mark + 1 < line.size() && line[mark + 1] != ' ';
        out += (is_key ? line.erase(mark, 1) : line) + "\n";
    }
    return out;
}

TEST(DefaultFile, MinimalHasSixLinesAndIsEnough) {
    const std::string text = annotated_default(false);
    EXPECT_EQ(lines(text), 6u);
    EXPECT_EQ(problems(load_text(text, "f", Secrets::checked)), "");
}

TEST(DefaultFile, FullLoadsAndEqualsTheDefaults) {
    const auto full = load_text(annotated_default(true), "f");
    EXPECT_EQ(problems(full), "");
    const auto minimal = load_text(
        "server: { public_url: https://id.example.com }\n"
        "sources: [ { name: corp, servers: [ldaps://ldap.example.com], base: \"dc=example,dc=com\" "
        "} ]\n",
        "f"
    );
    ASSERT_TRUE(full.settings && minimal.settings);
    EXPECT_EQ(redacted(*full.settings), redacted(*minimal.settings));
    EXPECT_EQ(full.options_default, 0u);
}

TEST(DefaultFile, CommentedExamplesAreValid) {
    const std::string text = uncommented(annotated_default(true));
    const auto outcome = load_text(text, "f", Secrets::checked);
    // The key file of the example exists on no test machine; nothing else may be wrong.
    for (const auto& one : outcome.diagnostics) {
        EXPECT_TRUE(one.severity == Severity::warning || one.path == "server.tls.key")
            << one.to_string() << "\n"
            << text;
    }
    EXPECT_EQ(outcome.options_set, options().size());
}

TEST(DefaultFile, ExplainsEveryOption) {
    const std::string text = annotated_default(true);
    for (const Option& option : options()) {
        EXPECT_FALSE(option.help.empty()) << option.path;
        EXPECT_TRUE(option.help.ends_with('.')) << option.path;
        EXPECT_NE(text.find(option.help), std::string::npos) << option.path;
        EXPECT_TRUE(!option.default_value.empty() || !option.example.empty()) << option.path;
    }
}

TEST(OptionTable, DeclaresEveryPathOnce) {
    std::set<std::string> paths;
    for (const Option& option : options()) {
        EXPECT_TRUE(paths.insert(option.path).second) << option.path;
    }
}

TEST(RedactedSettings, ShowWhereSecretsComeFromAndNotWhatTheyAre) {
    ::setenv("BASCULE_TEST_SECRET", "very-secret", 1);
    const auto outcome = load_text(
        "server: { public_url: https://id.example.com }\n"
        "sources:\n"
        "  - { name: a, servers: [ldaps://a], base: dc=a, bind: { dn: cn=x, password: { env: "
        "BASCULE_TEST_SECRET } } }\n"
        "  - { name: b, servers: [ldaps://a], base: dc=a, bind: { dn: cn=x, password: very-secret "
        "} }\n",
        "f"
    );
    ASSERT_TRUE(outcome.settings);
    const std::string text = redacted(*outcome.settings);
    EXPECT_EQ(text.find("very-secret"), std::string::npos) << text;
    EXPECT_NE(text.find("password: { env: BASCULE_TEST_SECRET }"), std::string::npos) << text;
    EXPECT_NE(text.find("password: (inline)"), std::string::npos) << text;
    EXPECT_NE(text.find("  - name: b"), std::string::npos) << text;
}

TEST(RedactedSettings, LoadAgainToTheSameSettings) {
    auto first = load_file(std::string(BASCULE_CONFIG_CASES) + "/full.yaml");
    ASSERT_TRUE(first.settings);
    const std::string text = redacted(*first.settings);
    const auto second = load_text(text, "f");
    ASSERT_TRUE(second.settings) << problems(second) << text;
    EXPECT_EQ(redacted(*second.settings), text);
}

TEST(YamlText, QuotesWhatReadersWouldTakeForSomethingElse) {
    EXPECT_EQ(yaml_text("dc=a"), "dc=a");
    EXPECT_EQ(yaml_text("no"), "\"no\"");
    EXPECT_EQ(yaml_text("a: b"), "\"a: b\"");
    EXPECT_EQ(yaml_text("a\"\\\r\n"), "\"a\\\"\\\\\\x0d\\x0a\"");
    EXPECT_EQ(yaml_text(std::vector<std::string>{"a", "b c"}), "[a, \"b c\"]");
}

TEST(ReloadAdvice, NamesWhatNeedsARestart) {
    const std::string base = "sources: [ { name: corp, servers: [ldaps://a], base: dc=a } ]\n";
    const auto running = load_text("server: { public_url: https://a }\n" + base, "f");
    const auto wanted = load_text(
        "server: { public_url: https://b, listen: \"127.0.0.1:1\" }\nlog: { level: debug }\n" +
            base,
        "f"
    );
    ASSERT_TRUE(running.settings && wanted.settings);
    EXPECT_EQ(
        restart_needed(*running.settings, *wanted.settings),
        std::vector<std::string>{"server.listen"}
    );
    EXPECT_TRUE(restart_needed(*running.settings, *running.settings).empty());
}

TEST(ReloadAdvice, NamesProxiesLogFormatAndTls) {
    const std::string base = "sources: [ { name: corp, servers: [ldaps://a], base: dc=a } ]\n";
    const auto running = load_text("server: { public_url: https://a }\n" + base, "f");
    auto wanted = load_text(
        "server: { public_url: https://a, trusted_proxies: [127.0.0.1] }\n"
        "log: { format: json }\n" +
            base,
        "f"
    );
    ASSERT_TRUE(running.settings && wanted.settings);
    wanted.settings->server.tls_certificate = "/cert.pem";
    EXPECT_EQ(
        restart_needed(*running.settings, *wanted.settings),
        (std::vector<std::string>{"server.trusted_proxies", "log.format", "server.tls.certificate"})
    );
}

TEST(ReloadAdvice, TellsARenamedSourceFromANewOne) {
    const auto load = [](const std::string& sources) {
        return load_text("server: { public_url: https://a }\nsources: [ " + sources + " ]\n", "f");
    };
    const std::string corp = "{ name: corp, servers: [ldaps://a], base: dc=a }";
    const auto running = load(corp);
    const auto renamed = load("{ name: work, servers: [ldaps://a], base: dc=a }");
    const auto added = load(corp + ", { name: lab, servers: [ldaps://b], base: dc=b }");
    const auto exchanged = load("{ name: lab, servers: [ldaps://b], base: dc=b }");
    ASSERT_TRUE(running.settings && renamed.settings && added.settings && exchanged.settings);
    EXPECT_EQ(
        restart_needed(*running.settings, *renamed.settings),
        std::vector<std::string>{"sources[].name"}
    );
    EXPECT_TRUE(restart_needed(*running.settings, *added.settings).empty());
    EXPECT_TRUE(restart_needed(*added.settings, *running.settings).empty());
    EXPECT_TRUE(restart_needed(*running.settings, *exchanged.settings).empty());
}

TEST(ReferencePage, KeepsTheExamplesOfMappingRulesOnOneLine) {
    const std::string page = reference_markdown();
    EXPECT_NE(page.find("| `{ from: mail, type: work }` |"), std::string::npos) << page;
    std::size_t start = page.find("| Form | Meaning |");
    const std::size_t end = page.find("\n\n", start);
    while (start < end) {
        const std::size_t stop = std::min(page.find('\n', start), end);
        EXPECT_EQ(page[start], '|') << page.substr(start, stop - start);
        EXPECT_EQ(page[stop - 1], '|') << page.substr(start, stop - start);
        start = stop + 1;
    }
}

TEST(JsonSchemaText, NamesEveryKeyAndBalances) {
    const std::string schema = json_schema();
    EXPECT_EQ(
        std::count(schema.begin(), schema.end(), '{'), std::count(schema.begin(), schema.end(), '}')
    );
    for (const Option& option : options()) {
        const std::string key = option.path.substr(option.path.rfind('.') + 1);
        EXPECT_NE(schema.find("\"" + key + "\":{\"description\""), std::string::npos)
            << option.path;
    }
}

TEST(ReferencePage, IsUpToDate) {
    std::ifstream stream(BASCULE_CONFIG_REFERENCE);
    std::ostringstream text;
    text << stream.rdbuf();
    EXPECT_EQ(text.str(), reference_markdown())
        << "Run the program config_reference and write its output to docs/reference/config.md.";
}

}  // namespace
}  // namespace bascule::config
