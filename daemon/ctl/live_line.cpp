#include "daemon/ctl/live_line.hpp"

#include <unistd.h>

#include <iostream>

#include "directory/base/text.hpp"

namespace bascule::daemon::ctl {
namespace {

constexpr const char* clear = "\r\033[K";

}  // namespace

LiveLine::LiveLine() : terminal_(::isatty(STDERR_FILENO) == 1) {}

LiveLine::~LiveLine() {
    if (shown_) {
        std::cerr << clear << std::flush;
    }
}

void LiveLine::show(const std::string& text) {
    if (terminal_) {
        std::cerr << clear << printable(text, text.size()) << std::flush;
        shown_ = true;
    }
}

}  // namespace bascule::daemon::ctl
