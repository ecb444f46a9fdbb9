// What a domain must offer: DirSync, sight of deleted objects, and rights by access control
// entries. Remedies are for dsacls on Windows and samba-tool on Samba.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "connectors/ldap/controlled_requests.hpp"
#include "connectors/ldap/dialects/active_directory/access_list.hpp"
#include "connectors/ldap/dialects/active_directory/account.hpp"
#include "connectors/ldap/dialects/active_directory/dir_sync_control.hpp"
#include "connectors/ldap/dialects/active_directory/values.hpp"
#include "connectors/ldap/directory_reads.hpp"
#include "connectors/ldap/examination/examined.hpp"
#include "connectors/ldap/mapping/mapping.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

using directory::Remedy;
using directory::SourceEntry;

constexpr const char* reset_password = "00299570-246d-11d0-a768-00aa006e0529";
constexpr const char* user_class = "bf967aba-0de6-11d0-a285-00aa003049e2";
constexpr const char* reset_name = "Reset Password";
constexpr const char* descriptor_flags_oid = "1.2.840.113556.1.4.801";
// SEQUENCE { 4 }: the discretionary access list alone.
constexpr std::string_view access_list_only("\x30\x03\x02\x01\x04", 5);
constexpr std::array<const char*, 2> history_controls{
    "1.2.840.113556.1.4.2239", "1.2.840.113556.1.4.2066"};
constexpr std::array<std::string_view, 2> everybody{
    std::string_view("\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00", 12),
    std::string_view("\x01\x01\x00\x00\x00\x00\x00\x05\x0b\x00\x00\x00", 12)};
constexpr std::uint32_t page_size = 500;
constexpr std::size_t most_protected = 10'000;

class Domain {
  public:
    explicit Domain(const Examined& examined)
        : examined_(examined),
          samba_(examined.root.first_value("vendorName").starts_with("Samba")),
          context_(naming_context_of(examined.connection, examined.base(), examined.soon())
                       .value_or(examined.base())) {
        const auto account = examined_.look_at("", {"tokenGroups"});
        for (const std::string_view group : account.values("tokenGroups")) {
            identities_.emplace_back(group);
        }
        // The account itself comes first.
        sid_ = identities_.empty() ? std::string() : sid_text(identities_.front()).value_or("");
        identities_.insert(identities_.end(), everybody.begin(), everybody.end());
    }

    void examine() {
        const auto time = parse_generalized_time(examined_.root.first_value("currentTime"));
        examine_clock(examined_, time ? std::optional(*time) : std::nullopt, std::nullopt);
        examine_feed();
        examine_deleted_objects();
        examine_limits(
            examined_, {"Bascule reads in pages; look at the domain's LDAP policy (ntdsutil: "
                        "MaxPageSize, MaxQueryDuration).",
                        {}}
        );
        examine_attributes(
            examined_, [](const std::string&, const std::string&) { return std::optional<bool>(); },
            [](const Lack&) { return Remedy(); }
        );
        if (examined_.options.writes_passwords) {
            examine_policies();
            examine_history();
            count_protected();
        }
        examine_writing();
    }

  private:
    /// One DirSync round whose filter nobody meets.
    void examine_feed() {
        SearchRequest request;
        request.base = context_;
        request.scope = SearchScope::subtree;
        request.filter = "(objectClass=bascule-doctor-none)";
        request.attributes = {"objectGUID"};
        const auto end = search_with_controls(
            examined_.connection, request, {{dir_sync_oid, encode_dir_sync_request(""), true}},
            examined_.patience(), [](const SourceEntry&) -> Status { return {}; }
        );
        const std::string subject = "change feed (DirSync)";
        const bool refused = end && !end->outcome.success();
        if (!end || refused) {
            examined_.findings.bad(
                "change_feed", subject,
                refused
                    ? fmt::format(
                          "refused: {} {}", end->outcome.code, printable(end->outcome.diagnostic)
                      )
                    : printable(end.error().context),
                {"Use port 636 or 389 of a domain controller, not the global catalogue's 3268 and "
                 "3269, and let the account read " +
                     context_ + ".",
                 {}}
            );
            return;
        }
        examined_.findings.good("change_feed", subject, "answers with the account's own rights");
    }

