// What OpenLDAP must offer: syncprov on the database, no limits, read and write rights by
// olcAccess.
#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>

#include "connectors/ldap/controls.hpp"
#include "connectors/ldap/dialects/openldap/database.hpp"
#include "connectors/ldap/dialects/openldap/feed_examination.hpp"
#include "connectors/ldap/directory_reads.hpp"
#include "connectors/ldap/examination/examined.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::Remedy;

class OpenLdap {
  public:
    explicit OpenLdap(const Examined& examined) : examined_(examined), database_(examined) {}

    void examine() {
        examine_openldap_feed(examined_, database_);
        examine_limits(examined_, database_.unlimited());
        tell_time();
        examine_attributes(examined_, readable_by_negation(examined_), [this](const Lack& lack) {
            return database_.access(lack, "read");
        });
        examine_password_secrecy(examined_, [this] { return hide_passwords(); });
        examine_policy();
        examine_writing();
    }

  private:
    [[nodiscard]] Remedy hide_passwords() const {
        return database_.ldif(
            "A right of \"write\" or \"manage\" shows the hashes, and \"manage\", as the root DN "
            "has it, also passes every rule of the password policy. Give the account \"=w\" only.",
            "olcAccess",
            {database_.rule(
                examined_.base(), {"userPassword"},
                examined_.options.writes_passwords ? "=w" : "none"
            )}
        );
    }

    void tell_time() {
        const auto monitor =
            examined_.look_at("cn=Current,cn=Time,cn=Monitor", {"monitorTimestamp"});
        const auto time = time_of(monitor.first_value("monitorTimestamp"));
        std::optional<Time> newest;
        const auto context =
            naming_context_of(examined_.connection, examined_.base(), examined_.soon());
        const auto head = examined_.look_at(context.value_or(examined_.base()), {"contextCSN"});
        for (const std::string_view stamp : head.values("contextCSN")) {
            const auto one = time_of(stamp.substr(0, stamp.find('#')));
            newest = one && (!newest || *one > *newest) ? one : newest;
        }
        examine_clock(examined_, time, newest);
    }

    [[nodiscard]] static std::optional<Time> time_of(std::string_view text) {
        const auto parsed = parse_generalized_time(text);
        return parsed ? std::optional(*parsed) : std::nullopt;
    }

    [[nodiscard]] bool has_policy_overlay() const {
        return examined_.offers(LDAP_CONTROL_PASSWORDPOLICYREQUEST);
    }

    /// The policy's marks on people, and the entry that holds its rules.
    void examine_policy() {
        if (!examined_.options.writes_passwords) {
            return;
        }
        if (!has_policy_overlay()) {
            examined_.findings.advise(
                "password_policy", "password policy", "slapd has no ppolicy overlay",
                {"Without it a reset cannot ask for a change at the next sign-in, and no rule is "
                 "applied. Load the overlay ppolicy.",
                 {}}
            );
            return;
        }
        examine_policy_marks();
        examine_policy_entries();
    }

    void examine_policy_marks() {
        ContainerReport report{
            "policy_marks", "read the policy's marks on people", "readable", "cannot see", 0, {}};
        for (const auto& container : examined_.people.containers) {
            if (container.people.empty()) {
                continue;
            }
            ++report.asked;
            Lack lack{container.dn, {}};
            const auto readable = readable_by_negation(examined_);
            for (const std::string name :
                 {"pwdReset", "pwdAccountLockedTime", "pwdChangedTime", "pwdPolicySubentry"}) {
                if (!readable(container.people.front(), name).value_or(true)) {
                    lack.attributes.push_back(name);
                }
            }
            if (!lack.attributes.empty()) {
                report.lacks.push_back(std::move(lack));
            }
        }
        report_containers(examined_.findings, report, [this](const Lack& lack) {
            return database_.access(lack, "read");
        });
    }

