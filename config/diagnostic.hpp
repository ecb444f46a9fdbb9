#pragma once

#include <functional>
#include <map>
#include <string>

namespace bascule::config {

enum class Severity { error, warning };

/// A place in the configuration file, from 1; 0 when there is none.
struct Position {
    int line = 0;
    int column = 0;
};

/// Where each section and key stands, by path ("sources[0].bind").
using Places = std::map<std::string, Position, std::less<>>;

/// One thing that is wrong, or unwise, in a configuration file. Never holds a secret.
struct Diagnostic {
    Severity severity = Severity::error;
    std::string file;
    Position position;
    std::string path;     ///< "sources[0].guard.deletes.percent", empty for the file as a whole
    std::string message;  ///< what was expected and found, and what to do

    /// `file:14:9  sources[0].user   unknown key; did you mean "users"?`; warnings say so.
    [[nodiscard]] std::string to_string() const;
};

}  // namespace bascule::config