    void examine_deleted_objects() {
        const std::string dn = "CN=Deleted Objects," + context_;
        const std::string subject = "deleted objects";
        auto found = examined_.look(
            dn, SearchScope::subtree, "(isDeleted=TRUE)", {"1.1"}, {{show_deleted_oid, {}, true}}
        );
        // Everybody may see that there is such a container.
        std::erase_if(found, [&dn](const SourceEntry& entry) {
            return equals_ignoring_ascii_case(entry.dn, dn);
        });
        if (!found.empty()) {
            examined_.findings.good(
                "deleted_objects", subject, fmt::format("visible ({})", found.size())
            );
            return;
        }
        Remedy remedy{
            "None can be seen: nothing was deleted yet, or the account may not see it. Then "
            "deletions are found by comparing all identifiers every five minutes. ",
            {}};
        if (samba_) {
            remedy.sentence += "Put (A;CIOI;LCRPLO;;;" + sid_ +
                               ") into the nTSecurityDescriptor of " + dn +
                               " with ldbedit (controls show_deleted:1, sd_flags:1:4).";
        } else {
            remedy.sentence += "As a domain administrator:";
            remedy.lines = {
                "dsacls \"" + dn + "\" /takeownership",
                "dsacls \"" + dn + "\" /G \"" + account_name() + ":LCRP\""};
        }
        examined_.findings.advise("deleted_objects", subject, "none visible", remedy);
    }

    void examine_policies() {
        const std::string subject = "password policy";
        const auto head = examined_.look_at(context_, {"minPwdLength"});
        if (head.values("minPwdLength").empty()) {
            examined_.findings.advise(
                "password_policy", subject, "the domain's policy cannot be read",
                {"Let the account read " + context_ + ".", {}}
            );
            return;
        }
        const std::string container = "CN=Password Settings Container,CN=System," + context_;
        const auto settings = examined_.look(
            container, SearchScope::subtree, "(objectClass=msDS-PasswordSettings)",
            {"msDS-MinimumPasswordLength"}
        );
        const bool seen = examined_.meets(container, "(objectClass=*)");
        if (!seen) {
            examined_.findings.advise(
                "password_policy", subject, "fine-grained policies cannot be seen",
                {"The rules of people who have one cannot be told before typing. As a domain "
                 "administrator:",
                 samba_
                     ? std::vector<std::string>{samba_command(
                           container, "(A;CI;LCRPLO;;;" + sid_ + ")"
                       )}
                     : std::vector<
                           std::
                               string>{"dsacls \"" + container + "\" /I:T /G \"" + account_name() + ":GR\""}}
            );
            return;
        }
        examined_.findings.good(
            "password_policy", subject,
            fmt::format("the domain's is readable; {} fine-grained ones seen", settings.size())
        );
    }

    void examine_history() {
        const std::string subject = "history at a reset";
        if (std::ranges::any_of(history_controls, [this](const char* oid) {
                return examined_.offers(oid);
            })) {
            examined_.findings.good("reset_history", subject, "applied by the server");
            return;
        }
        examined_.findings.advise(
            "reset_history", subject, "this server cannot apply it",
            {"Nothing mends that: Samba compares with earlier passwords only when people change "
             "their own. It is said before typing.",
             {}}
        );
    }

    void count_protected() {
        const auto& defaults = default_mapping(Dialect::active_directory);
        SearchRequest request;
        request.base = examined_.base();
        request.scope = SearchScope::subtree;
        request.filter =
            "(&" + with_defaults(examined_.options.source.mapping.users, defaults.users).filter +
            "(adminCount=1))";
        request.attributes = {"1.1"};
        std::size_t count = 0;
        const auto end = search_paged(
            examined_.connection, request, {}, page_size, examined_.patience(),
            [&count](const SourceEntry&) -> Status {
                return ++count < most_protected ? Status()
                                                : fail(ErrorKind::conflict, "enough", "");
            }
        );
        static_cast<void>(end);
        examined_.findings.good(
            "protected_accounts", "protected accounts (adminCount)",
            count == 0 ? "none"
                       : fmt::format("{}: their passwords cannot be reset from here", count)
        );
    }

