#include "connectors/ldap/dialects/ds389/policy_reader.hpp"

#include "connectors/ldap/directory_search.hpp"
#include "directory/base/text.hpp"

namespace bascule::ldap {
namespace {

constexpr const char* global_entry = "cn=config";
constexpr const char* local_switch = "nsslapd-pwpolicy-local";

const std::vector<std::string> rule_attributes{"passwordCheckSyntax", "passwordMinLength",
                                               "passwordMinDigits",   "passwordMinAlphas",
                                               "passwordMinUppers",   "passwordMinLowers",
                                               "passwordMinSpecials", "passwordMinCategories",
                                               "passwordMaxRepeats",  "passwordHistory",
                                               "passwordInHistory",   "passwordMinAge",
                                               "passwordExp",         "passwordMaxAge",
                                               "passwordLockout",     "passwordMaxFailure",
                                               "passwordUnlock",      "passwordLockoutDuration",
                                               "passwordMustChange",  local_switch};

}  // namespace

const std::vector<std::string>& ds389_policy_attributes() {
    return rule_attributes;
}

Result<Ds389Policy> Ds389PolicyReader::global_policy(Deadline deadline) {
    BASCULE_TRY(const auto entry, find_entry(work_, global_entry, rule_attributes, deadline));
    return entry ? ds389_policy(*entry) : Ds389Policy{};
}

Result<Ds389Policy> Ds389PolicyReader::policy_of(const std::string& dn, Deadline deadline) {
    BASCULE_TRY(const auto entry, find_entry(work_, dn, {"pwdpolicysubentry"}, deadline));
    if (!entry) {
        return fail(
            ErrorKind::not_found, "not_in_directory",
            "This person is not in the directory any more, or the service account may not see the "
            "entry."
        );
    }
    BASCULE_TRY(const auto global, find_entry(work_, global_entry, rule_attributes, deadline));
    const std::string own = entry->first_value("pwdpolicysubentry");
    // Marks of a policy stay on entries when local policies are switched off.
    const bool off = global && equals_ignoring_ascii_case(global->first_value(local_switch), "off");
    if (!own.empty() && !off) {
        BASCULE_TRY(const auto local, find_entry(work_, own, rule_attributes, deadline));
        return local ? ds389_policy(*local) : Ds389Policy{};
    }
    return global ? ds389_policy(*global) : Ds389Policy{};
}

}  // namespace bascule::ldap
