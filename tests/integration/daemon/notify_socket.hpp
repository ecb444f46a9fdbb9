#pragma once

#include <string>

namespace bascule::test {

/// What a service manager listens on (sd_notify(3)). While it lives, programs that are started find
/// it.
class NotifySocket {
  public:
    explicit NotifySocket(const std::string& path);
    ~NotifySocket();
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;

    /// Reads messages until one contains `text`; returns that message, or an empty string after 30
    /// seconds.
    std::string wait_for(const std::string& text);

  private:
    int descriptor_;
};

}  // namespace bascule::test
