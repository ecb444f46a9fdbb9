#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "directory/base/log.hpp"

namespace bascule::daemon {

/// How a log line looks. `journal` carries the priority in front and leaves the time to the
/// journal.
enum class LogFormat { text, json, journal };

/// "auto" looks at standard error: the journal's stream gives `journal`, everything else `text`.
[[nodiscard]] LogFormat choose_log_format(std::string_view configured);

/// One line without its end; control characters are escaped, so a value cannot fake a line.
[[nodiscard]] std::string format_log_line(
    LogFormat format, std::string_view time, log::Level level, std::string_view event,
    std::string_view message, std::initializer_list<log::Field> fields
);

/// Writes to standard error from a thread of its own, behind a bounded queue that slows producers
/// when full. Installs itself for the process; the destructor writes what waits and puts the former
/// sink back.
class LogSink final : public log::Sink {
  public:
    LogSink(LogFormat format, log::Level least);
    ~LogSink() override;
    void write(
        log::Level level, std::string_view event, std::string_view message,
        std::initializer_list<log::Field> fields
    ) override;
    /// Events below it are dropped. Thread-safe.
    void set_level(log::Level least);
    void set_format(LogFormat format);
    [[nodiscard]] bool takes(log::Level level) const;

  private:
    struct Backend;
    std::unique_ptr<Backend> backend_;
    log::Sink* former_;
};

}  // namespace bascule::daemon
