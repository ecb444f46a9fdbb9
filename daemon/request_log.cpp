#include "daemon/request_log.hpp"

#include "directory/base/log.hpp"

namespace bascule::daemon {
namespace {

log::Level level_of(const http::RequestEvent& event) {
    if (event.listener == "management") {
        return log::Level::debug;
    }
    if (event.status >= 500) {
        return log::Level::warning;
    }
    const bool is_read = event.method == http::Method::get || event.method == http::Method::head;
    return is_read && event.status < 400 ? log::Level::debug : log::Level::info;
}

}  // namespace

void RequestLog::request_finished(const http::RequestEvent& event) {
    metrics_.request_finished(event);
    const log::Level level = level_of(event);
    if (!sink_.takes(level)) {
        return;
    }
    log::emit(
        level, "request", "A request was answered.",
        {{"request_id", std::string(event.request_id)},
         {"listener", std::string(event.listener)},
         {"source", std::string(event.source_address)},
         {"method", std::string(http::to_string(event.method))},
         {"path", std::string(event.path)},
         {"status", std::to_string(event.status)},
         {"bytes", std::to_string(event.response_bytes)},
         {"microseconds", std::to_string(event.duration.count())}}
    );
}

void RequestLog::connection_opened(std::string_view listener) {
    metrics_.connections_changed(listener, 1);
}

void RequestLog::connection_closed(std::string_view listener) {
    metrics_.connections_changed(listener, -1);
}

void RequestLog::connection_refused(std::string_view listener, http::ConnectionRefusal why) {
    metrics_.connection_refused(listener, why);
    log::debug(
        "connection_refused", "A connection ended before its first request.",
        {{"listener", std::string(listener)},
         {"reason",
          why == http::ConnectionRefusal::limit_reached ? "limit_reached" : "tls_handshake"}}
    );
}

}  // namespace bascule::daemon
