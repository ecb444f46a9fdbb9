#include "scim/profile/client_profile.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::scim {
namespace {

using Words = std::vector<std::string_view>;

/// A switch whose words name the values of its enumeration in order.
template <auto member>
ProfileSwitch words_switch(std::string_view name, std::string_view help, Words words) {
    using Value = std::decay_t<decltype(std::declval<ClientProfile>().*member)>;
    ProfileSwitch made{name, help, words, {}, {}};
    made.get = [words](const ClientProfile& profile) {
        return std::string(words[static_cast<std::size_t>(profile.*member)]);
    };
    made.set = [words](ClientProfile& profile, std::string_view text) {
        const auto word = std::find(words.begin(), words.end(), text);
        if (word == words.end()) {
            return false;
        }
        profile.*member = static_cast<Value>(word - words.begin());
        return true;
    };
    return made;
}

template <auto member>
ProfileSwitch rule_switch(std::string_view name, std::string_view help) {
    return words_switch<member>(name, help, {"accept", "refuse"});
}

template <auto member>
ProfileSwitch number_switch(std::string_view name, std::string_view help) {
    ProfileSwitch made{name, help, {}, {}, {}};
    made.get = [](const ClientProfile& profile) { return std::to_string(profile.*member); };
    made.set = [](ClientProfile& profile, std::string_view text) {
        std::uint32_t value = 0;
        const char* const end = text.data() + text.size();
        const auto [stopped, problem] = std::from_chars(text.data(), end, value);
        if (text.empty() || problem != std::errc{} || stopped != end) {
            return false;
        }
        profile.*member = value;
        return true;
    };
    return made;
}

std::vector<ProfileSwitch> patch_switches() {
    using P = ClientProfile;
    return {
        rule_switch<&P::patch_without_path>(
            "patch_without_path", "A PATCH operation that has no path."
        ),
        words_switch<&P::complex_replace>(
            "complex_replace",
            "Replacing a complex value: merge keeps the sub-attributes that are not named, whole "
            "drops them.",
            {"merge", "whole"}
        ),
        words_switch<&P::unmatched_replace>(
            "unmatched_replace",
            "Replacing with a value filter that matches nothing: refuse answers noTarget, create "
            "makes the element.",
            {"refuse", "create"}
        ),
        rule_switch<&P::unmatched_remove>(
            "unmatched_remove", "Removing with a value filter that matches nothing."
        ),
        rule_switch<&P::unknown_path>(
            "unknown_path",
            "A path whose attribute the type does not have; accept leaves the operation out."
        ),
        rule_switch<&P::operation_case>("operation_case", "Capital letters in op, such as Add."),
        rule_switch<&P::remove_by_list>(
            "remove_by_list", "Removing with a list of the elements to remove as value."
        ),
        rule_switch<&P::whole_elements>(
            "whole_elements",
            "Adding to or replacing filtered elements without naming a sub-attribute."
        ),
        rule_switch<&P::remove_all_members>(
            "remove_all_members", "Taking all members out of a group in one step."
        ),
        words_switch<&P::patch_answer>(
            "patch_answer",
            "The answer to PATCH: by_type is 204 for types with members and else 200, body always "
            "200, empty always 204.",
            {"by_type", "body", "empty"}
        ),
    };
}

std::vector<ProfileSwitch> body_switches() {
    using P = ClientProfile;
    return {
        rule_switch<&P::unknown_attributes>(
            "unknown_attributes",
            "Attributes and schema URIs in a body that the type does not have; accept drops them."
        ),
        rule_switch<&P::boolean_as_text>("boolean_as_text", "\"True\" and \"False\" for booleans."),
        rule_switch<&P::loose_values>(
            "loose_values",
            "A list for an attribute with one value, and a bare text for a complex one."
        ),
        words_switch<&P::several_primaries>(
            "several_primaries",
            "A list with several primary elements: first keeps the first one primary.",
            {"refuse", "first"}
        ),
        rule_switch<&P::other_canonical_values>(
            "other_canonical_values", "Values that an attribute's canonicalValues do not list."
        ),
        rule_switch<&P::missing_schemas>(
            "missing_schemas",
            "A body without schemas, without the type's own, or with one twice; accept completes "
            "it."
        ),
        rule_switch<&P::undeclared_extension>(
            "undeclared_extension", "Extension data whose URN is not in schemas; accept adds it."
        ),
        rule_switch<&P::repeated_external_id>(
            "repeated_external_id", "An externalId that another resource of the type has."
        ),
        rule_switch<&P::put>("put", "Replacing resources with PUT."),
        words_switch<&P::omitted_active>(
            "omitted_active", "A PUT without active.", {"keep", "clear"}
        ),
        words_switch<&P::omitted_external_id>(
            "omitted_external_id", "A PUT without externalId.", {"keep", "clear"}
        ),
        words_switch<&P::omitted_members>(
            "omitted_members", "A PUT without members.", {"keep", "clear"}
        ),
        rule_switch<&P::other_id_in_body>(
            "other_id_in_body",
            "A PUT whose id differs from the one in the address; accept ignores "
            "it."
        ),
    };
}

std::vector<ProfileSwitch> request_switches() {
    using P = ClientProfile;
    return {
        rule_switch<&P::unknown_filter_attribute>(
            "unknown_filter_attribute",
            "An attribute in a filter that the type does not have; accept takes it as unassigned."
        ),
        rule_switch<&P::loose_literals>(
            "loose_literals",
            "Filter values of another JSON type, and words without quotes; accept converts them."
        ),
        words_switch<&P::filter_operators>(
            "filter_operators", "The operators that filters may use.", {"all", "eq_and"}
        ),
        rule_switch<&P::list_without_scope>(
            "list_without_scope",
            "Listing a type that the token may not read; accept answers an empty list."
        ),
        number_switch<&P::largest_page>(
            "largest_page", "Most resources in one answer; 0 stands for scim.max_results."
        ),
        words_switch<&P::entity_tags>(
            "entity_tags", "If-Match on PUT, PATCH and DELETE.", {"optional", "required"}
        ),
        rule_switch<&P::endpoint_spelling>(
            "endpoint_spelling",
            "Endpoints in lower case, such as /users, and a slash at their end."
        ),
    };
}

/// A built-in profile: how it differs from the defaults of ClientProfile.
struct BuiltIn {
    std::string_view name;
    std::vector<SwitchSetting> settings;
};

const std::vector<BuiltIn>& built_in_profiles() {
    static const std::vector<BuiltIn> profiles{
        {"lenient", {}},
        {"strict",
         {{"unmatched_remove", "refuse"},
          {"unknown_path", "refuse"},
          {"operation_case", "refuse"},
          {"remove_by_list", "refuse"},
          {"unknown_attributes", "refuse"},
          {"loose_values", "refuse"},
          {"missing_schemas", "refuse"},
          {"undeclared_extension", "refuse"},
          {"repeated_external_id", "refuse"},
          {"omitted_external_id", "clear"},
          {"other_id_in_body", "refuse"},
          {"endpoint_spelling", "refuse"}}},
        {"entra",
         {{"unmatched_replace", "create"},
          {"boolean_as_text", "accept"},
          {"several_primaries", "first"},
          {"loose_literals", "accept"},
          {"list_without_scope", "accept"},
          {"omitted_members", "keep"}}},
        {"okta", {{"several_primaries", "first"}, {"omitted_members", "keep"}}},
        {"authentik", {{"several_primaries", "first"}, {"omitted_members", "keep"}}},
        {"interop",
         {{"patch_without_path", "refuse"},
          {"complex_replace", "whole"},
          {"unknown_path", "refuse"},
          {"operation_case", "refuse"},
          {"whole_elements", "refuse"},
          {"unknown_attributes", "refuse"},
          {"loose_values", "refuse"},
          {"missing_schemas", "refuse"},
          {"undeclared_extension", "refuse"},
          {"put", "refuse"},
          {"filter_operators", "eq_and"},
          {"endpoint_spelling", "refuse"}}},
        {"ipsie",
         {{"unknown_path", "refuse"},
          {"operation_case", "refuse"},
          {"repeated_external_id", "refuse"},
          {"remove_all_members", "refuse"}}},
    };
    return profiles;
}

tl::unexpected<Error> invalid(const char* code, std::string field, std::string detail) {
    return fail(Error{ErrorKind::invalid_input, code, std::move(detail), std::move(field), {}});
}

Status apply(ClientProfile& profile, const SwitchSetting& setting) {
    std::vector<std::string> names;
    for (const ProfileSwitch& which : profile_switches()) {
        names.emplace_back(which.name);
        if (which.name != setting.name) {
            continue;
        }
        if (which.set(profile, setting.value)) {
            return {};
        }
        return invalid(
            "invalid_value", setting.name,
            "expected " + values_of(which) + ", found \"" + printable(setting.value, 60) + "\""
        );
    }
    const std::string guess = nearest(setting.name, names);
    std::string known;
    for (const std::string& name : names) {
        known += (known.empty() ? "" : ", ") + name;
    }
    return invalid(
        "unknown_switch", setting.name,
        guess.empty() ? "unknown switch; known here: " + known
                      : "unknown switch; did you mean \"" + guess + "\"?"
    );
}

}  // namespace