    void examine_policy_entries() {
        const auto context =
            naming_context_of(examined_.connection, examined_.base(), examined_.soon());
        const std::string& told = examined_.options.source.password_policy;
        const auto policies = told.empty()
                                  ? examined_.look(
                                        context.value_or(examined_.base()), SearchScope::subtree,
                                        "(objectClass=pwdPolicy)", {"pwdSafeModify", "pwdInHistory"}
                                    )
                                  : examined_.look(
                                        told, SearchScope::base, "(objectClass=pwdPolicy)",
                                        {"pwdSafeModify", "pwdInHistory"}
                                    );
        const std::string subject = "password policy";
        if (policies.empty()) {
            examined_.findings.advise(
                "password_policy", subject, "no policy entry can be read",
                {"The rules cannot be told before typing. Let the account read the policy entries, "
                 "and name the default one in sources[].write_back.policy.",
                 {}}
            );
            return;
        }
        if (told.empty() && policies.size() > 1) {
            examined_.findings.advise(
                "password_policy", subject, fmt::format("{} policies are there", policies.size()),
                {"Name the default one (ppolicy_default) in sources[].write_back.policy.", {}}
            );
            return;
        }
        for (const auto& policy : policies) {
            if (equals_ignoring_ascii_case(policy.first_value("pwdSafeModify"), "TRUE")) {
                examined_.findings.bad(
                    "password_policy", subject,
                    policy.dn + " asks for the old password (pwdSafeModify), so no reset works",
                    {"Switch it off. For ldapmodify:",
                     {"dn: " + policy.dn, "changetype: modify", "replace: pwdSafeModify",
                      "pwdSafeModify: FALSE"}}
                );
                return;
            }
        }
        examined_.findings.good("password_policy", subject, "readable: " + policies.front().dn);
    }

    void examine_writing() {
        const auto& options = examined_.options;
        std::vector<std::string> plain = options.written_attributes;
        std::vector<std::string> marks;
        if (options.writes_passwords && has_policy_overlay()) {
            marks.emplace_back("pwdReset");
        }
        if (options.unlocks && has_policy_overlay()) {
            marks.emplace_back("pwdAccountLockedTime");
        }
        if (options.writes_passwords) {
            marks.emplace_back("userPassword");
        }
        marks.insert(marks.end(), plain.begin(), plain.end());
        if (marks.empty()) {
            return;
        }
        ContainerReport report{
            "write_rights", "write " + some_of(marks, 3), "allowed", "no right to write", 0, {}};
        for (const auto& container : examined_.people.containers) {
            ++report.asked;
            Lack lack{container.dn, {}};
            std::ranges::copy_if(
                marks, std::back_inserter(lack.attributes),
                [&](const std::string& name) { return !may_write(container, name); }
            );
            if (!lack.attributes.empty()) {
                report.lacks.push_back(std::move(lack));
            }
        }
        report_containers(examined_.findings, report, [this](const Lack& lack) {
            return writing_rules(lack);
        });
    }

    /// "=w" on the password hides it; the others must be read as well.
    [[nodiscard]] Remedy writing_rules(const Lack& lack) const {
        std::vector<std::string> rules;
        std::vector<std::string> others = lack.attributes;
        if (std::erase(others, "userPassword") > 0) {
            rules.push_back(database_.rule(lack.container, {"userPassword"}, "=w"));
        }
        if (!others.empty()) {
            rules.push_back(database_.rule(lack.container, others, "write"));
        }
        return database_.ldif("Add the right.", "olcAccess", rules);
    }

    /// The first person of whom it can be told decides.
    [[nodiscard]] bool may_write(const Container& container, const std::string& attribute) const {
        for (const auto& dn : container.people) {
            const auto outcome = modify_with_controls(
                examined_.connection, dn, impossible_change(attribute), {}, examined_.soon()
            );
            if (outcome && outcome->code == LDAP_INSUFFICIENT_ACCESS) {
                return false;
            }
            if (outcome && outcome->code == LDAP_NO_SUCH_ATTRIBUTE) {
                return true;
            }
        }
        return true;
    }

    /// A modify is carried out as a whole or not at all (RFC 4511 section 4.6), and slapd looks at
    /// the rights for all of it before anything else. So these must fail: the account with the
    /// right is told "no such value", the one without it "insufficient access". An assertion
    /// (RFC 4528) would be looked at before the rights.
    [[nodiscard]] static std::vector<Change> impossible_change(const std::string& attribute) {
        static const std::string no_password = "bascule doctor: no password, 4f0c1a52-97de";
        if (attribute == "userPassword") {
            return {{Change::Kind::remove, attribute, {no_password}}};
        }
        if (attribute == "pwdReset") {
            return {
                {Change::Kind::replace, attribute, {"TRUE"}},
                {Change::Kind::remove, attribute, {"FALSE"}}};
        }
        if (attribute == "pwdAccountLockedTime") {
            return {
                {Change::Kind::replace, attribute, {"19700101000000Z"}},
                {Change::Kind::remove, attribute, {"19700102000000Z"}}};
        }
        return {
            {Change::Kind::replace, attribute, {"10"}}, {Change::Kind::remove, attribute, {"20"}}};
    }

    const Examined& examined_;
    Database database_;
};

}  // namespace

void examine_openldap(const Examined& examined) {
    OpenLdap(examined).examine();
}

}  // namespace bascule::ldap
