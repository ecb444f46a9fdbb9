#include "server_fixture.hpp"

#include <stdlib.h>

#include <stdexcept>

namespace bascule::http::test {
namespace {

Response text(std::string body) {
    Response response;
    response.content_type = "text/plain";
    response.body = std::move(body);
    return response;
}

Response describe(const Request&, const RequestContext& context) {
    std::string line = "id=" + context.request_id + " from=" + context.source_address +
                       " secure=" + (context.secure ? "yes" : "no");
    if (context.local_peer) {
        line += " uid=" + std::to_string(context.local_peer->user);
    }
    for (const std::string& name : context.client_certificate_names) {
        line += " name=" + name;
    }
    return text(line);
}

}  // namespace

void RecordingObserver::request_finished(const RequestEvent& event) {
    const std::lock_guard lock(mutex_);
    seen_.push_back(
        {std::string(event.request_id), std::string(event.source_address), std::string(event.path),
         std::string(event.route), event.status}
    );
    changed_.notify_all();
}

void RecordingObserver::connection_refused(std::string_view, ConnectionRefusal) {
    const std::lock_guard lock(mutex_);
    ++refused_;
}

std::vector<RecordingObserver::Seen> RecordingObserver::wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(5), [&] { return seen_.size() >= count; });
    return seen_;
}

std::size_t RecordingObserver::refused() {
    const std::lock_guard lock(mutex_);
    return refused_;
}

void Gate::wait() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
}

void Gate::open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
}

void Gate::wait_for_arrivals(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(5), [&] { return arrived_ >= count; });
}

ServerTest::ServerTest() {
    std::string pattern = "/tmp/bascule-http-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    Router router;
    const auto add = [&](Method method, std::string pattern_text, Pool pool, Handler handler) {
        Route route;
        route.method = method;
        route.pattern = std::move(pattern_text);
        route.pool = pool;
        route.body_limit = 1024;
        route.handler = std::move(handler);
        EXPECT_TRUE(router.add(std::move(route)));
    };
    const Handler echo = [](const Request& request, const RequestContext&) {
        return text(request.body);
    };
    add(Method::get, "/hello", Pool::inline_,
        [](const auto&, const auto&) { return text("hello"); });
    add(Method::get, "/pool", Pool::read,
        [](const auto&, const auto&) { return text("from the pool"); });
    add(Method::post, "/echo", Pool::read, echo);
    add(Method::put, "/echo", Pool::inline_, echo);
    add(Method::get, "/context", Pool::inline_, describe);
    add(Method::get, "/throw", Pool::read, [](const auto&, const auto&) -> Response {
        throw std::runtime_error("the handler's own words");
    });
    add(Method::get, "/wait", Pool::read, [this](const auto&, const auto&) {
        gate_.wait();
        return text("waited");
    });
    add(Method::get, "/items/{}", Pool::inline_,
        [](const Request& request, const auto&) { return text(request.path_parameters.at(0)); });
    router_ = std::make_shared<const Router>(std::move(router));
}

ServerTest::~ServerTest() {
    gate_.open();
    server_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void ServerTest::start(const std::function<void(ServerOptions&)>& adjust) {
    ServerOptions options;
    Listener listener;
    listener.name = "public";
    listener.address = "127.0.0.1:0";
    listener.router = router_;
    options.listeners.push_back(listener);
    if (adjust) {
        adjust(options);
    }
    auto server = Server::open(std::move(options), observer_);
    ASSERT_TRUE(server) << server.error().detail;
    server_ = *std::move(server);
    server_->start();
}

}  // namespace bascule::http::test
