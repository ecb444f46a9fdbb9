// What 389 Directory Server must offer: content synchronisation over the retro changelog, and
// rights by ACIs, which its Get Effective Rights control tells.
#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>
#include <map>

#include "connectors/ldap/controls.hpp"
#include "connectors/ldap/dialects/ds389/policy_reader.hpp"
#include "connectors/ldap/dn.hpp"
#include "connectors/ldap/examination/examined.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::Remedy;
using directory::SourceEntry;

constexpr const char* effective_rights = "1.3.6.1.4.1.42.2.27.9.5.2";
constexpr const char* changelog_plugin = "cn=Retro Changelog Plugin,cn=plugins,cn=config";

std::string first(const SourceEntry& entry, std::string_view attribute) {
    const auto& values = entry.values(attribute);
    return values.empty() ? std::string() : values.front();
}

/// "mail:rsc, userPassword:wo, aci:none" by lower-case name.
std::map<std::string, std::string> parse_rights(const std::string& text) {
    std::map<std::string, std::string> rights;
    std::size_t begin = 0;
    while (begin < text.size()) {
        const auto end = std::min(text.find(',', begin), text.size());
        const auto colon = text.find(':', begin);
        if (colon < end) {
            const auto name = text.find_first_not_of(' ', begin);
            rights[to_ascii_lower(text.substr(name, colon - name))] =
                text.substr(colon + 1, end - colon - 1);
        }
        begin = end + 1;
    }
    return rights;
}

class Ds389 {
  public:
    explicit Ds389(const Examined& examined) : examined_(examined) {}

