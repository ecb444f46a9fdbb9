#include "scim/profile/interop_profile.hpp"

#include <algorithm>
#include <array>

namespace bascule::scim {

bool follows_interop_profile(const ClientProfile& profile) {
    const std::array refused{profile.patch_without_path,   profile.whole_elements,
                             profile.operation_case,       profile.unknown_path,
                             profile.unknown_attributes,   profile.missing_schemas,
                             profile.undeclared_extension, profile.unknown_filter_attribute,
                             profile.boolean_as_text,      profile.loose_values,
                             profile.loose_literals};
    const bool refuses =
        std::all_of(refused.begin(), refused.end(), [](Rule rule) { return rule == Rule::refuse; });
    return refuses && profile.complex_replace == ComplexReplace::whole &&
           profile.unmatched_replace == UnmatchedReplace::refuse &&
           profile.entity_tags == EntityTags::optional &&
           (profile.largest_page == 0 || profile.largest_page >= interop_page);
}

}  // namespace bascule::scim
