#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/diagnostic.hpp"

namespace bascule::config {

/// Collects what is wrong while a file is read.
class Report {
  public:
    explicit Report(std::string file) : file_(std::move(file)) {}

    void error(Position position, std::string path, std::string message) {
        add(Severity::error, position, std::move(path), std::move(message));
    }
    void warning(Position position, std::string path, std::string message) {
        add(Severity::warning, position, std::move(path), std::move(message));
    }
    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] std::vector<Diagnostic>& diagnostics() { return diagnostics_; }

  private:
    void add(Severity severity, Position position, std::string path, std::string message) {
        diagnostics_.push_back({severity, file_, position, std::move(path), std::move(message)});
    }

    std::string file_;
    std::vector<Diagnostic> diagnostics_;
};

/// What a key that nobody knows gets told: the nearest known key, or all of them.
[[nodiscard]] std::string unknown_key(
    const std::string& key, const std::vector<std::string>& known
);

/// ", found \"1O\"", or the kind of thing that stands there.
struct Node;
[[nodiscard]] std::string found(const Node& node);

}  // namespace bascule::config
