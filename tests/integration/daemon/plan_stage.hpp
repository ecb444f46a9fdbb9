#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/integration/daemon/plan_model.hpp"
#include "tests/support/daemon_rig.hpp"

namespace bascule::test {

inline std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

/// The daemon's configuration with more lines in its source.
inline std::string with_source_lines(const DaemonRig& daemon, const std::string& lines) {
    std::string text = contents(daemon.configuration());
    const std::string marker = "    write_back: { password: true, unlock: true }\n";
    const std::size_t at = text.find(marker);
    if (at == std::string::npos) {
        throw std::runtime_error("no source in the configuration");
    }
    return text.insert(at + marker.size(), lines);
}

inline void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
}

/// A directory and a daemon that follows it.
struct Stage {
    explicit Stage(const std::string& ldif, const std::string& lines = {})
        : daemon((directory.load_ldif(ldif), directory.start(), directory), lines) {
        daemon.start();
        static_cast<void>(daemon.token());
        candidate = daemon.folder() + "/new.yaml";
        differences = daemon.folder() + "/diff.jsonl";
    }

    [[nodiscard]] ProcessResult plan(std::vector<std::string> more = {}) const {
        std::vector<std::string> arguments{"plan", "--config", candidate};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return daemon.command(arguments);
    }
    [[nodiscard]] nlohmann::json plan_json() const {
        const ProcessResult result = plan({"--json", "--export", differences});
        const nlohmann::json value = nlohmann::json::parse(result.output, nullptr, false);
        if (!value.contains("plan")) {
            throw std::runtime_error("no plan: " + result.output);
        }
        return value;
    }
    /// Takes `candidate` over and waits until the mirror is live under it.
    void reload() const {
        std::filesystem::copy_file(
            candidate, daemon.configuration(), std::filesystem::copy_options::overwrite_existing
        );
        const ProcessResult result = daemon.command({"reload"});
        ASSERT_EQ(result.exit_code, 0) << result.output;
        daemon.wait_for_state("live");
    }

    SlapdRig directory;
    DaemonRig daemon;
    std::string candidate;
    std::string differences;
};

inline std::string people_and_groups() {
    return directory_ldif(60, 3) + group_ldif("big", 40);
}

}  // namespace bascule::test
