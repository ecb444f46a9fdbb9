#pragma once

#include "daemon/log_sink.hpp"
#include "daemon/metrics.hpp"
#include "http/server/observer.hpp"

namespace bascule::daemon {

/// One log event and one count a request. Reads that went well and probes are told at level debug,
/// so that a busy server's log stays readable; changes and refusals at info, failures of the server
/// as warnings.
class RequestLog final : public http::Observer {
  public:
    RequestLog(Metrics& metrics, const LogSink& sink) : metrics_(metrics), sink_(sink) {}

    void request_finished(const http::RequestEvent& event) override;
    void connection_opened(std::string_view listener) override;
    void connection_closed(std::string_view listener) override;
    void connection_refused(std::string_view listener, http::ConnectionRefusal why) override;

  private:
    Metrics& metrics_;
    const LogSink& sink_;
};

}  // namespace bascule::daemon
