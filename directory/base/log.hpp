#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace bascule::log {

enum class Level { debug, info, warning, error };

/// A named value of a log event. Never a secret.
struct Field {
    std::string_view name;
    std::string value;
};

/// Where events go; the daemon installs one (text, JSON or journal). Must be thread-safe.
class Sink {
  public:
    virtual ~Sink() = default;
    virtual void write(
        Level level, std::string_view event, std::string_view message,
        std::initializer_list<Field> fields
    ) = 0;
};

/// Installs the sink for the whole process and returns the one before. Null drops everything.
Sink* set_sink(Sink* sink);

/// Emits one event: a stable snake_case name, a sentence, fields. Thread-safe.
void emit(
    Level level, std::string_view event, std::string_view message,
    std::initializer_list<Field> fields = {}
);

inline void debug(
    std::string_view event, std::string_view message, std::initializer_list<Field> fields = {}
) {
    emit(Level::debug, event, message, fields);
}
inline void info(
    std::string_view event, std::string_view message, std::initializer_list<Field> fields = {}
) {
    emit(Level::info, event, message, fields);
}
inline void warning(
    std::string_view event, std::string_view message, std::initializer_list<Field> fields = {}
) {
    emit(Level::warning, event, message, fields);
}
inline void error(
    std::string_view event, std::string_view message, std::initializer_list<Field> fields = {}
) {
    emit(Level::error, event, message, fields);
}

}  // namespace bascule::log
