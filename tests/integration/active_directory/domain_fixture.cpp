#include "tests/integration/active_directory/domain_fixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "connectors/ldap/connection.hpp"
#include "connectors/ldap/dialects/active_directory/values.hpp"
#include "connectors/ldap/dn.hpp"

namespace bascule::test {
namespace {

using directory::SourceEntry;
using nlohmann::json;

/// What is compared of an object, by objectGUID.
using Picture = std::map<std::string, std::string>;

std::string picture_of(
    const std::string& name, const std::string& display, const std::string& mail, bool active
) {
    return fmt::format("user {} \"{}\" {} {}", name, display, mail, active ? "active" : "inactive");
}

std::string picture_of(const std::string& display, const std::set<std::string>& members) {
    std::string text = fmt::format("group \"{}\"", display);
    for (const auto& member : members) {
        text += " " + member;
    }
    return text;
}

/// The directory as it is, read by other means than the product's feed.
class DomainReader {
  public:
    DomainReader(const SambaRig& samba, const std::string& base, const std::string& users) {
        const auto access = samba.client();
        ldap::ConnectionOptions options;
        options.servers = {access.uri};
        options.bind_dn = access.admin_dn;
        options.secret = [password = access.admin_password]() -> Result<Secret> {
            return Secret(std::string(password));
        };
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        auto connection = ldap::Connection::open_bound(options, deadline);
        if (!connection) {
            throw std::runtime_error(connection.error().context);
        }
        ldap::SearchRequest request;
        request.base = base;
        request.scope = ldap::SearchScope::subtree;
        request.filter = "(|" + users + "(objectClass=group))";
        auto found = connection->search(request, deadline);
        if (!found) {
            throw std::runtime_error(found.error().context);
        }
        entries_ = *std::move(found);
    }

    Picture picture() {
        for (const auto& entry : entries_) {
            by_dn_[ldap::dn_key_or_raw(entry.dn)] = guid(entry);
            primary_[entry.first_value("primaryGroupID")].insert(guid(entry));
        }
        Picture all;
        for (const auto& entry : entries_) {
            all[guid(entry)] =
                entry.first_value("userAccountControl").empty() ? group(entry) : user(entry);
        }
        return all;
    }

  private:
    static std::string guid(const SourceEntry& entry) {
        return ldap::guid_from_wire(entry.first_value("objectGUID"))->to_string();
    }

    static std::string user(const SourceEntry& entry) {
        const bool disabled = (std::stoll(entry.first_value("userAccountControl")) & 2) != 0;
        const std::string expires = entry.first_value("accountExpires");
        const bool expired = expires != "0" && !expires.empty() &&
                             std::stoll(expires) < std::stoll(SambaRig::ticks_after(0));
        const std::string principal = entry.first_value("userPrincipalName");
        const std::string display = entry.first_value("displayName");
        return picture_of(
            principal.empty() ? entry.first_value("sAMAccountName") : principal,
            display.empty() ? entry.first_value("cn") : display, entry.first_value("mail"),
            !disabled && !expired
        );
    }

    std::string group(const SourceEntry& entry) {
        const auto sid = ldap::sid_text(entry.first_value("objectSid")).value_or("");
        std::set<std::string> members;
        if (sid.starts_with("S-1-5-21-")) {
            members = primary_[std::to_string(*ldap::relative_id(sid))];
        }
        for (const auto& member : entry.values("member")) {
            if (const auto found = by_dn_.find(ldap::dn_key_or_raw(member));
                found != by_dn_.end()) {
                members.insert(found->second);
            }
        }
        const std::string display = entry.first_value("displayName");
        return picture_of(display.empty() ? entry.first_value("cn") : display, members);
    }

    std::vector<SourceEntry> entries_;
    std::map<std::string, std::string> by_dn_;
    std::map<std::string, std::set<std::string>> primary_;
};

Picture served_picture(const DaemonRig& daemon) {
    Picture all;
    std::map<std::string, std::string> external;
    for (const auto& user : daemon.all("/Users")) {
        const auto guid = user.value("externalId", "");
        external[user["id"]] = guid;
        const bool has_mail = user.contains("emails");
        all[guid] = picture_of(
            user["userName"].get<std::string>(), user.value("displayName", ""),
            has_mail ? user["emails"][0]["value"].get<std::string>() : "",
            user.value("active", false)
        );
    }
    const auto groups = daemon.all("/Groups");
    for (const auto& group : groups) {
        external[group["id"]] = group.value("externalId", "");
    }
    for (const auto& group : groups) {
        std::set<std::string> members;
        for (const auto& member : group.value("members", json::array())) {
            members.insert(external[member["value"]]);
        }
        all[group.value("externalId", "")] = picture_of(group.value("displayName", ""), members);
    }
    return all;
}

}  // namespace

void DomainTest::SetUp() {
    if (const auto obstacle = SambaRig::obstacle(); !obstacle.empty()) {
        GTEST_SKIP() << obstacle;
    }
    samba_ = std::make_unique<SambaRig>();
    samba_->start();
}

void DomainTest::launch(const std::string& base, const std::string& lines) {
    daemon_ = std::make_unique<DaemonRig>(
        DirectoryAccess{
            samba_->ldaps_uri(), base, SambaRig::service_dn(), SambaRig::service_password()},
        "    ca: " + samba_->ca_file() + "\n" + lines
    );
    daemon_->launch();
}

void DomainTest::serve(const std::string& base, const std::string& lines) {
    launch(base, lines);
    daemon_->wait_for_state("live", std::chrono::seconds(40));
}

std::vector<std::string> domain_differences(
    const SambaRig& samba, const DaemonRig& daemon, const std::string& base,
    const std::string& users
) {
    const Picture there = DomainReader(samba, base, users).picture();
    const Picture here = served_picture(daemon);
    std::vector<std::string> out;
    for (const auto& [guid, text] : there) {
        const auto found = here.find(guid);
        if (found == here.end()) {
            out.push_back("missing: " + guid + " " + text);
        } else if (found->second != text) {
            out.push_back("differs: " + guid + " " + text + " / " + found->second);
        }
    }
    for (const auto& [guid, text] : here) {
        if (!there.contains(guid)) {
            out.push_back("left over: " + guid + " " + text);
        }
    }
    return out;
}

std::vector<std::string> wait_domain_equal(
    const SambaRig& samba, DaemonRig& daemon, const std::string& base, const std::string& users
) {
    static_cast<void>(daemon.token());
    std::vector<std::string> out;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    do {
        out = domain_differences(samba, daemon, base, users);
    } while (!out.empty() && std::chrono::steady_clock::now() < end);
    return out;
}

json DomainTest::user(const std::string& name) const {
    return daemon_->find("/Users", "userName eq \"" + name + "@rig.test\"");
}

bool DomainTest::wait_user(
    const std::string& name, const std::string& attribute, const json& value
) {
    static_cast<void>(daemon_->token());
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < end) {
        const json found = user(name);
        if (found.is_object() && found.value(attribute, json()) == value) {
            return true;
        }
        pause_briefly();
    }
    return false;
}

std::string DomainTest::add_group(
    const std::string& name, const std::vector<std::string>& members
) {
    const std::string dn = "CN=" + name + "," + SambaRig::groups();
    std::string ldif = fmt::format("dn: {}\nobjectClass: group\nsAMAccountName: {}\n", dn, name);
    for (const auto& member : members) {
        ldif += "member: " + member + "\n";
    }
    samba_->modify(ldif);
    return dn;
}

}  // namespace bascule::test
