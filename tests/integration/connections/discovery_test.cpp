// Servers that are found by SRV records of a real DNS server.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/ldap/server_discovery.hpp"
#include "tests/integration/connections/name_server.hpp"
#include "tests/integration/connections/provider_pair.hpp"

namespace bascule::test {
namespace {

using ldap::DiscoveredTransport;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::ElementsAre;

Result<std::vector<ldap::Candidate>> find(
    const NameServer& dns, DiscoveredTransport transport, const std::string& domain = "rig.test"
) {
    const auto finder =
        ldap::find_by_service_records(domain, ldap::DnsLookup({dns.address()}), transport);
    return finder(steady_clock::now() + seconds(5));
}

std::vector<std::string> uris(const Result<std::vector<ldap::Candidate>>& found) {
    std::vector<std::string> list;
    for (const auto& one : found.value()) {
        list.push_back(one.uri);
    }
    return list;
}

TEST(Discovery, ServersAreOrderedByPriority) {
    const NameServer dns(
        {"--srv-host=_ldap._tcp.rig.test,second.rig.test,390,20,0",
         "--srv-host=_ldap._tcp.rig.test,first.rig.test,389,10,0",
         "--srv-host=_ldap._tcp.rig.test,third.rig.test,391,30,0"}
    );
    const auto plain = find(dns, DiscoveredTransport::plain);
    EXPECT_THAT(
        uris(plain),
        ElementsAre(
            "ldap://first.rig.test:389", "ldap://second.rig.test:390", "ldap://third.rig.test:391"
        )
    );
    EXPECT_LT(plain->at(0).rank, plain->at(1).rank);
    EXPECT_THAT(
        uris(find(dns, DiscoveredTransport::tls)),
        ElementsAre(
            "ldaps://first.rig.test:636", "ldaps://second.rig.test:636",
            "ldaps://third.rig.test:636"
        )
    );
}

TEST(Discovery, RecordsOfLdapsComeBeforeThoseOfLdapWithTls) {
    const NameServer dns(
        {"--srv-host=_ldap._tcp.rig.test,plain.rig.test,389,10,0",
         "--srv-host=_ldaps._tcp.rig.test,safe.rig.test,1636,10,0"}
    );
    EXPECT_THAT(
        uris(find(dns, DiscoveredTransport::tls)), ElementsAre("ldaps://safe.rig.test:1636")
    );
    EXPECT_THAT(
        uris(find(dns, DiscoveredTransport::plain)), ElementsAre("ldap://plain.rig.test:389")
    );
}

TEST(Discovery, DomainControllersComeBeforeOtherServers) {
    const NameServer dns(
        {"--srv-host=_ldap._tcp.rig.test,anything.rig.test,389,0,100",
         "--srv-host=_ldap._tcp.dc._msdcs.rig.test,dc1.rig.test,389,0,100"}
    );
    EXPECT_THAT(
        uris(find(dns, DiscoveredTransport::plain)), ElementsAre("ldap://dc1.rig.test:389")
    );
}

TEST(Discovery, DomainWithoutRecordsIsNamed) {
    const NameServer dns({});
    const auto found = find(dns, DiscoveredTransport::tls);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, "no_servers_found");
}

TEST(Discovery, SilentNameServerIsBounded) {
    NameServer dns({});
    const auto address = dns.address();
    dns.stop();
    const auto before = steady_clock::now();
    const auto found =
        ldap::DnsLookup({address}).services("_ldap._tcp.rig.test", before + milliseconds(500));
    EXPECT_FALSE(found.has_value());
    EXPECT_LT(steady_clock::now() - before, milliseconds(900));
}

TEST(Discovery, MirrorFollowsTheRecords) {
    ProviderPair pair(directory_ldif(50, 2));
    const auto record = [](const SlapdRig& rig) {
        return fmt::format("--srv-host=_ldap._tcp.rig.test,here.rig.test,{},0,0", rig.port());
    };
    NameServer dns({record(pair.first())});
    const ldap::DnsLookup lookup({dns.address()});
    auto setup = pair.mirror_setup();
    auto& connection = setup.source.connection;
    connection.servers.clear();
    connection.finder =
        ldap::find_by_service_records("rig.test", lookup, DiscoveredTransport::plain);
    connection.finder_name = "srv:rig.test";
    connection.addresses = [lookup](const std::string& host, int port, auto deadline) {
        return lookup.addresses(host, port, deadline);
    };
    MirrorRig mirror(setup);
    mirror.start();
    ASSERT_TRUE(mirror.wait_live());
    const auto server = [&] { return setup.source.connection.reach->view().server; };
    EXPECT_EQ(server(), fmt::format("ldap://here.rig.test:{}", pair.first().port()));
    const auto received = mirror.status().received;
    dns.replace({record(pair.second())});
    pair.first().stop();
    const auto second = fmt::format("ldap://here.rig.test:{}", pair.second().port());
    EXPECT_TRUE(MirrorRig::wait([&] {
        return mirror.status().state == "live" && server() == second;
    }));
    EXPECT_EQ(mirror.status().received, received);
}

}  // namespace
}  // namespace bascule::test
