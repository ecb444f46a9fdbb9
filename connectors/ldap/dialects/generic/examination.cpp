// What any LDAPv3 server must show: an anchor, stamps, and a way for passwords.
#include <fmt/format.h>
#include <ldap.h>

#include <algorithm>
#include <array>

#include "connectors/ldap/examination/examined.hpp"

namespace bascule::ldap {
namespace {

using directory::Remedy;

constexpr std::string_view persistent_search = "2.16.840.1.113730.3.4.3";

/// A server that is not known has no syntax of its own for rights.
Remedy in_words(const Examined& examined, const Lack& lack, std::string_view what) {
    return {
        fmt::format(
            "Give {} the right to {} {} below {}.", examined.account(), what,
            joined(lack.attributes), lack.container
        ),
        {}};
}

void examine_anchor(const Examined& examined) {
    const auto& configured = examined.options.source.polling.anchor;
    const std::string subject = "what names an entry";
    if (configured == "dn") {
        examined.findings.advise(
            "anchor", subject, "its DN",
            {"A rename is a deletion and a new person. Set sources[].anchor to an attribute whose "
             "value never changes and is never given to somebody else.",
             {}}
        );
        return;
    }
    constexpr std::array<const char*, 5> known{
        "entryUUID", "nsUniqueId", "ibm-entryUuid", "GUID", "objectGUID"};
    std::vector<std::string> candidates{configured};
    if (configured.empty()) {
        candidates.assign(known.begin(), known.end());
    }
    const auto base = examined.look_at(examined.base(), candidates);
    for (const auto& name : candidates) {
        if (!base.values(name).empty()) {
            examined.findings.good("anchor", subject, name);
            return;
        }
    }
    if (!configured.empty()) {
        examined.findings.advise(
            "anchor", subject, configured + " is not shown at the base entry",
            {"Entries without it go by their DN.", {}}
        );
        return;
    }
    examined.findings.bad(
        "anchor", subject, "none of " + joined(candidates) + " is shown",
        {"Let the account read it, or set sources[].anchor.", {}}
    );
}

void examine_changes(const Examined& examined) {
    const auto base = examined.look_at(examined.base(), {"modifyTimestamp", "createTimestamp"});
    const std::string subject = "how changes are found";
    const std::string wakes =
        examined.offers(persistent_search) ? "; persistent search tells of them at once" : "";
    std::optional<Time> newest;
    if (const auto& stamps = base.values("modifyTimestamp"); !stamps.empty()) {
        const auto parsed = parse_generalized_time(stamps.front());
        newest = parsed ? std::optional(*parsed) : std::nullopt;
        examined.findings.good("change_feed", subject, "by modifyTimestamp" + wakes);
    } else {
        examined.findings.advise(
            "change_feed", subject, "modifyTimestamp is not shown, so everything is read again",
            {"Let the account read modifyTimestamp and createTimestamp, and index them.", {}}
        );
    }
    examine_clock(examined, std::nullopt, newest);
    if (!examined.offers(LDAP_CONTROL_PAGEDRESULTS)) {
        examined.findings.advise(
            "paging", "paged results (RFC 2696)", "not offered",
            {"Answers come whole; the server's size limit must be above the number of entries.", {}}
        );
    }
}

void examine_passwords(const Examined& examined) {
    if (!examined.options.writes_passwords) {
        return;
    }
    const std::string subject = "password reset";
    const bool offered =
        std::ranges::count(
            examined.root.values("supportedExtension"), std::string_view(LDAP_EXOP_MODIFY_PASSWD)
        ) > 0;
    if (offered) {
        examined.findings.good(
            "write_rights", subject,
            "Password Modify is offered; whether the account may use it shows at the first reset"
        );
    } else if (examined.options.source.replaces_password) {
        examined.findings.good("write_rights", subject, "userPassword is replaced, as configured");
    } else {
        examined.findings.bad(
            "write_rights", subject, "the server offers no Password Modify (RFC 3062)",
            {"When it hashes what it is given in clear text, set "
             "sources[].write_back.replace_password.",
             {}}
        );
    }
    examined.findings.advise(
        "must_change", "change at the next sign-in", "this server cannot be told",
        {"A temporary password stays valid until somebody changes it.", {}}
    );
}

}  // namespace

void examine_generic(const Examined& examined) {
    examine_anchor(examined);
    examine_changes(examined);
    examine_limits(examined, {"Lift the size and time limits for " + examined.account() + ".", {}});
    examine_attributes(examined, readable_by_negation(examined), [&](const Lack& lack) {
        return in_words(examined, lack, "read");
    });
    examine_password_secrecy(examined, [&] {
        return Remedy{
            "Take the right to read userPassword from " + examined.account() +
                "; writing does not need it.",
            {}};
    });
    examine_passwords(examined);
}

}  // namespace bascule::ldap
