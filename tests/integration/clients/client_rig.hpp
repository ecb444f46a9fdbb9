#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "signer.hpp"
#include "tests/support/daemon_rig.hpp"
#include "tests/support/http_client.hpp"

namespace bascule::test {

using Json = nlohmann::json;

/// One daemon for the tests of a suite, and what they ask of it.
class ClientRig : public testing::Test {
  protected:
    static HttpAnswer send(HttpRequest request) {
        return HttpClient(daemon_->port()).send(request);
    }
    static HttpAnswer get(
        const std::string& target, const std::string& token, HttpHeaders headers = {}
    ) {
        headers.emplace_back("Authorization", "Bearer " + token);
        return send({"GET", target, std::move(headers), {}});
    }
    static int users_status(const std::string& token) {
        return get("/scim/v2/Users?count=0", token).status;
    }
    static ProcessResult run(std::vector<std::string> arguments) {
        return daemon_->command(std::move(arguments));
    }
    static Json run_json(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "--json");
        return Json::parse(run(std::move(arguments)).output, nullptr, false);
    }
    /// Makes a client and gives its secret.
    static std::string client(
        const std::string& name, const std::string& scopes, std::vector<std::string> options = {}
    ) {
        options.insert(options.begin(), {"token", "create", "--name", name, "--scope", scopes});
        const Json made = run_json(options);
        EXPECT_TRUE(made.is_object()) << name;
        return made.is_object() ? made.value("token", "") : "";
    }
    static std::string url() { return "http://127.0.0.1:" + std::to_string(daemon_->port()); }
    static void write_file(const std::string& path, const std::string& text) {
        std::ofstream(path) << text;
    }
    static void stop() {
        delete daemon_;
        daemon_ = nullptr;
    }

    static inline DaemonRig* daemon_ = nullptr;
};

}  // namespace bascule::test
