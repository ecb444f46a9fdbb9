#include "daemon/service_manager.hpp"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <cstdint>
#include <cstdlib>

namespace bascule::daemon {
namespace {

// One state line must not smuggle in another.
std::string one_line(std::string_view text) {
    std::string line(text);
    for (char& c : line) {
        if (c == '\n') {
            c = ' ';
        }
    }
    return line;
}

void notify(const std::string& state) {
    sd_notify(0, state.c_str());
}

}  // namespace

void ServiceManager::ready(std::string_view status) const {
    notify("READY=1\nSTATUS=" + one_line(status));
}

void ServiceManager::status(std::string_view text) const {
    notify("STATUS=" + one_line(text));
}

void ServiceManager::reloading() const {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const auto microseconds =
        static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
    notify(
        "RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds) +
        "\nSTATUS=reloading the configuration"
    );
}

void ServiceManager::stopping(std::string_view status) const {
    notify("STOPPING=1\nSTATUS=" + one_line(status));
}

void ServiceManager::feed_watchdog() const {
    notify("WATCHDOG=1");
}

std::optional<std::chrono::microseconds> ServiceManager::watchdog_interval() {
    std::uint64_t microseconds = 0;
    if (sd_watchdog_enabled(0, &microseconds) <= 0) {
        return std::nullopt;
    }
    return std::chrono::microseconds(microseconds);
}

std::vector<std::pair<std::string, int>> ServiceManager::inherited_sockets() {
    char** names = nullptr;
    const int count = sd_listen_fds_with_names(0, &names);
    std::vector<std::pair<std::string, int>> sockets;
    for (int i = 0; i < count; ++i) {
        sockets.emplace_back(
            names != nullptr && names[i] != nullptr ? names[i] : "", SD_LISTEN_FDS_START + i
        );
        if (names != nullptr) {
            std::free(names[i]);
        }
    }
    std::free(names);
    return sockets;
}

}  // namespace bascule::daemon
