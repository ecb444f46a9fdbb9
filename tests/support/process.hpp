#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace bascule::test {

/// How a program ended and what it wrote (standard output and error together).
struct ProcessResult {
    int exit_code = -1;  ///< 128 + signal when a signal ended it
    std::string output;
};

/// Runs a program found by PATH (or /usr/sbin) with `input` as standard input and waits for its
/// end. Throws std::runtime_error when it cannot be started.
ProcessResult run_program(const std::vector<std::string>& arguments, std::string_view input = {});

/// Starts a program in the background, output appended to `log_file`. It is killed when the thread
/// that started it ends, so that no server outlives a test that crashed.
pid_t start_program(const std::vector<std::string>& arguments, const std::string& log_file);

/// The path of a program, or an empty string when it is not installed.
std::string find_program(std::string_view name);

}  // namespace bascule::test
