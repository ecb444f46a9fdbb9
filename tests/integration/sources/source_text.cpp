#include "tests/integration/sources/source_text.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace bascule::test {

std::string source_text(
    const DaemonRig& daemon, const std::string& name, const DirectoryAccess& access,
    const std::string& more
) {
    const std::string secret = daemon.folder() + "/secret-" + name;
    std::ofstream(secret) << access.password;
    std::filesystem::permissions(
        secret, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
    );
    std::ostringstream out;
    out << "  - name: " << name << "\n    servers: [\"" << access.server << "\"]\n";
    if (!access.base.empty()) {
        out << "    base: \"" << access.base << "\"\n";
    }
    out << "    bind: { dn: \"" << access.dn << "\", password: { file: " << secret << " } }\n"
        << more;
    return out.str();
}

DirectoryAccess access_to(const SlapdRig& directory) {
    return {
        directory.ldap_uri(), SlapdRig::suffix(), SlapdRig::service_dn(),
        SlapdRig::service_password()};
}

DirectoryAccess access_to(const Ds389Rig& directory) {
    return {
        directory.ldap_uri(), Ds389Rig::suffix(), Ds389Rig::service_dn(),
        Ds389Rig::service_password()};
}

DirectoryAccess access_to(const SambaRig& directory) {
    return {
        directory.ldaps_uri(), SambaRig::suffix(), SambaRig::service_dn(),
        SambaRig::service_password()};
}

std::string person(const std::string& uid, const std::string& more, const std::string& container) {
    return "dn: uid=" + uid + "," + container + "\nobjectClass: inetOrgPerson\nuid: " + uid +
           "\ncn: " + uid + "\nsn: " + uid + "\n" + more + "\n";
}

std::string group(const std::string& name, const std::vector<std::string>& members) {
    std::string ldif = "dn: cn=" + name + ",ou=groups," + std::string(rig_suffix) +
                       "\nobjectClass: groupOfNames\ncn: " + name + "\n";
    for (const std::string& member : members) {
        ldif += "member: " + member + "\n";
    }
    return ldif + "\n";
}

}  // namespace bascule::test
