#pragma once

#include <string>

namespace bascule::daemon::ctl {

/// One line on standard error that is written over and over, when that is a terminal; it is cleared
/// at the end. Elsewhere nothing is written.
class LiveLine {
  public:
    LiveLine();
    ~LiveLine();
    LiveLine(const LiveLine&) = delete;
    LiveLine& operator=(const LiveLine&) = delete;

    void show(const std::string& text);
    [[nodiscard]] bool is_terminal() const { return terminal_; }

  private:
    bool terminal_;
    bool shown_ = false;
};

}  // namespace bascule::daemon::ctl
