#include "scim/service/external_id_rule.hpp"

#include <string>
#include <utility>
#include <vector>

#include "directory/base/json_text.hpp"
#include "directory/base/text.hpp"

namespace bascule::scim {

Status check_external_id(
    const TypeView& view, const ClientProfile& profile, directory::Reader& reader, const Uuid& id,
    std::string_view body
) {
    const auto external_id = json_text_member(body, "externalId");
    if (profile.repeated_external_id == Rule::accept || !external_id) {
        return {};
    }
    for (const LookupAttribute& attribute : view.lookups) {
        if (attribute.name != "externalId") {
            continue;
        }
        constexpr std::size_t enough = 2;
        BASCULE_TRY(
            const std::vector<directory::Object> holders,
            reader.find_by_term(attribute.id, *external_id, enough)
        );
        for (const directory::Object& holder : holders) {
            if (holder.row.id != id) {
                Error error = profile_refusal(
                    profile, "repeated_external_id", "uniqueness",
                    "The externalId '" + printable(*external_id, 100) + "' is that of " +
                        view.type->name + " " + holder.row.id.to_string(),
                    "change that one, or choose another externalId.", "externalId"
                );
                error.kind = ErrorKind::conflict;
                return fail(std::move(error));
            }
        }
    }
    return {};
}

}  // namespace bascule::scim
