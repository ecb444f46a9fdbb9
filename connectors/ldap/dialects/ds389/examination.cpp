// What 389 Directory Server must offer: content synchronisation over the retro changelog, and
// rights by ACIs, which its Get Effective Rights control tells.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/ldap/dialects/ds389/access_rights.hpp"
#include "connectors/ldap/dialects/ds389/feed_examination.hpp"
#include "connectors/ldap/dialects/ds389/policy_reader.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/examination/examined.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::Remedy;

class Ds389 {
  public:
    explicit Ds389(const Examined& examined) : examined_(examined) {}

    void examine() {
        examine_ds389_feed(examined_);
        examine_limits(examined_, limit_remedy());
        tell_time();
        examine_attributes(
            examined_,
            [this](const std::string& dn, const std::string& name) { return readable(dn, name); },
            [this](const Lack& lack) { return read_remedy(lack); }
        );
        examine_password_secrecy(examined_, [this] { return hide_passwords(); });
        if (examined_.options.writes_passwords) {
            examine_identity();
            examine_policy();
        }
        examine_writing();
    }

  private:
    [[nodiscard]] Remedy read_remedy(const Lack& lack) const {
        return aci_remedy(
            examined_, "Add the right.", lack.container, joined(lack.attributes, " || "),
            "bascule reads mapped attributes", "allow (read,search,compare)"
        );
    }

    [[nodiscard]] Remedy hide_passwords() const {
        return aci_remedy(
            examined_, "The account needs to write passwords, never to read them.",
            examined_.base(), "userPassword", "bascule reads no passwords",
            "deny (read,search,compare)"
        );
    }

    [[nodiscard]] Remedy limit_remedy() const {
        Remedy remedy{
            "Lift the limits of the account's entry. For ldapmodify as Directory Manager:",
            {"dn: " + examined_.account(), "changetype: modify"}};
        for (const auto* name :
             {"nsSizeLimit", "nsLookThroughLimit", "nsTimeLimit", "nsIdleTimeout"}) {
            remedy.lines.push_back(fmt::format("replace: {}", name));
            remedy.lines.push_back(fmt::format("{}: -1", name));
            remedy.lines.emplace_back("-");
        }
        return remedy;
    }

    void tell_time() {
        const auto monitor = examined_.look_at("cn=monitor", {"currenttime"});
        const auto parsed = parse_generalized_time(monitor.first_value("currenttime"));
        const auto base = examined_.look_at(examined_.base(), {"modifyTimestamp"});
        const auto newest = parse_generalized_time(base.first_value("modifyTimestamp"));
        examine_clock(
            examined_, parsed ? std::optional(*parsed) : std::nullopt,
            newest ? std::optional(*newest) : std::nullopt
        );
    }

    /// Of an attribute that the entry's classes do not allow the server says that there is no right
    /// to it, so only those that it names unasked count, and the one that must be seen.
    [[nodiscard]] std::optional<bool> readable(const std::string& dn, const std::string& attribute)
        const {
        const bool needed = equals_ignoring_ascii_case(attribute, "nsUniqueId");
        return has_right(
            rights_on(examined_, dn, {needed ? std::string("nsUniqueId") : std::string("*")}),
            attribute, "rs"
        );
    }

    /// Whoever passes every rule of the policy also passes the history.
    void examine_identity() {
        const auto config = examined_.look_at("cn=config", {"nsslapd-rootdn", "passwordAdminDN"});
        const std::string account = dn_key_or_raw(examined_.account());
        const std::string manager = config.first_value("nsslapd-rootdn");
        const std::string subject = "obeys the password policy";
        if (account == dn_key_or_raw("cn=Directory Manager") ||
            (!manager.empty() && account == dn_key_or_raw(manager))) {
            examined_.findings.advise(
                "policy_bypass", subject, "no: it is the Directory Manager",
                {"Use an account of its own that has rights by ACIs; see the handbook.", {}}
            );
            return;
        }
        const std::string administrators = config.first_value("passwordAdminDN");
        if (!administrators.empty() && is_one_of(administrators, account)) {
            examined_.findings.advise(
                "policy_bypass", subject,
                "no: it is a password administrator (" + administrators + ")",
                {"Take it out of passwordAdminDN: its members pass every rule, history included.",
                 {}}
            );
            return;
        }
        examined_.findings.good("policy_bypass", subject, "yes");
    }

