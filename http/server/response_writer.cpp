#include "http/server/response_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "directory/base/text.hpp"

namespace bascule::http {
namespace {

void append_number(std::string& out, std::size_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

// RFC 9110 section 5.6.7; formatted once a second and thread.
std::string_view http_date() {
    thread_local std::time_t formatted = 0;
    thread_local std::array<char, 40> text{};
    thread_local std::size_t length = 0;
    const std::time_t now = std::time(nullptr);
    if (now != formatted) {
        constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        std::tm parts{};
        gmtime_r(&now, &parts);
        const int written = std::snprintf(
            text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
            days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
            months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour,
            parts.tm_min, parts.tm_sec
        );
        length = static_cast<std::size_t>(written);
        formatted = now;
    }
    return {text.data(), length};
}

// A line end inside a value would start another header.
void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    const std::size_t start = out.size();
    out.append(value);
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
        [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' '
    );
    out.append("\r\n");
}

void append_chunk(std::string& out, std::string_view piece) {
    if (piece.empty()) {
        return;
    }
    std::array<char, 20> digits{};
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr;
    out.append(digits.data(), end).append("\r\n").append(piece).append("\r\n");
}

bool may_have_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

}  // namespace

bool has_rest(const Response& response, const ResponseFrame& frame) {
    return response.rest && may_have_body(response.status) && !frame.head_only;
}

void write_piece(
    std::string& out, std::string_view piece, const ResponseFrame& frame, bool is_last
) {
    out.clear();
    if (frame.http_1_0) {
        out.append(piece);
        return;
    }
    append_chunk(out, piece);
    if (is_last) {
        out.append("0\r\n\r\n");
    }
}

void write_response(std::string& out, const Response& response, const ResponseFrame& frame) {
    const bool may_have = may_have_body(response.status);
    const bool has_length = may_have && !response.rest;
    out.clear();
    out.reserve(512 + (frame.head_only ? 0 : response.body.size()));
    out.append(frame.http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ");
    append_number(out, static_cast<std::size_t>(response.status));
    out.append(" ")
        .append(reason_phrase(response.status))
        .append("\r\nDate: ")
        .append(http_date())
        .append("\r\n");
    bool has_cache_control = false;
    for (const auto& [name, value] : response.headers) {
        has_cache_control = has_cache_control || equals_ignoring_ascii_case(name, "cache-control");
        append_header(out, name, value);
    }
    if (!response.content_type.empty() && may_have) {
        append_header(out, "Content-Type", response.content_type);
    }
    if (has_length) {
        out.append("Content-Length: ");
        append_number(out, response.body.size());
        out.append("\r\n");
    } else if (may_have && !frame.http_1_0) {
        out.append("Transfer-Encoding: chunked\r\n");
    }
    if (!has_cache_control) {
        out.append("Cache-Control: no-store\r\n");
    }
    out.append("X-Content-Type-Options: nosniff\r\n");
    if (frame.strict_transport_security) {
        out.append("Strict-Transport-Security: max-age=31536000\r\n");
    }
    if (!frame.request_id.empty()) {
        append_header(out, "X-Request-Id", frame.request_id);
    }
    if (!frame.keep_alive) {
        out.append("Connection: close\r\n");
    } else if (frame.http_1_0) {
        out.append("Connection: keep-alive\r\n");
    }
    out.append("\r\n");
    if (has_rest(response, frame) && !frame.http_1_0) {
        append_chunk(out, response.body);
    } else if (may_have && !frame.head_only) {
        out.append(response.body);
    }
}

}  // namespace bascule::http
