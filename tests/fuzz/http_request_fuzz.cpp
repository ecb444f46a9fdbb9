#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/api/router.hpp"
#include "http/server/request_parser.hpp"

namespace bascule::http {
namespace {

constexpr std::size_t header_limit = 4096;
constexpr std::size_t body_limit = 512;

void require(bool held) {
    if (!held) {
        std::abort();
    }
}

/// What came out of some bytes; equal however they arrived.
struct Parsed {
    std::string problem;
    bool is_done = false;
    Method method = Method::get;
    std::string path;
    std::string query;
    std::string body;
    std::size_t headers = 0;

    bool operator==(const Parsed&) const = default;
};

/// The bytes arrive `step` at a time, as from a socket: what is not taken is offered again.
Parsed parse(std::string_view input, std::size_t step) {
    RequestParser parser(header_limit);
    parser.eager(true);
    parser.set_body_limit(body_limit);
    boost::system::error_code failure;
    std::size_t taken = 0;
    std::size_t arrived = 0;
    while (!failure && !parser.is_done() && arrived < input.size()) {
        arrived = std::min(arrived + step, input.size());
        taken += parser.feed(boost::asio::buffer(input.data() + taken, arrived - taken), failure);
        if (failure == boost::beast::http::error::need_more) {
            failure = {};
        }
    }
    const bool sound = parser.is_header_done() && parser.is_header_sound();
    return {
        failure.message(),
        parser.is_done() && sound,
        parser.request.method,
        std::move(parser.raw_path),
        parser.request.query,
        parser.request.body,
        parser.request.headers.size()};
}

Router routes() {
    Router router;
    for (const char* const pattern :
         {"/scim/v2/Users", "/scim/v2/Users/{}", "/scim/{*}", "/api/v1/staff/users/{}/unlock"}) {
        Route route;
        route.pattern = pattern;
        require(router.add(std::move(route)).has_value());
    }
    return router;
}

void request(std::string_view input) {
    const Parsed whole = parse(input, input.size() + 1);
    require(whole.body.size() <= body_limit);
    if (!whole.is_done) {
        return;
    }
    require(whole == parse(input, 1));
    require(whole == parse(input, 7));
    static const Router router = routes();
    const Router::Match match = router.match(whole.method, whole.path);
    require(match.route == nullptr || match.parameters.size() <= 1);
    const QueryParameters parameters(whole.query);
    for (const auto& [name, value] : parameters.all()) {
        require(parameters.count(name) > 0 && parameters.get(name).has_value());
        require(name.size() + value.size() <= whole.query.size());
    }
}

}  // namespace
}  // namespace bascule::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bascule::http::request({reinterpret_cast<const char*>(data), size});
    return 0;
}
