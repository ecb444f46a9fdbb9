#include "connectors/ldap/dns_lookup.hpp"

#include <ares.h>
#include <arpa/nameser.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netdb.h>
#include <poll.h>

#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace bascule::ldap {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int first_timeout_ms = 1000;
constexpr int tries = 3;

Error dns_error(const std::string& name, int code) {
    return Error{
        ErrorKind::unavailable,
        "dns_failed",
        "The name " + name + " could not be looked up: " + ares_strerror(code) + ".",
        {},
        name,
        {}};
}

/// One question and its answer.
class Query {
  public:
    Query() = default;
    ~Query() {
        if (channel_ != nullptr) {
            ares_destroy(channel_);
        }
    }
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    int prepare(const std::string& servers) {
        static std::once_flag once;
        std::call_once(once, [] { ares_library_init(ARES_LIB_INIT_ALL); });
        ares_options options{};
        options.timeout = first_timeout_ms;
        options.tries = tries;
        const int code =
            ares_init_options(&channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
        if (code != ARES_SUCCESS || servers.empty()) {
            return code;
        }
        return ares_set_servers_ports_csv(channel_, servers.c_str());
    }
    [[nodiscard]] ares_channel channel() const { return channel_; }

    /// Until `done`, or the deadline.
    int wait(const bool& done, DnsLookup::Deadline deadline) {
        while (!done) {
            const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
            if (left.count() <= 0) {
                ares_cancel(channel_);
                return ARES_ETIMEOUT;
            }
            process(left);
        }
        return ARES_SUCCESS;
    }

  private:
    void process(milliseconds longest) {
        std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
        const auto ready = static_cast<unsigned>(
            ares_getsock(channel_, sockets.data(), static_cast<int>(sockets.size()))
        );
        std::array<pollfd, ARES_GETSOCK_MAXNUM> polled{};
        nfds_t count = 0;
        for (unsigned i = 0; i < sockets.size(); ++i) {
            const bool reads = ((ready >> i) & 1U) != 0;
            const bool writes = ((ready >> (i + ARES_GETSOCK_MAXNUM)) & 1U) != 0;
            if (reads || writes) {
                const int events = (reads ? POLLIN : 0) | (writes ? POLLOUT : 0);
                polled.at(count++) = {sockets.at(i), static_cast<short>(events), 0};
            }
        }
        timeval most{longest.count() / 1000, (longest.count() % 1000) * 1000};
        timeval own{};
        const timeval* const wait = ares_timeout(channel_, &most, &own);
        const auto wait_ms = wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000;
        ::poll(polled.data(), count, static_cast<int>(wait_ms));
        for (nfds_t i = 0; i < count; ++i) {
            const pollfd& one = polled.at(i);
            const int failed = one.revents & (POLLERR | POLLHUP);
            ares_process_fd(
                channel_, (one.revents & POLLIN) != 0 || failed != 0 ? one.fd : ARES_SOCKET_BAD,
                (one.revents & POLLOUT) != 0 ? one.fd : ARES_SOCKET_BAD
            );
        }
        ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }

    ares_channel channel_ = nullptr;
};

bool is_absent(int code) {
    return code == ARES_ENODATA || code == ARES_ENOTFOUND;
}

struct ServiceAnswer {
    bool done = false;
    int code = ARES_SUCCESS;
    std::vector<ServiceRecord> records;
};

void take_services(void* target, int code, int, unsigned char* bytes, int size) {
    auto& answer = *static_cast<ServiceAnswer*>(target);
    answer.done = true;
    answer.code = code;
    ares_srv_reply* list = nullptr;
    if (code != ARES_SUCCESS) {
        return;
    }
    answer.code = ares_parse_srv_reply(bytes, size, &list);
    const std::unique_ptr<ares_srv_reply, void (*)(void*)> owner(list, ares_free_data);
    for (const auto* one = list; one != nullptr; one = one->next) {
        // A single "." says that the service is not there.
        if (one->host != nullptr && *one->host != '\0' && std::strcmp(one->host, ".") != 0) {
            answer.records.push_back({one->priority, one->weight, one->host, one->port});
        }
    }
}

struct AddressAnswer {
    bool done = false;
    int code = ARES_SUCCESS;
    std::vector<HostAddress> addresses;
};

void take_addresses(void* target, int code, int, ares_addrinfo* list) {
    auto& answer = *static_cast<AddressAnswer*>(target);
    answer.done = true;
    answer.code = code;
    const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> owner(list, ares_freeaddrinfo);
    for (const auto* one = list == nullptr ? nullptr : list->nodes; one != nullptr;
         one = one->ai_next) {
        HostAddress address;
        address.size = one->ai_addrlen;
        std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
        answer.addresses.push_back(address);
    }
}

}  // namespace

Error name_unanswered(const std::string& name) {
    return dns_error(name, ARES_ETIMEOUT);
}

DnsLookup::DnsLookup(std::vector<std::string> servers)
    : servers_(fmt::format("{}", fmt::join(servers, ","))) {}

Result<std::vector<ServiceRecord>> DnsLookup::services(const std::string& name, Deadline deadline)
    const {
    ServiceAnswer answer;
    Query query;
    if (const int code = query.prepare(servers_); code != ARES_SUCCESS) {
        return fail(dns_error(name, code));
    }
    ares_query(query.channel(), name.c_str(), ns_c_in, ns_t_srv, &take_services, &answer);
    if (const int code = query.wait(answer.done, deadline); code != ARES_SUCCESS) {
        return fail(dns_error(name, code));
    }
    if (answer.code != ARES_SUCCESS && !is_absent(answer.code)) {
        return fail(dns_error(name, answer.code));
    }
    return std::move(answer.records);
}

Result<std::vector<HostAddress>> DnsLookup::addresses(
    const std::string& host, int port, Deadline deadline
) const {
    AddressAnswer answer;
    Query query;
    if (const int code = query.prepare(servers_); code != ARES_SUCCESS) {
        return fail(dns_error(host, code));
    }
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_NUMERICSERV;
    const auto service = std::to_string(port);
    ares_getaddrinfo(
        query.channel(), host.c_str(), service.c_str(), &hints, &take_addresses, &answer
    );
    if (const int code = query.wait(answer.done, deadline); code != ARES_SUCCESS) {
        return fail(dns_error(host, code));
    }
    if (answer.code != ARES_SUCCESS && !is_absent(answer.code)) {
        return fail(dns_error(host, answer.code));
    }
    return std::move(answer.addresses);
}

}  // namespace bascule::ldap
