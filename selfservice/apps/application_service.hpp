#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/access/access_resolver.hpp"
#include "directory/access/caller.hpp"
#include "directory/authority/authority.hpp"
#include "directory/ports/store.hpp"

namespace bascule::selfservice {

/// How people get access to an application by themselves.
struct SelfServiceSetting {
    bool enabled = false;
    std::optional<Uuid> target_group;  ///< a local group; whoever is let in becomes a member
    bool approval_required = false;
    std::vector<Uuid> approvers;  ///< users; 1 to 10 when approval is required, any one decides
    std::string role;             ///< one of the application's roles, or empty
};

struct SelfServiceReport {
    SelfServiceSetting setting;
    std::string state;   ///< "active", "disabled", "target_became_on_premises", "target_missing"
    std::string detail;  ///< a sentence when requests are not taken
};

/// The self-service setting of applications. Thread-safe.
class ApplicationService {
  public:
    /// The store and the authority outlive the service.
    ApplicationService(directory::Store& store, const authority::Authority& authority);

    /// Setting and present state. For Application, Cloud Application and Global Administrators, and
    /// tokens with admin:read. `not_found`, `forbidden`/"not_authorised".
    [[nodiscard]] Result<SelfServiceReport> get(
        const access::Caller& caller, const Uuid& application
    );

    /// Replaces the setting; tokens need admin:write. Refusals, also journalled: on_premises_group
    /// (the group comes from a directory), target_required, target_missing, role_assignable_group,
    /// restricted_unit, approvers_required, too_many_approvers, approver_not_a_user,
    /// approver_disabled, unknown_role.
    [[nodiscard]] Result<SelfServiceReport> put(
        const access::Caller& caller, const Uuid& application, SelfServiceSetting setting
    );

    /// Success when requests are taken now; else `conflict` with "not_requestable",
    /// "target_became_on_premises" or "target_missing".
    [[nodiscard]] Status accepts_requests(directory::Reader& reader, const Uuid& application) const;

  private:
    [[nodiscard]] Status require_right(
        directory::Reader& reader, const access::Caller& caller, std::string_view scope
    ) const;
    [[nodiscard]] Result<directory::Object> require_application(
        directory::Reader& reader, const Uuid& id
    ) const;
    [[nodiscard]] Result<SelfServiceReport> report(
        directory::Reader& reader, const directory::Object& object
    ) const;
    [[nodiscard]] Status validate(
        directory::Reader& reader, const directory::Object& application,
        const SelfServiceSetting& setting
    ) const;
    [[nodiscard]] Status validate_target(directory::Reader& reader, const Uuid& group) const;
    [[nodiscard]] Status validate_approvers(
        directory::Reader& reader, const SelfServiceSetting& setting
    ) const;

    directory::Store& store_;
    const authority::Authority& authority_;
    access::AccessResolver resolver_;
};

}  // namespace bascule::selfservice