    [[nodiscard]] bool is_one_of(const std::string& group, const std::string& account) const {
        if (dn_key_or_raw(group) == account) {
            return true;
        }
        const auto entry = examined_.look_at(group, {"member", "uniqueMember"});
        for (const auto* name : {"member", "uniqueMember"}) {
            for (const auto& value : entry.values(name)) {
                if (dn_key_or_raw(value) == account) {
                    return true;
                }
            }
        }
        return false;
    }

    void examine_policy() {
        const std::string subject = "password policy";
        const auto config =
            examined_.look_at("cn=config", {"passwordCheckSyntax", "passwordMustChange"});
        if (config.values("passwordCheckSyntax").empty()) {
            examined_.findings.advise(
                "password_policy", subject, "the global policy (cn=config) cannot be read",
                aci_remedy(
                    examined_,
                    "Its rules cannot be told before typing, nor which one failed. Add the right.",
                    "cn=config", joined(ds389_policy_attributes(), " || "),
                    "bascule reads the password policy", "allow (read,search,compare)"
                )
            );
            return;
        }
        if (!equals_ignoring_ascii_case(config.first_value("passwordMustChange"), "on")) {
            examined_.findings.advise(
                "must_change", "change at the next sign-in",
                "the global policy has passwordMustChange: off",
                {"A temporary password stays valid. For ldapmodify as Directory Manager:",
                 {"dn: cn=config", "changetype: modify", "replace: passwordMustChange",
                  "passwordMustChange: on"}}
            );
        }
        examined_.findings.good("password_policy", subject, "the global policy is readable");
    }

    void examine_writing() {
        const auto& options = examined_.options;
        std::vector<std::string> wanted;
        if (options.writes_passwords) {
            wanted.emplace_back("userPassword");
        }
        if (options.unlocks) {
            wanted.insert(
                wanted.end(), {"accountUnlockTime", "passwordRetryCount", "retryCountResetTime"}
            );
        }
        wanted.insert(
            wanted.end(), options.written_attributes.begin(), options.written_attributes.end()
        );
        if (wanted.empty()) {
            return;
        }
        if (!examined_.offers(effective_rights)) {
            examined_.findings.advise(
                "write_rights", "write " + some_of(wanted, 3),
                "the server does not tell rights (Get Effective Rights)",
                {"Whether the account may write shows at the first attempt.", {}}
            );
            return;
        }
        ContainerReport report{
            "write_rights", "write " + some_of(wanted, 3), "allowed", "no right to write", 0, {}};
        for (const auto& container : examined_.people.containers) {
            ++report.asked;
            Lack lack{container.dn, {}};
            const auto rights = rights_on(examined_, container.people.front(), wanted);
            std::ranges::copy_if(
                wanted, std::back_inserter(lack.attributes),
                [&](const std::string& name) {
                    return !has_right(rights, name, "wo").value_or(true);
                }
            );
            if (!lack.attributes.empty()) {
                report.lacks.push_back(std::move(lack));
            }
        }
        report_containers(examined_.findings, report, [this](const Lack& lack) {
            return aci_remedy(
                examined_, "Add the right.", lack.container, joined(lack.attributes, " || "),
                "bascule writes back", "allow (write)"
            );
        });
    }

    const Examined& examined_;
};

}  // namespace

void examine_ds389(const Examined& examined) {
    Ds389(examined).examine();
}

}  // namespace bascule::ldap
