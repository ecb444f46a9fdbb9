#include "tests/integration/survival/exactness.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <sstream>

namespace bascule::test {

namespace {

using Json = nlohmann::json;
using Attributes = std::map<std::string, std::set<std::string>>;

/// Entries of an LDIF listing without line wrapping, values as they stand (base64 kept as it is).
std::map<std::string, Attributes> parse_ldif(const std::string& text) {
    std::map<std::string, Attributes> entries;
    std::istringstream lines(text);
    std::string dn;
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.find(": ");
        if (line.empty() || colon == std::string::npos || line.front() == '#') {
            continue;
        }
        const std::string name = line.substr(0, colon);
        const std::string value = line.substr(colon + 2);
        if (name == "dn") {
            dn = value;
        } else if (!dn.empty()) {
            entries[dn][name].insert(value);
        }
    }
    return entries;
}

std::string first(const Attributes& attributes, const std::string& name) {
    const auto found = attributes.find(name);
    return found == attributes.end() ? "" : *found->second.begin();
}

std::string person_line(
    const std::string& title, const std::string& name, const std::string& mail
) {
    return "title=" + title + " name=" + name + " mail=" + mail;
}

}  // namespace

Picture picture_of_directory(SlapdRig& directory) {
    const ProcessResult listing = run_program(
        {"ldapsearch",
         "-x",
         "-LLL",
         "-o",
         "ldif-wrap=no",
         "-H",
         directory.ldap_uri(),
         "-D",
         SlapdRig::admin_dn(),
         "-w",
         SlapdRig::admin_password(),
         "-b",
         SlapdRig::suffix(),
         "(|(objectClass=inetOrgPerson)(objectClass=groupOfNames))",
         "uid",
         "cn",
         "title",
         "mail",
         "member",
         "objectClass"}
    );
    const auto entries = parse_ldif(listing.output);
    Picture picture;
    for (const auto& [dn, attributes] : entries) {
        if (attributes.contains("uid")) {
            picture["user " + first(attributes, "uid")] = person_line(
                first(attributes, "title"), first(attributes, "cn"), first(attributes, "mail")
            );
            continue;
        }
        std::set<std::string> members;
        for (const std::string& member :
             attributes.contains("member") ? attributes.at("member") : std::set<std::string>{}) {
            if (const auto entry = entries.find(member); entry != entries.end()) {
                members.insert(
                    entry->second.contains("uid") ? first(entry->second, "uid")
                                                  : first(entry->second, "cn")
                );
            }
        }
        std::string line;
        for (const std::string& member : members) {
            line += member + " ";
        }
        picture["group " + first(attributes, "cn")] = line;
    }
    return picture;
}

Picture picture_of_mirror(const DaemonRig& daemon) {
    Picture picture;
    std::map<std::string, std::string> names;
    for (const Json& user : daemon.all("/Users")) {
        names[user.at("id")] = user.at("userName");
        if (user.contains("externalId")) {
            const std::string mail =
                user.contains("emails") ? user["emails"][0].value("value", "") : "";
            picture["user " + user.at("userName").get<std::string>()] = person_line(
                user.value("title", ""), user.value("name", Json::object()).value("formatted", ""),
                mail
            );
        }
    }
    const std::vector<Json> groups = daemon.all("/Groups");
    for (const Json& group : groups) {
        names[group.at("id")] = group.at("displayName");
    }
    for (const Json& group : groups) {
        if (!group.contains("externalId")) {
            continue;
        }
        std::set<std::string> members;
        for (const Json& member : group.value("members", Json::array())) {
            members.insert(names[member.at("value")]);
        }
        std::string line;
        for (const std::string& member : members) {
            line += member + " ";
        }
        picture["group " + group.at("displayName").get<std::string>()] = line;
    }
    return picture;
}

std::string difference(const Picture& directory, const Picture& mirror) {
    std::ostringstream out;
    int told = 0;
    for (const auto& [name, line] : directory) {
        const auto found = mirror.find(name);
        if (told < 5 && found == mirror.end()) {
            out << name << " is missing in the mirror\n";
            ++told;
        } else if (told < 5 && found->second != line) {
            out << name << ": directory has " << line.substr(0, 200) << ", mirror has "
                << found->second.substr(0, 200) << '\n';
            ++told;
        }
    }
    for (const auto& [name, line] : mirror) {
        if (told < 5 && !directory.contains(name)) {
            out << name << " is in the mirror only\n";
            ++told;
        }
    }
    return out.str();
}

std::string settle(SlapdRig& directory, const DaemonRig& daemon) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
        const std::string left =
            difference(picture_of_directory(directory), picture_of_mirror(daemon));
        if (left.empty() || std::chrono::steady_clock::now() > end) {
            return left;
        }
        pause_briefly();
    }
}

}  // namespace bascule::test
