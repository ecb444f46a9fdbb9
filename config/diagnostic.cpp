#include "config/diagnostic.hpp"

namespace bascule::config {

std::string Diagnostic::to_string() const {
    std::string text = file;
    if (position.line > 0) {
        text += ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
    }
    text += "  ";
    if (!path.empty()) {
        text += path + "   ";
    }
    return text + (severity == Severity::warning ? "warning: " : "") + message;
}

}  // namespace bascule::config
