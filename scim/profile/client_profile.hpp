#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/error.hpp"
#include "directory/base/result.hpp"

namespace bascule::scim {

/// Whether something is taken as each switch describes, or answered with an error.
enum class Rule : std::uint8_t { accept, refuse };

/// What `replace` does to the sub-attributes of a complex value that it does not name.
enum class ComplexReplace : std::uint8_t {
    merge,  ///< they stay (RFC 7644 section 3.5.2.3)
    whole,  ///< they go (draft-zollner-scim-interop-profile)
};

/// What `replace` with a value filter that matches nothing does.
enum class UnmatchedReplace : std::uint8_t {
    refuse,  ///< `noTarget` (RFC 7644 section 3.5.2.3)
    create,  ///< makes the element that the filter describes (Microsoft Entra)
};

/// What becomes of an attribute that a PUT leaves out.
enum class Omitted : std::uint8_t { keep, clear };

/// What becomes of a list with several elements marked as primary.
enum class SeveralPrimaries : std::uint8_t {
    refuse,  ///< `invalidValue` (RFC 7643 section 2.4)
    first,   ///< the first stays primary
};

/// Which answer a PATCH gets. With `attributes` in the request it is always 200.
enum class PatchAnswer : std::uint8_t {
    by_type,  ///< 204 for types that have members, 200 for others
    body,     ///< 200
    empty,    ///< 204
};

enum class EntityTags : std::uint8_t {
    optional,  ///< If-Match counts when it is sent
    required,  ///< PUT, PATCH and DELETE need If-Match: 428
};

enum class FilterOperators : std::uint8_t {
    all,
    eq_and,  ///< only `eq`, joined by `and` (draft-zollner-scim-interop-profile)
};

/// How the service treats one client where RFC 7643 and RFC 7644, the interop profile and the large
/// clients disagree. A plain value; the defaults are those of the profile "lenient".
struct ClientProfile {
    std::string name = "lenient";

    // PATCH
    Rule patch_without_path = Rule::accept;  ///< RFC 7644 allows it; the interop profile forbids it
    ComplexReplace complex_replace = ComplexReplace::merge;
    UnmatchedReplace unmatched_replace = UnmatchedReplace::refuse;
    Rule unmatched_remove = Rule::accept;  ///< accept: success; RFC 7644 leaves it open
    Rule unknown_path = Rule::accept;      ///< accept: the operation does nothing
    Rule operation_case = Rule::accept;    ///< "Add", "REPLACE": Entra; RFC 7644 has lower case
    Rule remove_by_list = Rule::accept;    ///< remove with a list of elements: Entra, authentik
    Rule whole_elements = Rule::accept;    ///< add, replace on emails[…] without a sub-attribute
    Rule remove_all_members = Rule::accept;  ///< taking the last members away in one step
    PatchAnswer patch_answer = PatchAnswer::by_type;

    // Bodies
    Rule unknown_attributes = Rule::accept;  ///< accept: dropped; interop profile: invalidSyntax
    Rule boolean_as_text = Rule::refuse;     ///< "True", "False": Entra
    Rule loose_values = Rule::accept;  ///< a list of one, a bare text for a complex value: Entra
    SeveralPrimaries several_primaries = SeveralPrimaries::refuse;
    Rule other_canonical_values = Rule::accept;  ///< RFC 7643 section 7 calls the list advice
    Rule missing_schemas = Rule::accept;       ///< accept: inferred; RFC 7643 section 3 needs them
    Rule undeclared_extension = Rule::accept;  ///< its URN is not in schemas: accept adds it
    Rule repeated_external_id = Rule::accept;  ///< two resources of a type with one externalId

    // PUT
    Rule put = Rule::accept;  ///< RFC 7644 needs it; the interop profile forbids clients to use it
    Omitted omitted_active = Omitted::keep;
    Omitted omitted_external_id = Omitted::keep;
    Omitted omitted_members = Omitted::clear;
    Rule other_id_in_body = Rule::accept;  ///< accept: ignored

    // Filters and lists
    Rule unknown_filter_attribute = Rule::refuse;  ///< accept: it counts as unassigned
    Rule loose_literals =
        Rule::refuse;  ///< bare words, "true" for true, 5 for "5": Entra's samples
    FilterOperators filter_operators = FilterOperators::all;
    Rule list_without_scope = Rule::refuse;  ///< accept: an empty list; Entra probes /Groups
    std::uint32_t largest_page = 0;  ///< most resources in one answer; 0: as scim.max_results says

    // HTTP
    EntityTags entity_tags = EntityTags::optional;
    Rule endpoint_spelling = Rule::accept;  ///< /users, and a slash at the end: SailPoint
};

/// A switch of ClientProfile as configuration, documentation and commands see it.
struct ProfileSwitch {
    std::string_view name;                ///< also of the member
    std::string_view help;                ///< one sentence
    std::vector<std::string_view> words;  ///< values; empty: a whole number
    std::function<std::string(const ClientProfile&)> get;
    /// False when the text is no value of the switch.
    std::function<bool(ClientProfile&, std::string_view)> set;
};

/// Every switch, in the order of the struct.
[[nodiscard]] const std::vector<ProfileSwitch>& profile_switches();

/// "accept, refuse" or "a whole number".
[[nodiscard]] std::string values_of(const ProfileSwitch& which);

/// The profile "lenient".
[[nodiscard]] const ClientProfile& lenient_profile();

/// One line of configuration: a switch of a profile.
struct SwitchSetting {
    std::string name;
    std::string value;
};

/// The named profiles of a running service. A plain value; built at start, then read only.
class ProfileRegistry {
  public:
    /// Holds the built-in profiles; the default is "lenient".
    ProfileRegistry();

    /// Defines a profile, or changes a present one. A new one starts as a copy of `base`.
    /// `invalid_input`: "unknown_profile" for the base, "unknown_switch" and "invalid_value" with
    /// field = switch.
    [[nodiscard]] Status define(
        const std::string& name, std::string_view base, const std::vector<SwitchSetting>& settings
    );
    /// `invalid_input`/"unknown_profile".
    [[nodiscard]] Status set_default(std::string_view name);

    /// The profile of a client; an empty name means the default. Null when there is none.
    [[nodiscard]] const ClientProfile* find(std::string_view name) const;
    [[nodiscard]] const ClientProfile& standard() const { return profiles_[standard_]; }
    [[nodiscard]] const std::vector<ClientProfile>& all() const { return profiles_; }
    /// Null when there is such a profile, else what to tell: "There is no profile 'x'; …".
    [[nodiscard]] Status check_name(std::string_view name) const;

  private:
    std::vector<ClientProfile> profiles_;
    std::size_t standard_ = 0;
};

/// What a profile refuses, in one form: "WHAT, which the profile 'strict' refuses (SWITCH);
/// ADVICE".
[[nodiscard]] Error profile_refusal(
    const ClientProfile& profile, std::string_view switch_name, const char* code,
    const std::string& what, const std::string& advice, std::string field = {}
);

}  // namespace bascule::scim
