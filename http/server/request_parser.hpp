#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

#include "http/api/message.hpp"

namespace bascule::http {

/// Parses one request straight into a Request. Fed with what has been read; use once per request.
class RequestParser : public boost::beast::http::basic_parser<true> {
  public:
    explicit RequestParser(std::size_t header_limit);

    /// Parses what has arrived and returns how much of it was taken; the rest is to be offered
    /// again with what comes after it. `ec` is need_more when more is needed to go on. In place of
    /// put().
    [[nodiscard]] std::size_t feed(boost::asio::const_buffer arrived, boost::beast::error_code& ec);

    Request request;
    /// The target as sent, percent-encoded, without query and without "http://host".
    std::string raw_path;

    /// Set when the header is done and the route is known; a longer body is `body_limit`.
    void set_body_limit(std::uint64_t limit) { body_limit_ = limit; }
    [[nodiscard]] bool expects_continue() const { return expects_continue_; }
    [[nodiscard]] bool has_unknown_expectation() const { return unknown_expectation_; }
    [[nodiscard]] bool is_http_1_0() const { return version_ == 10; }
    /// False when the header breaks a rule that the grammar does not show: RFC 9112 sections 3.2
    /// and 6.1.
    [[nodiscard]] bool is_header_sound() const;

  private:
    using boost::beast::http::basic_parser<true>::put;
    using string_view = boost::beast::string_view;
    using error_code = boost::beast::error_code;
    void on_request_impl(boost::beast::http::verb, string_view, string_view, int, error_code&)
        override;
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_field_impl(boost::beast::http::field, string_view, string_view, error_code&) override;
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override;
    std::size_t on_body_impl(string_view, error_code&) override;
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override;
    void on_finish_impl(error_code&) override {}

    std::uint64_t body_limit_ = 0;
    int version_ = 11;
    unsigned host_count_ = 0;
    bool transfer_encoding_ = false;
    bool content_length_ = false;
    bool expects_continue_ = false;
    bool unknown_expectation_ = false;
    bool bad_target_ = false;
};

}  // namespace bascule::http
