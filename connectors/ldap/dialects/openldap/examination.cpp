// What OpenLDAP must offer: syncprov on the database, no limits, read and write rights by
// olcAccess.
#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>
#include <charconv>

#include "connectors/ldap/controls.hpp"
#include "connectors/ldap/directory_reads.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/examination/examined.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::Remedy;
using directory::SourceEntry;

constexpr std::size_t short_session_log = 10'000;

/// What the configuration says, where the account may read it.
struct Configuration {
    bool readable = false;
    std::string database = "olcDatabase={1}mdb,cn=config";
    SourceEntry settings;  ///< of the database
    SourceEntry provider;  ///< of its syncprov overlay
};

Configuration read_configuration(const Examined& examined) {
    Configuration found;
    for (auto& database :
         examined.look("cn=config", SearchScope::subtree, "(olcSuffix=*)", {"*"})) {
        const auto& suffixes = database.values("olcSuffix");
        if (!suffixes.empty() &&
            is_at_or_below(dn_key_or_raw(examined.base()), dn_key_or_raw(suffixes.front()))) {
            found.readable = true;
            found.database = database.dn;
            found.settings = std::move(database);
        }
    }
    if (found.readable) {
        auto overlays = examined.look(
            found.database, SearchScope::subtree, "(objectClass=olcSyncProvConfig)", {"*"}
        );
        if (!overlays.empty()) {
            found.provider = std::move(overlays.front());
        }
    }
    return found;
}

class OpenLdap {
  public:
    explicit OpenLdap(const Examined& examined)
        : examined_(examined), configuration_(read_configuration(examined)) {}

    void examine() {
        examine_feed();
        examine_session_log();
        examine_indexes();
        examine_limits(examined_, limit_remedy());
        tell_time();
        examine_attributes(examined_, readable_by_negation(examined_), [this](const Lack& lack) {
            return access(lack, "read");
        });
        examine_password_secrecy(examined_, [this] { return hide_passwords(); });
        examine_policy();
        examine_writing();
    }

  private:
    /// LDIF for ldapmodify that puts values into the database's configuration.
    [[nodiscard]] Remedy ldif(
        const std::string& sentence, const std::string& attribute,
        const std::vector<std::string>& values
    ) const {
        Remedy remedy{sentence + " For ldapmodify as the administrator of cn=config", {}};
        remedy.sentence += configuration_.readable
                               ? ":"
                               : " (put in the number that the database has on this server):";
        remedy.lines = {
            "dn: " + configuration_.database, "changetype: modify", "add: " + attribute};
        for (const auto& value : values) {
            remedy.lines.push_back(attribute + ": {0}" + value);
        }
        return remedy;
    }

    /// A rule before all others that leaves everybody else to the rules after it.
    [[nodiscard]] std::string rule(
        const std::string& where, const std::vector<std::string>& attributes, std::string_view level
    ) const {
        return fmt::format(
            "to dn.subtree=\"{}\" attrs={} by dn.exact=\"{}\" {} by * break", where,
            joined(attributes, ","), examined_.account(), level
        );
    }

    /// slapd minds the order of limits at its start only, so a value that names the account already
    /// is replaced where that can be seen.
    [[nodiscard]] Remedy limit_remedy() const {
        const std::string own =
            "dn.exact=\"" + examined_.account() + "\" size=unlimited time=unlimited";
        const auto& present = configuration_.settings.values("olcLimits");
        if (present.empty()) {
            return ldif(
                "Give the account unlimited size and time; a limit that names it already must be "
                "changed instead.",
                "olcLimits", {own}
            );
        }
        Remedy remedy{
            "Give the account unlimited size and time. For ldapmodify as the administrator of "
            "cn=config:",
            {"dn: " + configuration_.database, "changetype: modify", "replace: olcLimits",
             "olcLimits: " + own}};
        for (const auto& value : present) {
            if (to_ascii_lower(value).find(to_ascii_lower(examined_.account())) ==
                std::string::npos) {
                const auto brace = value.starts_with('{') ? value.find('}') : std::string::npos;
                remedy.lines.push_back(
                    "olcLimits: " + (brace == std::string::npos ? value : value.substr(brace + 1))
                );
            }
        }
        return remedy;
    }

    [[nodiscard]] Remedy access(const Lack& lack, std::string_view level) const {
        return ldif("Add the right.", "olcAccess", {rule(lack.container, lack.attributes, level)});
    }

    [[nodiscard]] Remedy hide_passwords() const {
        return ldif(
            "A right of \"write\" or \"manage\" shows the hashes, and \"manage\", as the root DN "
            "has it, also passes every rule of the password policy. Give the account \"=w\" only.",
            "olcAccess",
            {rule(
                examined_.base(), {"userPassword"},
                examined_.options.writes_passwords ? "=w" : "none"
            )}
        );
    }