const std::vector<ProfileSwitch>& profile_switches() {
    static const std::vector<ProfileSwitch> switches = [] {
        std::vector<ProfileSwitch> all = patch_switches();
        for (auto part : {body_switches(), request_switches()}) {
            std::move(part.begin(), part.end(), std::back_inserter(all));
        }
        return all;
    }();
    return switches;
}

std::string values_of(const ProfileSwitch& which) {
    std::string text;
    for (const std::string_view word : which.words) {
        text += text.empty() ? "" : word == which.words.back() ? " or " : ", ";
        text += word;
    }
    return text.empty() ? "a whole number" : text;
}

const ClientProfile& lenient_profile() {
    static const ClientProfile profile;
    return profile;
}

ProfileRegistry::ProfileRegistry() {
    for (const BuiltIn& one : built_in_profiles()) {
        ClientProfile& profile = profiles_.emplace_back();
        profile.name = one.name;
        for (const SwitchSetting& setting : one.settings) {
            [[maybe_unused]] const Status known = apply(profile, setting);
        }
    }
}

Status ProfileRegistry::define(
    const std::string& name, std::string_view base, const std::vector<SwitchSetting>& settings
) {
    const auto is_named = [&](const ClientProfile& profile) { return profile.name == name; };
    auto found = std::find_if(profiles_.begin(), profiles_.end(), is_named);
    ClientProfile changed = found == profiles_.end() ? ClientProfile{} : *found;
    if (!base.empty()) {
        BASCULE_CHECK(check_name(base));
        changed = *find(base);
    }
    changed.name = name;
    for (const SwitchSetting& setting : settings) {
        BASCULE_CHECK(apply(changed, setting));
    }
    if (found == profiles_.end()) {
        profiles_.push_back(std::move(changed));
    } else {
        *found = std::move(changed);
    }
    return {};
}