    /// Somebody of the container whom the domain does not protect.
    [[nodiscard]] std::optional<SourceEntry> ordinary_person(const Container& container) const {
        for (const auto& dn : container.people) {
            auto found = examined_.look(
                dn, SearchScope::base, "(!(adminCount=1))",
                {"allowedAttributesEffective", "nTSecurityDescriptor"},
                {{descriptor_flags_oid, std::string(access_list_only), true}}
            );
            if (!found.empty()) {
                return std::move(found.front());
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] std::vector<std::string> wanted_attributes() const {
        std::vector<std::string> wanted;
        if (examined_.options.writes_passwords) {
            wanted.emplace_back("pwdLastSet");
        }
        if (examined_.options.unlocks) {
            wanted.emplace_back("lockoutTime");
        }
        const auto& more = examined_.options.written_attributes;
        wanted.insert(wanted.end(), more.begin(), more.end());
        return wanted;
    }

    [[nodiscard]] std::vector<std::string> lacking(const SourceEntry& person) const {
        std::vector<std::string> lacks;
        const auto& descriptor = person.values("nTSecurityDescriptor");
        if (examined_.options.writes_passwords && !descriptor.empty() &&
            !is_granted(
                descriptor.front(), {identities_, control_access_right, wire_guid(reset_password)}
            )) {
            lacks.emplace_back(reset_name);
        }
        const auto& writable = person.values("allowedAttributesEffective");
        for (const auto& name : wanted_attributes()) {
            if (std::ranges::none_of(writable, [&](std::string_view one) {
                    return equals_ignoring_ascii_case(one, name);
                })) {
                lacks.push_back(name);
            }
        }
        return lacks;
    }

    void examine_writing() {
        auto names = wanted_attributes();
        if (examined_.options.writes_passwords) {
            names.insert(names.begin(), reset_name);
        }
        if (names.empty()) {
            return;
        }
        ContainerReport report{
            "write_rights", "write " + some_of(names, 3), "allowed", "no right to", 0, {}};
        for (const auto& container : examined_.people.containers) {
            const auto person = ordinary_person(container);
            if (!person) {
                continue;
            }
            ++report.asked;
            if (auto lacks = lacking(*person); !lacks.empty()) {
                report.lacks.push_back({container.dn, std::move(lacks)});
            }
        }
        report_containers(examined_.findings, report, [this](const Lack& lack) {
            return samba_ ? samba_remedy(lack) : windows_remedy(lack);
        });
    }

    [[nodiscard]] Remedy windows_remedy(const Lack& lack) const {
        Remedy remedy{"As a domain administrator:", {}};
        for (const auto& name : lack.attributes) {
            remedy.lines.push_back(fmt::format(
                "dsacls \"{}\" /I:S /G \"{}:{};{};user\"", lack.container, account_name(),
                name == reset_name ? "CA" : "RPWP", name
            ));
        }
        return remedy;
    }

    [[nodiscard]] Remedy samba_remedy(const Lack& lack) const {
        std::string entries;
        for (const auto& name : lack.attributes) {
            const bool reset = name == reset_name;
            entries += fmt::format(
                "(OA;CIIO;{};{};{};{})", reset ? "CR" : "RPWP",
                reset ? reset_password : schema_guid(name), user_class, sid_
            );
        }
        return {"On a domain controller:", {samba_command(lack.container, entries)}};
    }

    [[nodiscard]] static std::string samba_command(
        const std::string& dn, const std::string& entries
    ) {
        return fmt::format("samba-tool dsacl set --objectdn=\"{}\" --sddl=\"{}\"", dn, entries);
    }

    /// The identifier that access control entries name an attribute by.
    [[nodiscard]] std::string schema_guid(const std::string& attribute) const {
        const auto found = examined_.look(
            examined_.root.first_value("schemaNamingContext"), SearchScope::subtree,
            "(lDAPDisplayName=" + attribute + ")", {"schemaIDGUID"}
        );
        const auto bytes =
            found.empty() ? std::string() : found.front().first_value("schemaIDGUID");
        const auto guid = guid_from_wire(bytes);
        return guid ? guid->to_string() : attribute;
    }

    [[nodiscard]] static std::string wire_guid(const char* text) {
        const auto guid = parse_uuid(text);
        return guid ? guid_to_wire(*guid) : std::string();
    }

    /// "CORP\bascule", as Windows tools take it.
    [[nodiscard]] std::string account_name() const {
        const auto account = examined_.look_at("<SID=" + sid_ + ">", {"sAMAccountName"});
        const auto partitions = examined_.look(
            "CN=Partitions," + examined_.root.first_value("configurationNamingContext"),
            SearchScope::subtree, "(nCName=" + context_ + ")", {"nETBIOSName"}
        );
        const std::string name = account.first_value("sAMAccountName");
        if (name.empty() || partitions.empty()) {
            return examined_.account();
        }
        return partitions.front().first_value("nETBIOSName") + "\\" + name;
    }

    const Examined& examined_;
    bool samba_;
    std::string context_;
    std::vector<std::string> identities_;
    std::string sid_;
};

}  // namespace

void examine_active_directory(const Examined& examined) {
    Examined own = examined;
    std::erase_if(own.attributes, is_computed_name);
    Domain(own).examine();
}

}  // namespace bascule::ldap
