#include "http/server/dispatcher.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <random>

#include "directory/base/log.hpp"
#include "http/api/problem.hpp"

namespace bascule::http {
namespace {

std::string allow_list(std::vector<Method> methods) {
    if (std::ranges::find(methods, Method::get) != methods.end() &&
        std::ranges::find(methods, Method::head) == methods.end()) {
        methods.push_back(Method::head);
    }
    std::string text;
    for (const Method method : methods) {
        text.append(to_string(method)).append(", ");
    }
    return text + "OPTIONS";
}

}  // namespace

Response render_error(
    const ErrorRenderer& render, std::string_view path, const Error& error,
    std::string_view request_id
) {
    return render ? render(path, error, request_id) : problem(error, request_id);
}

Dispatch find_route(
    const Router& router, const ErrorRenderer& render, Request& request, std::string_view raw_path,
    std::string_view request_id
) {
    request.path = percent_decode(raw_path);
    Router::Match match = router.match(request.method, raw_path);
    if (match.route != nullptr) {
        request.path_parameters = std::move(match.parameters);
        return {match.route, {}};
    }
    if (raw_path == "*" && request.method == Method::options) {
        Response all;
        all.status = 204;
        all.set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
        return {nullptr, std::move(all)};
    }
    if (match.allowed.empty()) {
        const Error error{
            ErrorKind::not_found, "unknown_path", "There is nothing at this path.", {}, {}, {}};
        return {nullptr, render_error(render, request.path, error, request_id)};
    }
    std::string allow = allow_list(std::move(match.allowed));
    Dispatch result;
    if (request.method == Method::options) {
        result.refusal.status = 204;
    } else {
        const Error error{ErrorKind::invalid_input,
                          "method_not_allowed",
                          "This path answers to " + allow + ".",
                          {},
                          {},
                          {}};
        result.refusal = render_error(render, request.path, error, request_id);
    }
    result.refusal.set("Allow", std::move(allow));
    return result;
}

Response run_handler(
    const Route& route, const ErrorRenderer& render, const Request& request,
    const RequestContext& context
) {
    std::string what = "unknown exception";
    try {
        return route.handler(request, context);
    } catch (const std::exception& exception) {
        what = exception.what();
    } catch (...) {
        what = "exception of no standard type";
    }
    log::error(
        "handler_exception", "A request handler failed; this is a defect.",
        {{"request_id", context.request_id}, {"route", route.pattern}, {"error", what}}
    );
    const Error error{
        ErrorKind::internal,
        "internal",
        "The request failed inside the server. Give the request id to the operator.",
        {},
        {},
        {}};
    return render_error(render, request.path, error, context.request_id);
}

Result<bool> make_piece(BodySource& source, std::string& piece) {
    std::string what = "exception of no standard type";
    try {
        return source.append_piece(piece);
    } catch (const std::exception& exception) {
        what = exception.what();
    } catch (...) {
    }
    return fail(Error{ErrorKind::internal, "internal", "A part failed to be made.", {}, what});
}

void report_broken(const Route& route, const RequestContext& context, const Error& error) {
    log::error(
        "answer_broken_off", "A long answer could not be made to its end.",
        {{"request_id", context.request_id},
         {"route", route.pattern},
         {"error", error.detail},
         {"context", error.context}}
    );
}

std::string make_request_id() {
    thread_local std::mt19937_64 generator = [] {
        std::random_device device;
        std::seed_seq seed{device(), device(), device(), device()};
        return std::mt19937_64(seed);
    }();
    static constexpr std::string_view digits = "0123456789abcdef";
    std::uint64_t value = generator();
    std::string id(16, '0');
    for (char& c : id) {
        c = digits[value & 15U];
        value >>= 4U;
    }
    return id;
}

bool is_sane_request_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

}  // namespace bascule::http
