#include "connectors/ldap/server_discovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <random>
#include <utility>

#include "directory/base/log.hpp"

namespace bascule::ldap {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kept_for{1};
constexpr int ldaps_port = 636;

int by_chance(int most) {
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::uniform_int_distribution<int>(0, most)(random);
}

struct Found {
    std::vector<ServiceRecord> records;
    bool with_tls = false;  ///< the ports are those of ldaps
};

class Discovery {
  public:
    Discovery(std::string domain, DnsLookup dns, DiscoveredTransport transport)
        : domain_(std::move(domain)), dns_(std::move(dns)), transport_(transport) {}

    Result<std::vector<Candidate>> find(DnsLookup::Deadline deadline) {
        const std::scoped_lock lock(mutex_);
        if (found_.records.empty() || steady_clock::now() >= fresh_until_) {
            auto found = look_up(deadline);
            if (found) {
                found_ = *std::move(found);
                fresh_until_ = steady_clock::now() + kept_for;
            } else if (found_.records.empty()) {
                return fail(std::move(found).error());
            } else {
                log::warning(
                    "dns_failed", "The servers of a domain could not be looked up again.",
                    {{"domain", domain_}, {"error", found.error().detail}}
                );
                fresh_until_ = steady_clock::now() + kept_for;
            }
        }
        return candidates();
    }

  private:
    Result<Found> look_up(DnsLookup::Deadline deadline) {
        if (transport_ == DiscoveredTransport::tls) {
            BASCULE_TRY(auto records, dns_.services("_ldaps._tcp." + domain_, deadline));
            if (!records.empty()) {
                return Found{std::move(records), true};
            }
        }
        for (const char* const service : {"_ldap._tcp.dc._msdcs.", "_ldap._tcp."}) {
            BASCULE_TRY(auto records, dns_.services(service + domain_, deadline));
            if (!records.empty()) {
                return Found{std::move(records), false};
            }
        }
        return fail(
            ErrorKind::unavailable, "no_servers_found",
            "DNS names no LDAP servers for the domain " + domain_ +
                ": there is no SRV record _ldap._tcp." + domain_ +
                ". Check sources[].srv, or name the servers in sources[].servers."
        );
    }

    [[nodiscard]] std::vector<Candidate> candidates() const {
        const bool tls = transport_ == DiscoveredTransport::tls;
        std::vector<Candidate> list;
        for (const auto& record : in_service_order(found_.records, &by_chance)) {
            const int port = tls && !found_.with_tls ? ldaps_port : record.port;
            list.push_back(
                {fmt::format("{}://{}:{}", tls ? "ldaps" : "ldap", record.host, port),
                 record.priority}
            );
        }
        return list;
    }

    std::string domain_;
    DnsLookup dns_;
    DiscoveredTransport transport_;
    std::mutex mutex_;
    Found found_;
    steady_clock::time_point fresh_until_{};
};

}  // namespace

std::vector<ServiceRecord> in_service_order(
    std::vector<ServiceRecord> records, const std::function<int(int)>& random
) {
    // Those of no weight first, so that they are chosen now and then.
    std::ranges::stable_sort(records, {}, [](const ServiceRecord& one) {
        return std::pair(one.priority, one.weight > 0);
    });
    for (auto next = records.begin(); next != records.end(); ++next) {
        const auto end = std::ranges::find_if(next, records.end(), [&](const auto& one) {
            return one.priority != next->priority;
        });
        int total = 0;
        for (auto one = next; one != end; ++one) {
            total += one->weight;
        }
        int left = random(total);
        auto chosen = next;
        while (left > chosen->weight && chosen + 1 != end) {
            left -= chosen->weight;
            ++chosen;
        }
        std::rotate(next, chosen, chosen + 1);
    }
    return records;
}

ServerFinder find_by_service_records(
    std::string domain, DnsLookup dns, DiscoveredTransport transport
) {
    auto discovery = std::make_shared<Discovery>(std::move(domain), std::move(dns), transport);
    return [discovery](DnsLookup::Deadline deadline) { return discovery->find(deadline); };
}

}  // namespace bascule::ldap
