#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "http/api/router.hpp"
#include "http/server/options.hpp"

namespace bascule::http {

/// The route of a request or the answer that stands in for it.
struct Dispatch {
    const Route* route = nullptr;  ///< null: `refusal` is the answer
    Response refusal;
};

/// Finds the route: OPTIONS is answered from the table, an unknown path is
/// 404, a known one with another method 405 with Allow. Fills path and path_parameters of the
/// request.
[[nodiscard]] Dispatch find_route(
    const Router& router, const ErrorRenderer& render, Request& request, std::string_view raw_path,
    std::string_view request_id
);

/// Runs the handler; an exception becomes a 500 with the request id and a log event.
[[nodiscard]] Response run_handler(
    const Route& route, const ErrorRenderer& render, const Request& request,
    const RequestContext& context
);

/// The next piece of a long body; an exception becomes an `internal` error.
[[nodiscard]] Result<bool> make_piece(BodySource& source, std::string& piece);

/// Logs why a body that has begun cannot be ended.
void report_broken(const Route& route, const RequestContext& context, const Error& error);

/// The answer of `render`, or a problem when it is empty.
[[nodiscard]] Response render_error(
    const ErrorRenderer& render, std::string_view path, const Error& error,
    std::string_view request_id
);

/// A fresh request id of 16 hexadecimal characters.
[[nodiscard]] std::string make_request_id();
/// True for 1 to 64 characters of letters, digits, '.', '_' and '-'.
[[nodiscard]] bool is_sane_request_id(std::string_view text);

}  // namespace bascule::http
