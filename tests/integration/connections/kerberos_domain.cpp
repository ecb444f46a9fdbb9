#include "tests/integration/connections/kerberos_domain.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/support/process.hpp"

namespace bascule::test {

KerberosDomain::KerberosDomain() {
    samba_.configure("server services = ldap kdc");
    samba_.start();
    // A domain controller registers it a while after its start.
    add_principal("ldap/dc1.rig.test");
    dns_ = std::make_unique<NameServer>(std::vector<std::string>{
        "--host-record=dc1.rig.test," + samba_.address(),
        "--srv-host=_ldap._tcp.dc._msdcs.rig.test,dc1.rig.test,389,0,100"});
    configure("/krb5.conf", controller());
    export_keytab();
}

void KerberosDomain::configure(
    const std::string& name, const std::string& controller, const std::string& realms
) const {
    const std::string path = samba_.folder() + name;
    std::ofstream(path) << fmt::format(
        "[libdefaults]\ndefault_realm = RIG.TEST\ndns_lookup_kdc = false\n"
        "dns_canonicalize_hostname = false\nrdns = false\n"
        "[realms]\nRIG.TEST = {{\n kdc = {}\n}}\n{}",
        controller, realms
    );
    ::setenv("KRB5_CONFIG", path.c_str(), 1);
}

void KerberosDomain::export_keytab() const {
    const auto next = keytab() + ".new";
    require(
        run_program(
            {"samba-tool", "domain", "exportkeytab", next, "--principal=bascule@RIG.TEST", "-s",
             smb_conf()}
        ),
        "samba-tool domain exportkeytab"
    );
    std::filesystem::rename(next, keytab());
}

void KerberosDomain::add_principal(const std::string& principal) const {
    samba_.modify(
        "dn: CN=DC1,OU=Domain Controllers," + SambaRig::suffix() +
        "\nchangetype: modify\nadd: servicePrincipalName\nservicePrincipalName: " + principal + "\n"
    );
}

void KerberosDomain::change_password(const std::string& password) const {
    require(
        run_program(
            {"samba-tool", "user", "setpassword", "bascule", "--newpassword=" + password, "-H",
             samba_.folder() + "/private/sam.ldb", "-s", smb_conf()}
        ),
        "samba-tool user setpassword"
    );
}

}  // namespace bascule::test
