#include "tests/integration/connections/provider_pair.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace bascule::test {
namespace {

SlapdOptions with_id(int number) {
    SlapdOptions options;
    options.global_lines = fmt::format("serverID {}", number);
    return options;
}

std::string configuration_path(const SlapdRig& rig) {
    return rig.folder() + "/slapd.conf";
}

std::string configuration(const SlapdRig& rig) {
    std::ifstream file(configuration_path(rig));
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Makes the stopped server follow another one.
void follow(const SlapdRig& rig, const SlapdRig& other) {
    std::string text = configuration(rig);
    const auto lines = fmt::format(
        "syncrepl rid=001 provider={} bindmethod=simple binddn=\"{}\" credentials={} "
        "searchbase=\"{}\" type=refreshAndPersist retry=\"1 +\"\nmultiprovider on\n",
        other.ldap_uri(), SlapdRig::admin_dn(), SlapdRig::admin_password(), SlapdRig::suffix()
    );
    text.insert(text.find("limits dn.exact"), lines);
    std::ofstream(configuration_path(rig)) << text;
}

std::vector<std::string> stamps(SlapdRig& rig) {
    auto values = rig.values(SlapdRig::suffix(), "contextCSN");
    std::ranges::sort(values);
    return values;
}

}  // namespace

ProviderPair::ProviderPair(const std::string& ldif) : first_(with_id(1)), second_(with_id(2)) {
    follow(first_, second_);
    follow(second_, first_);
    first_.load_ldif(ldif);
    first_.start();
    second_.start();
    wait_in_step();
    const std::string service = SlapdRig::service_dn();
    first_.set(service, "description", "first");
    wait_in_step();
    second_.set(service, "description", "second");
    wait_in_step();
}

void ProviderPair::wait_in_step() {
    const auto in_step = [this] {
        const auto known = stamps(first_);
        return !known.empty() && known == stamps(second_);
    };
    if (!MirrorRig::wait(in_step)) {
        throw std::runtime_error("the providers did not come into step");
    }
}

void ProviderPair::cut_off(const SlapdRig& rig) {
    std::string text = configuration(rig);
    const auto begin = text.find("syncrepl rid");
    const auto end = text.find("limits dn.exact", begin);
    text.erase(begin, end - begin);
    std::ofstream(configuration_path(rig)) << text;
}

MirrorSetup ProviderPair::mirror_setup() const {
    MirrorSetup setup;
    auto& connection = setup.source.connection;
    connection.servers = {first_.ldap_uri(), second_.ldap_uri()};
    connection.bind_dn = SlapdRig::service_dn();
    connection.secret = [] { return Secret(SlapdRig::service_password()); };
    connection.network_timeout = std::chrono::seconds(2);
    connection.operation_timeout = std::chrono::seconds(2);
    connection.look_interval = std::chrono::milliseconds(200);
    setup.source.base = SlapdRig::suffix();
    return setup;
}

}  // namespace bascule::test