    void examine() {
        examine_feed();
        examine_changelog();
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
    [[nodiscard]] std::string subject_of_aci() const {
        return "userdn=\"ldap:///" + examined_.account() + "\"";
    }

    [[nodiscard]] Remedy aci(
        const std::string& sentence, const std::string& dn, const std::string& targets,
        const std::string& name, const std::string& permission
    ) const {
        return {
            sentence + " For ldapmodify as Directory Manager:",
            {"dn: " + dn, "changetype: modify", "add: aci",
             fmt::format(
                 "aci: (targetattr=\"{}\")(version 3.0; acl \"{}\"; {} {};)", targets, name,
                 permission, subject_of_aci()
             )}};
    }

    [[nodiscard]] Remedy read_remedy(const Lack& lack) const {
        return aci(
            "Add the right.", lack.container, joined(lack.attributes, " || "),
            "bascule reads mapped attributes", "allow (read,search,compare)"
        );
    }

    [[nodiscard]] Remedy hide_passwords() const {
        return aci(
            "The account needs to write passwords, never to read them.", examined_.base(),
            "userPassword", "bascule reads no passwords", "deny (read,search,compare)"
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

    /// Starts the real thing for one entry and ends it, which also finds that no further stream is
    /// accepted.
    void examine_feed() {
        SearchRequest request;
        request.base = examined_.base();
        request.attributes = {"1.1"};
        const std::string subject = "change feed (RFC 4533)";
        auto options = examined_.options.source.connection;
        options.servers = {examined_.connection.server()};
        auto connection = Connection::open_bound(options, examined_.soon());
        if (!connection) {
            examined_.findings.bad("change_feed", subject, connection.error().detail, {});
            return;
        }
        const auto refusal = try_feed(*connection, request);
        if (refusal.empty()) {
            examined_.findings.good("change_feed", subject, "content synchronisation is accepted");
            return;
        }
        examined_.findings.bad("change_feed", subject, "refused: " + refusal, feed_remedy(refusal));
    }

    /// Empty when entries began to come.
    [[nodiscard]] std::string try_feed(Connection& connection, const SearchRequest& request) const {
        const auto id = connection.start_sync(request, {});
        if (!id) {
            return id.error().context;
        }
        const auto message = connection.next_message(*id, examined_.soon());
        if (!message) {
            return message.error().context;
        }
        if (!*message) {
            return "no answer";
        }
        if (ldap_msgtype(message->get()) != LDAP_RES_SEARCH_RESULT) {
            ldap_abandon_ext(connection.handle(), *id, nullptr, nullptr);
            return {};
        }
        const auto outcome = connection.outcome_of(message->get());
        if (!outcome) {
            return outcome.error().context;
        }
        return outcome->success()
                   ? std::string()
                   : fmt::format("{} {}", outcome->code, printable(outcome->diagnostic));
    }

    [[nodiscard]] Remedy feed_remedy(const std::string& refusal) const {
        if (refusal.find("active synchronization sessions") != std::string::npos) {
            return {
                "The server serves ten streams at most; end another program's. The number is "
                "nsslapd-syncMaxConcurrent in cn=Content Synchronization,cn=plugins,cn=config.",
                {}};
        }
        if (refusal.starts_with("50")) {
            return aci(
                "Let the account use the control.",
                "oid=1.3.6.1.4.1.4203.1.9.1.1,cn=features,cn=config", "*", "bascule synchronises",
                "allow (read,search)"
            );
        }
        return {
            "Switch the plug-ins on and restart the server (INSTANCE is its name):",
            {"dsconf INSTANCE plugin retro-changelog enable",
             "dsconf INSTANCE plugin retro-changelog set --attribute nsuniqueid:targetUniqueId",
             "dsconf INSTANCE plugin retro-changelog set --max-age 14d",
             "dsconf INSTANCE plugin contentsync enable", "dsctl INSTANCE restart"}};
    }

    void examine_changelog() {
        const std::string subject = "retro changelog";
        const std::string last = first(examined_.root, "lastchangenumber");
        if (last.empty()) {
            examined_.findings.advise(
                "changelog", subject, "the root entry does not tell its change numbers",
                {"Without them every connection reads everything. Let the account read "
                 "firstchangenumber and lastchangenumber of the root entry.",
                 {}}
            );
            return;
        }
        const std::string range =
            fmt::format("changes {} to {}", first(examined_.root, "firstchangenumber"), last);
        const auto plugin = examined_.look_at(
            changelog_plugin,
            {"nsslapd-attribute", "nsslapd-changelogmaxage", "nsslapd-pluginEnabled"}
        );
        if (plugin.values("nsslapd-pluginEnabled").empty()) {
            examined_.findings.good(
                "changelog", subject,
                range +
                    "; its settings cannot be read: there should be nsuniqueid:targetUniqueId "
                    "and a max-age of 14d"
            );
            return;
        }
        examine_changelog_settings(plugin, range);
    }

    void examine_changelog_settings(const SourceEntry& plugin, const std::string& range) {
        const std::string subject = "retro changelog";
        const auto& attributes = plugin.values("nsslapd-attribute");
        if (std::ranges::none_of(attributes, [](const std::string& one) {
                return to_ascii_lower(one).starts_with("nsuniqueid:");
            })) {
            examined_.findings.bad(
                "changelog", subject, range + ", without targetUniqueId",
                {"The server then accepts a cookie and tells none of the changes since; every "
                 "connection reads everything. For ldapmodify as Directory Manager, then a "
                 "restart:",
                 {"dn: " + std::string(changelog_plugin), "changetype: modify",
                  "add: nsslapd-attribute", "nsslapd-attribute: nsuniqueid:targetUniqueId"}}
            );
            return;
        }
        const std::string age = first(plugin, "nsslapd-changelogmaxage");
        examined_.findings.good(
            "changelog", subject, range + ", kept for " + (age.empty() ? "ever" : age)
        );
    }

    void tell_time() {
        const auto monitor = examined_.look_at("cn=monitor", {"currenttime"});
        const auto parsed = parse_generalized_time(first(monitor, "currenttime"));
        const auto base = examined_.look_at(examined_.base(), {"modifyTimestamp"});
        const auto newest = parse_generalized_time(first(base, "modifyTimestamp"));
        examine_clock(
            examined_, parsed ? std::optional(*parsed) : std::nullopt,
            newest ? std::optional(*newest) : std::nullopt
        );
    }

    using Rights = std::map<std::string, std::string>;

    [[nodiscard]] Rights rights_on(const std::string& dn, std::vector<std::string> names) const {
        const auto entries = examined_.look(
            dn, SearchScope::base, "(objectClass=*)", std::move(names),
            {{effective_rights, "dn: " + examined_.account(), true}}
        );
        return entries.empty() ? Rights()
                               : parse_rights(first(entries.front(), "attributeLevelRights"));
    }

    /// Of one attribute of one entry; nothing when the server does not tell.
    [[nodiscard]] static std::optional<bool> has_right(
        const Rights& rights, const std::string& attribute, std::string_view letters
    ) {
        const auto found = rights.find(to_ascii_lower(attribute));
        if (found == rights.end()) {
            return std::nullopt;
        }
        return found->second != "none" && std::ranges::all_of(letters, [&](char letter) {
                   return found->second.find(letter) != std::string::npos;
               });
    }

    /// Of an attribute that the entry's classes do not allow the server says that there is no right
    /// to it, so only those that it names unasked count, and the one that must be seen.
    [[nodiscard]] std::optional<bool> readable(const std::string& dn, const std::string& attribute)
        const {
        const bool needed = equals_ignoring_ascii_case(attribute, "nsUniqueId");
        return has_right(
            rights_on(dn, {needed ? std::string("nsUniqueId") : std::string("*")}), attribute, "rs"
        );
    }

    /// Whoever passes every rule of the policy also passes the history.
    void examine_identity() {
        const auto config = examined_.look_at("cn=config", {"nsslapd-rootdn", "passwordAdminDN"});
        const std::string account = dn_key_or_raw(examined_.account());
        const std::string manager = first(config, "nsslapd-rootdn");
        const std::string subject = "obeys the password policy";
        if (account == dn_key_or_raw("cn=Directory Manager") ||
            (!manager.empty() && account == dn_key_or_raw(manager))) {
            examined_.findings.advise(
                "policy_bypass", subject, "no: it is the Directory Manager",
                {"Use an account of its own that has rights by ACIs; see the handbook.", {}}
            );
            return;
        }
        const std::string administrators = first(config, "passwordAdminDN");
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
                aci("Its rules cannot be told before typing, nor which one failed. Add the right.",
                    "cn=config", joined(ds389_policy_attributes(), " || "),
                    "bascule reads the password policy", "allow (read,search,compare)")
            );
            return;
        }
        if (!equals_ignoring_ascii_case(first(config, "passwordMustChange"), "on")) {
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
            const auto rights = rights_on(container.people.front(), wanted);
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
            return aci(
                "Add the right.", lack.container, joined(lack.attributes, " || "),
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
