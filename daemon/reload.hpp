#pragma once

#include <memory>
#include <string>

#include "daemon/generation.hpp"
#include "http/server/server.hpp"

namespace bascule::daemon {

/// Reads the configuration file. Everything wrong is logged, line by line;
/// `invalid_input`/"invalid_config" then.
[[nodiscard]] Result<config::Settings> load_settings(const std::string& path);

/// Replaces the running generation by one of the file's present content, certificate included.
/// Whole or not at all: on an error everything goes on as before. `conflict`/"restart_needed" names
/// options that a reload cannot change, and schemas that became other than more.
[[nodiscard]] Status reload(
    const std::string& path, Core& core, http::Server& server, std::shared_ptr<Generation>& running
);

}  // namespace bascule::daemon
