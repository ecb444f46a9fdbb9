#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace bascule::test {
namespace {

std::vector<char*> argument_pointers(const std::vector<std::string>& arguments) {
    std::vector<char*> pointers;
    for (const auto& argument : arguments) {
        pointers.push_back(const_cast<char*>(argument.c_str()));
    }
    pointers.push_back(nullptr);
    return pointers;
}

std::string require_program(const std::string& name) {
    auto path = find_program(name);
    if (path.empty()) {
        throw std::runtime_error(
            "The program \"" + name +
            "\" is not installed. Install the packages slapd, ldap-utils and openssl."
        );
    }
    return path;
}

struct Pipe {
    std::array<int, 2> ends{-1, -1};
    Pipe() {
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
        }
    }
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    void close_end(std::size_t index) {
        if (ends[index] >= 0) {
            ::close(std::exchange(ends[index], -1));
        }
    }
};

/// Runs in the child: only calls that are safe after a fork of a threaded process.
[[noreturn]] void become(const char* path, char* const* arguments, int in, int out) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execv(path, arguments);
    ::_exit(127);
}

int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Writes the input and reads the output at the same time, so that neither side can block the
/// other.
void exchange(Pipe& in, Pipe& out, std::string_view input, std::string& output) {
    ::fcntl(in.ends[1], F_SETFL, O_NONBLOCK);
    std::array<char, 65536> buffer{};
    while (true) {
        if (input.empty()) {
            in.close_end(1);
        }
        std::array<pollfd, 2> polled{
            pollfd{out.ends[0], POLLIN, 0}, pollfd{in.ends[1], POLLOUT, 0}};
        ::poll(polled.data(), polled.size(), -1);
        if (polled[1].revents != 0 && in.ends[1] >= 0) {
            const auto written = ::write(in.ends[1], input.data(), input.size());
            if (written >= 0) {
                input.remove_prefix(static_cast<std::size_t>(written));
            } else if (errno != EAGAIN) {
                input = {};
            }
        }
        if (polled[0].revents != 0) {
            const auto got = ::read(out.ends[0], buffer.data(), buffer.size());
            if (got <= 0) {
                return;
            }
            output.append(buffer.data(), static_cast<std::size_t>(got));
        }
    }
}

}  // namespace

std::string find_program(std::string_view name) {
    if (name.find('/') != std::string_view::npos) {
        return ::access(std::string(name).c_str(), X_OK) == 0 ? std::string(name) : std::string();
    }
    const char* configured = std::getenv("PATH");
    std::string path =
        std::string(configured == nullptr ? "/usr/bin:/bin" : configured) + ":/usr/sbin:/sbin";
    for (std::size_t begin = 0; begin < path.size();) {
        const auto end = std::min(path.find(':', begin), path.size());
        auto candidate = path.substr(begin, end - begin) + "/" + std::string(name);
        if (::access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
        begin = end + 1;
    }
    return {};
}

ProcessResult run_program(const std::vector<std::string>& arguments, std::string_view input) {
    const auto path = require_program(arguments.front());
    auto pointers = argument_pointers(arguments);
    Pipe in;
    Pipe out;
    ::signal(SIGPIPE, SIG_IGN);
    const pid_t child = ::fork();
    if (child < 0) {
        throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
    }
    if (child == 0) {
        become(path.c_str(), pointers.data(), in.ends[0], out.ends[1]);
    }
    in.close_end(0);
    out.close_end(1);
    ProcessResult result;
    exchange(in, out, input, result.output);
    result.exit_code = wait_for(child);
    return result;
}

pid_t start_program(const std::vector<std::string>& arguments, const std::string& log_file) {
    const auto path = require_program(arguments.front());
    auto pointers = argument_pointers(arguments);
    const int log = ::open(log_file.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const pid_t child = ::fork();
    if (child == 0) {
        become(path.c_str(), pointers.data(), nothing, log);
    }
    ::close(log);
    ::close(nothing);
    if (child < 0) {
        throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
    }
    return child;
}

}  // namespace bascule::test
