#include "tests/integration/ds389/replica_pair.hpp"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <thread>

namespace bascule::test {
namespace {

constexpr const char* manager = "cn=replication manager,cn=config";
constexpr const char* secret = "Replica-Passw0rd";
constexpr const char* replica = R"(cn=replica,cn=dc\3Drig\2Cdc\3Dtest,cn=mapping tree,cn=config)";

void become_supplier(const Ds389Rig& rig, int number) {
    rig.modify(fmt::format(
        "dn: {}\nobjectClass: person\ncn: replication manager\nsn: manager\nuserPassword: {}\n\n",
        manager, secret
    ));
    rig.modify(fmt::format(
        "dn: {}\nobjectClass: nsds5replica\nobjectClass: extensibleObject\ncn: replica\n"
        "nsDS5ReplicaRoot: {}\nnsDS5ReplicaType: 3\nnsDS5Flags: 1\nnsDS5ReplicaId: {}\n"
        "nsDS5ReplicaBindDN: {}\n\n",
        replica, Ds389Rig::suffix(), number, manager
    ));
}

std::string agreement() {
    return fmt::format("cn=other,{}", replica);
}

void send_changes(const Ds389Rig& rig, const Ds389Rig& to) {
    rig.modify(fmt::format(
        "dn: {}\nobjectClass: nsds5replicationagreement\ncn: other\nnsDS5ReplicaRoot: {}\n"
        "nsDS5ReplicaHost: 127.0.0.1\nnsDS5ReplicaPort: {}\nnsDS5ReplicaBindDN: {}\n"
        "nsDS5ReplicaCredentials: {}\nnsDS5ReplicaBindMethod: SIMPLE\n"
        "nsDS5ReplicaTransportInfo: LDAP\n\n",
        agreement(), Ds389Rig::suffix(), to.port(), manager, secret
    ));
}

template <class Condition>
void wait(const std::string& what, const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("the servers did not come into step: " + what);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

/// What is written on one is seen on the other.
void wait_for_echo(const Ds389Rig& from, const Ds389Rig& to, const std::string& text) {
    from.set(Ds389Rig::service_dn(), "description", text);
    wait(text, [&] {
        // A server that is being filled sends whoever asks elsewhere.
        try {
            return to.values(Ds389Rig::service_dn(), "description") ==
                   std::vector<std::string>{text};
        } catch (const std::runtime_error&) {
            return false;
        }
    });
}

}  // namespace

ReplicaPair::ReplicaPair(const std::string& ldif) {
    first_.modify(ldif);
    become_supplier(first_, 1);
    become_supplier(second_, 2);
    send_changes(first_, second_);
    // An order that stands in a new agreement is carried out again at every start.
    first_.set(agreement(), "nsds5BeginReplicaRefresh", "start");
    wait("the first copy", [&] {
        const auto told = first_.values(agreement(), "nsds5replicaLastInitStatus");
        return !told.empty() && told.front().starts_with("Error (0)");
    });
    send_changes(second_, first_);
    wait_in_step();
}

void ReplicaPair::wait_in_step() {
    ++round_;
    wait_for_echo(first_, second_, fmt::format("first {}", round_));
    wait_for_echo(second_, first_, fmt::format("second {}", round_));
}

}  // namespace bascule::test
