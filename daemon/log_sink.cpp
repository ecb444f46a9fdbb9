#include "daemon/log_sink.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"
#include "directory/base/time.hpp"

namespace bascule::daemon {
namespace {

constexpr std::size_t queue_length = 8192;

std::string_view level_name(log::Level level) {
    switch (level) {
        case log::Level::debug:
            return "debug";
        case log::Level::info:
            return "info";
        case log::Level::warning:
            return "warning";
        case log::Level::error:
            return "error";
    }
    return "info";
}

// sd-daemon(3): the priority in front of a line on standard error.
std::string_view journal_prefix(log::Level level) {
    switch (level) {
        case log::Level::debug:
            return "<7>";
        case log::Level::info:
            return "<6>";
        case log::Level::warning:
            return "<4>";
        case log::Level::error:
            return "<3>";
    }
    return "<6>";
}

void append_escaped(std::string& out, std::string_view text) {
    static constexpr std::string_view digits = "0123456789abcdef";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n') {
            out.append("\\n");
        } else if (byte < 0x20 || byte == 0x7f) {
            out.append("\\x").push_back(digits[byte >> 4U]);
            out.push_back(digits[byte & 15U]);
        } else {
            out.push_back(c);
        }
    }
}

void append_value(std::string& out, std::string_view value) {
    if (!value.empty() && value.find_first_of(" \"=\t\n\r") == std::string_view::npos) {
        append_escaped(out, value);
        return;
    }
    out.push_back('"');
    for (std::size_t start = 0; start <= value.size();) {
        const auto quote = std::min(value.find('"', start), value.size());
        append_escaped(out, value.substr(start, quote - start));
        if (quote < value.size()) {
            out.append("\\\"");
        }
        start = quote + 1;
    }
    out.push_back('"');
}

std::string json_safe(std::string_view text) {
    return is_valid_utf8(text) ? std::string(text) : printable(to_ascii_lower(text), text.size());
}

std::string json_line(
    std::string_view time, log::Level level, std::string_view event, std::string_view message,
    std::initializer_list<log::Field> fields
) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.field("time", time).field("level", level_name(level)).field("event", event);
    json.field("message", json_safe(message));
    for (const log::Field& field : fields) {
        json.field(field.name, json_safe(field.value));
    }
    json.end_object();
    return out;
}

}  // namespace

LogFormat choose_log_format(std::string_view configured) {
    if (configured == "json") {
        return LogFormat::json;
    }
    if (configured == "journal") {
        return LogFormat::journal;
    }
    if (configured == "text") {
        return LogFormat::text;
    }
    // systemd.exec(5): JOURNAL_STREAM holds device and inode of the stream.
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat info {};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &info) != 0) {
        return LogFormat::text;
    }
    const std::string own = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
    return own == stream ? LogFormat::journal : LogFormat::text;
}

std::string format_log_line(
    LogFormat format, std::string_view time, log::Level level, std::string_view event,
    std::string_view message, std::initializer_list<log::Field> fields
) {
    if (format == LogFormat::json) {
        return json_line(time, level, event, message, fields);
    }
    std::string out;
    if (format == LogFormat::journal) {
        out.append(journal_prefix(level));
    } else {
        out.append(time).append(" ").append(level_name(level)).append(" ");
    }
    out.append(event).append(": ");
    append_escaped(out, message);
    for (const log::Field& field : fields) {
        out.append(" ").append(field.name).append("=");
        append_value(out, field.value);
    }
    return out;
}

struct LogSink::Backend {
    std::atomic<LogFormat> format;
    std::atomic<log::Level> least;
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<spdlog::async_logger> logger;
};

LogSink::LogSink(LogFormat format, log::Level least) : backend_(std::make_unique<Backend>()) {
    backend_->format = format;
    backend_->least = least;
    backend_->pool = std::make_shared<spdlog::details::thread_pool>(queue_length, 1);
    backend_->logger = std::make_shared<spdlog::async_logger>(
        "bascule", std::make_shared<spdlog::sinks::stderr_sink_mt>(), backend_->pool,
        spdlog::async_overflow_policy::block
    );
    backend_->logger->set_pattern("%v");
    backend_->logger->set_level(spdlog::level::trace);
    former_ = log::set_sink(this);
}

LogSink::~LogSink() {
    log::set_sink(former_);
    backend_->logger->flush();
}

void LogSink::write(
    log::Level level, std::string_view event, std::string_view message,
    std::initializer_list<log::Field> fields
) {
    if (!takes(level)) {
        return;
    }
    const LogFormat format = backend_->format.load(std::memory_order_relaxed);
    const auto now =
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const std::string time = format == LogFormat::journal ? std::string() : format_time(now);
    backend_->logger->log(
        spdlog::level::info, "{}", format_log_line(format, time, level, event, message, fields)
    );
}

bool LogSink::takes(log::Level level) const {
    return level >= backend_->least.load(std::memory_order_relaxed);
}

void LogSink::set_format(LogFormat format) {
    backend_->format.store(format, std::memory_order_relaxed);
}

void LogSink::set_level(log::Level least) {
    backend_->least.store(least, std::memory_order_relaxed);
}

}  // namespace bascule::daemon
