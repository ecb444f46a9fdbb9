#include "http/server/exchange.hpp"

#include <boost/beast/http/error.hpp>
#include <utility>

#include "http/server/dispatcher.hpp"

namespace bascule::http {
namespace {

// Repeated fields make one list (RFC 9110 section 5.3).
std::string joined(const Request& request, std::string_view name) {
    std::string text;
    for (const auto& [key, value] : request.headers) {
        if (key == name) {
            text.append(text.empty() ? "" : ",").append(value);
        }
    }
    return text;
}

}  // namespace

ReadOutcome parse(Exchange& exchange, InputBuffer& buffer) {
    namespace http = boost::beast::http;
    boost::system::error_code ec;
    const std::size_t used = exchange.parser.feed(buffer.data(), ec);
    buffer.consume(used);
    exchange.received += used;
    if (!ec || ec == http::error::need_more) {
        return ReadOutcome::complete;
    }
    if (ec == http::error::header_limit) {
        return ReadOutcome::header_too_large;
    }
    return ec == http::error::body_limit ? ReadOutcome::body_too_large : ReadOutcome::malformed;
}

bool announces_too_much(const Exchange& exchange) {
    const auto length = exchange.parser.content_length();
    return length && *length > exchange.route->body_limit;
}

RequestContext make_context(const Exchange& exchange, const Peer& peer, const ServerState& server) {
    const Request& request = exchange.parser.request;
    const bool trusted = server.proxies.contains(peer.address);
    const std::string_view given = trusted ? request.header("x-request-id") : std::string_view{};
    RequestContext context;
    context.request_id = is_sane_request_id(given) ? std::string(given) : make_request_id();
    context.source_address =
        trusted ? server.proxies.client_address(peer.address, joined(request, "x-forwarded-for"))
                : peer.address;
    context.secure = peer.tls || (trusted && request.header("x-forwarded-proto") == "https");
    // A proxy's certificate is its own and says nothing of the client behind it.
    context.client_certificate_names =
        trusted ? std::vector<std::string>{} : peer.certificate_names;
    context.local_peer = peer.local;
    context.deadline = exchange.started + server.options.timeouts.handler;
    return context;
}

ResponseFrame frame_of(const Exchange& exchange, bool keep_alive, const ServerOptions& options) {
    ResponseFrame frame;
    frame.keep_alive = keep_alive;
    frame.http_1_0 = exchange.parser.is_http_1_0();
    frame.head_only = exchange.parser.request.method == Method::head;
    frame.strict_transport_security = exchange.context.secure && options.strict_transport_security;
    frame.request_id = exchange.context.request_id;
    return frame;
}

RequestEvent event_of(
    const Exchange& exchange, std::string_view listener, std::optional<std::size_t> written
) {
    const Request& request = exchange.parser.request;
    RequestEvent event;
    event.listener = listener;
    event.request_id = exchange.context.request_id;
    event.source_address = exchange.context.source_address;
    event.method = request.method;
    event.path = request.path;
    event.route =
        exchange.route == nullptr ? std::string_view{} : std::string_view(exchange.route->pattern);
    event.status = written ? exchange.response.status : 0;
    event.request_bytes = exchange.received;
    event.response_bytes = written.value_or(0);
    event.duration = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - exchange.started
    );
    return event;
}

}  // namespace bascule::http
