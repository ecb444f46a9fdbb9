#include "http/server/request_parser.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::http {
namespace beast_http = boost::beast::http;
namespace {

constexpr std::uint64_t body_reserve_limit = std::uint64_t{64} << 10;

Method to_method(beast_http::verb verb) {
    switch (verb) {
        case beast_http::verb::get:
            return Method::get;
        case beast_http::verb::head:
            return Method::head;
        case beast_http::verb::post:
            return Method::post;
        case beast_http::verb::put:
            return Method::put;
        case beast_http::verb::patch:
            return Method::patch;
        case beast_http::verb::delete_:
            return Method::delete_;
        case beast_http::verb::options:
            return Method::options;
        default:
            return Method::other;
    }
}

// RFC 9112 section 3.2.2: an absolute target is accepted; its host counts for nothing here.
std::string_view origin_form(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (target.size() > scheme.size() &&
            equals_ignoring_ascii_case(target.substr(0, scheme.size()), scheme)) {
            const auto slash = target.find('/', scheme.size());
            return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
        }
    }
    return target;
}

}  // namespace

RequestParser::RequestParser(std::size_t header_limit) {
    this->header_limit(static_cast<std::uint32_t>(
        std::min<std::size_t>(header_limit, std::numeric_limits<std::uint32_t>::max())
    ));
    // Counted here instead, because the limit depends on the route.
    this->body_limit(boost::none);
    request.headers.reserve(12);
}

std::size_t RequestParser::feed(boost::asio::const_buffer arrived, boost::beast::error_code& ec) {
    // Every chunked message ends with five bytes at least ("0", two line ends). Beast asserts that
    // they are there when the line of the last chunk came before without the rest, so a client that
    // sends byte by byte would end the process.
    constexpr std::size_t shortest_end = 5;
    if (is_header_done() && chunked() && arrived.size() < shortest_end) {
        ec = beast_http::error::need_more;
        return 0;
    }
    return put(arrived, ec);
}

bool RequestParser::is_header_sound() const {
    if (bad_target_ || (version_ == 11 && host_count_ != 1) || host_count_ > 1) {
        return false;
    }
    if (transfer_encoding_ && (content_length_ || version_ < 11 || !chunked())) {
        return false;
    }
    return true;
}

void RequestParser::
    on_request_impl(beast_http::verb verb, string_view, string_view target, int version, error_code&) {
    version_ = version;
    request.method = to_method(verb);
    std::string_view path = origin_form({target.data(), target.size()});
    const auto hash = path.find('#');
    const bool asterisk = path == "*" && request.method == Method::options;
    bad_target_ =
        path.empty() || (path.front() != '/' && !asterisk) || hash != std::string_view::npos;
    const auto question = path.find('?');
    if (question != std::string_view::npos) {
        request.query = std::string(path.substr(question + 1));
        path = path.substr(0, question);
    }
    raw_path = std::string(path);
}

void RequestParser::
    on_field_impl(beast_http::field field, string_view name, string_view value, error_code&) {
    const std::string_view text(value.data(), value.size());
    switch (field) {
        case beast_http::field::host:
            ++host_count_;
            break;
        case beast_http::field::transfer_encoding:
            transfer_encoding_ = true;
            break;
        case beast_http::field::content_length:
            content_length_ = true;
            break;
        case beast_http::field::expect:
            (equals_ignoring_ascii_case(text, "100-continue") ? expects_continue_
                                                              : unknown_expectation_) = true;
            break;
        default:
            break;
    }
    request.headers.emplace_back(to_ascii_lower({name.data(), name.size()}), text);
}

void RequestParser::on_body_init_impl(
    const boost::optional<std::uint64_t>& length, error_code& ec
) {
    if (!length) {
        return;
    }
    if (*length > body_limit_) {
        ec = beast_http::error::body_limit;
        return;
    }
    // Memory is given as bytes arrive: a promised length alone must not cost much.
    request.body.reserve(static_cast<std::size_t>(std::min(*length, body_reserve_limit)));
}

std::size_t RequestParser::on_body_impl(string_view text, error_code& ec) {
    if (request.body.size() + text.size() > body_limit_) {
        ec = beast_http::error::body_limit;
        return 0;
    }
    request.body.append(text.data(), text.size());
    return text.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, string_view text, error_code& ec) {
    return on_body_impl(text, ec);
}

}  // namespace bascule::http
