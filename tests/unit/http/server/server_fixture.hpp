#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http/server/server.hpp"
#include "raw_client.hpp"

namespace bascule::http::test {

/// Keeps what the server told.
class RecordingObserver : public Observer {
  public:
    struct Seen {
        std::string request_id;
        std::string source_address;
        std::string path;
        std::string route;
        int status;
    };
    void request_finished(const RequestEvent& event) override;
    void connection_refused(std::string_view listener, ConnectionRefusal why) override;
    /// Waits until so many requests were seen.
    std::vector<Seen> wait_for(std::size_t count);
    std::size_t refused();

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Seen> seen_;
    std::size_t refused_ = 0;
};

/// Lets handlers wait until the test goes on.
class Gate {
  public:
    void wait();
    void open();
    /// Blocks until so many handlers wait.
    void wait_for_arrivals(std::size_t count);

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t arrived_ = 0;
    bool open_ = false;
};

/// A server on a port of the kernel's choice with a few routes:
/// GET /hello (inline), GET /pool (read), POST and PUT /echo (1 KiB), GET /context, GET /throw, GET
/// /wait (read, until the gate opens), GET /items/{}.
class ServerTest : public ::testing::Test {
  protected:
    ServerTest();
    ~ServerTest() override;
    /// Changes nothing but what `adjust` does.
    void start(const std::function<void(ServerOptions&)>& adjust = {});
    [[nodiscard]] RawClient connect() const { return RawClient::tcp(server_->port("public")); }

    std::shared_ptr<const Router> router_;
    RecordingObserver observer_;
    Gate gate_;
    std::filesystem::path folder_;
    std::unique_ptr<Server> server_;
};

}  // namespace bascule::http::test