    /// A critical synchronisation of one entry: the root entry lists the control also when our
    /// database has no syncprov.
    void examine_feed() {
        SearchRequest request;
        request.base = examined_.base();
        request.attributes = {"entryUUID", "entryCSN"};
        bool stamped = false;
        const auto end = search_with_controls(
            examined_.connection, request,
            {{LDAP_CONTROL_SYNC, encode_sync_request(SyncMode::refresh_only, {}), true}},
            examined_.patience(),
            [&stamped](const SourceEntry& entry) -> Status {
                stamped = !entry.csn.empty();
                return {};
            }
        );
        const std::string subject = "change feed (RFC 4533)";
        if (!end || !end->outcome.success()) {
            examined_.findings.bad(
                "change_feed", subject,
                end ? fmt::format(
                          "refused for this base: {} {}", end->outcome.code,
                          printable(end->outcome.diagnostic)
                      )
                    : printable(end.error().context),
                {"Load the overlay syncprov on the database that holds the base, after its other "
                 "overlays. In slapd.conf:",
                 {"overlay syncprov", "syncprov-checkpoint 100 10", "syncprov-sessionlog 10000"}}
            );
            return;
        }
        if (!stamped || !examined_.meets(examined_.base(), "(entryUUID=*)")) {
            examined_.findings.bad(
                "change_feed", subject, "works, but entryUUID or entryCSN cannot be read",
                access({examined_.base(), {"entry", "entryUUID", "entryCSN"}}, "read")
            );
            return;
        }
        examined_.findings.good("change_feed", subject, "syncprov answers for this base");
    }

    void examine_session_log() {
        const std::string subject = "session log";
        if (configuration_.provider.dn.empty()) {
            examined_.findings.good(
                "session_log", subject,
                configuration_.readable ? "no syncprov overlay on this database"
                                        : "cn=config cannot be read, so its size is not known"
            );
            return;
        }
        const auto& provider = configuration_.provider;
        if (!provider.values("olcSpSessionlogSource").empty()) {
            examined_.findings.good(
                "session_log", subject,
                "kept in " + provider.values("olcSpSessionlogSource").front()
            );
            return;
        }
        const auto& sizes = provider.values("olcSpSessionlog");
        const std::string text = sizes.empty() ? "0" : sizes.front();
        std::size_t size = 0;
        std::from_chars(text.data(), text.data() + text.size(), size);
        if (size >= short_session_log) {
            examined_.findings.good("session_log", subject, text + " operations");
            return;
        }
        examined_.findings.advise(
            "session_log", subject, text + " operations",
            {"Raise it to 10000: when more happens while Bascule is away, the next connection "
             "compares all identifiers. For ldapmodify as the administrator of cn=config:",
             {"dn: " + provider.dn, "changetype: modify", "replace: olcSpSessionlog",
              "olcSpSessionlog: 10000"}}
        );
    }

    void examine_indexes() {
        const std::string subject = "indexes entryUUID, entryCSN";
        if (!configuration_.readable) {
            examined_.findings.good(
                "indexes", subject,
                "cn=config cannot be read; there should be: index entryUUID,entryCSN eq"
            );
            return;
        }
        std::vector<std::string> missing;
        for (const std::string_view name : {"entryUUID", "entryCSN"}) {
            const auto& lines = configuration_.settings.values("olcDbIndex");
            if (std::ranges::none_of(lines, [&](const std::string& line) {
                    const auto names = line.substr(0, line.find(' '));
                    return ("," + names + ",").find("," + std::string(name) + ",") !=
                           std::string::npos;
                })) {
                missing.emplace_back(name);
            }
        }
        if (missing.empty()) {
            examined_.findings.good("indexes", subject, "there");
            return;
        }
        Remedy remedy{
            "Every start of the feed reads all entries without. For ldapmodify as the "
            "administrator of cn=config:",
            {"dn: " + configuration_.database, "changetype: modify", "add: olcDbIndex"}};
        for (const auto& name : missing) {
            remedy.lines.push_back("olcDbIndex: " + name + " eq");
        }
        examined_.findings.advise("indexes", subject, "missing: " + joined(missing), remedy);
    }

    void tell_time() {
        const auto monitor =
            examined_.look_at("cn=Current,cn=Time,cn=Monitor", {"monitorTimestamp"});
        const auto& times = monitor.values("monitorTimestamp");
        const auto time = times.empty() ? std::nullopt : time_of(times.front());
        std::optional<Time> newest;
        const auto context =
            naming_context_of(examined_.connection, examined_.base(), examined_.soon());
        const auto head = examined_.look_at(context.value_or(examined_.base()), {"contextCSN"});
        for (const auto& stamp : head.values("contextCSN")) {
            const auto one = time_of(stamp.substr(0, stamp.find('#')));
            newest = one && (!newest || *one > *newest) ? one : newest;
        }
        examine_clock(examined_, time, newest);
    }

    [[nodiscard]] static std::optional<Time> time_of(const std::string& text) {
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
            return access(lack, "read");
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
            const auto& safe = policy.values("pwdSafeModify");
            if (!safe.empty() && equals_ignoring_ascii_case(safe.front(), "TRUE")) {
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
            rules.push_back(rule(lack.container, {"userPassword"}, "=w"));
        }
        if (!others.empty()) {
            rules.push_back(rule(lack.container, others, "write"));
        }
        return ldif("Add the right.", "olcAccess", rules);
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
    Configuration configuration_;
};

}  // namespace

void examine_openldap(const Examined& examined) {
    OpenLdap(examined).examine();
}

}  // namespace bascule::ldap