Status ProfileRegistry::set_default(std::string_view name) {
    BASCULE_CHECK(check_name(name));
    standard_ = static_cast<std::size_t>(find(name) - profiles_.data());
    return {};
}

const ClientProfile* ProfileRegistry::find(std::string_view name) const {
    if (name.empty()) {
        return &standard();
    }
    for (const ClientProfile& profile : profiles_) {
        if (profile.name == name) {
            return &profile;
        }
    }
    return nullptr;
}

Status ProfileRegistry::check_name(std::string_view name) const {
    std::vector<std::string> names;
    std::string known;
    for (const ClientProfile& profile : profiles_) {
        if (profile.name == name) {
            return {};
        }
        names.push_back(profile.name);
        known += (known.empty() ? "" : ", ") + profile.name;
    }
    const std::string guess = nearest(std::string(name), names);
    return invalid(
        "unknown_profile", "profile",
        "There is no profile '" + printable(name, 60) + "'; " +
            (guess.empty() ? "known are " + known + "." : "did you mean '" + guess + "'?")
    );
}

Error profile_refusal(
    const ClientProfile& profile, std::string_view switch_name, const char* code,
    const std::string& what, const std::string& advice, std::string field
) {
    return Error{
        ErrorKind::invalid_input,
        code,
        what + ", which the profile '" + profile.name + "' refuses (" + std::string(switch_name) +
            "); " + advice,
        std::move(field),
        {}};
}

}  // namespace bascule::scim
