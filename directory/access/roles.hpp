#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace bascule::access {

/// The built-in administrator roles, named as in Microsoft Entra so that people find what they
/// know.
enum class Role : std::uint8_t {
    global_administrator,
    privileged_role_administrator,
    privileged_authentication_administrator,
    authentication_administrator,
    authentication_policy_administrator,
    user_administrator,
    helpdesk_administrator,
    password_administrator,
    groups_administrator,
    license_administrator,
    application_administrator,
    cloud_application_administrator,
    attribute_assignment_administrator,
    attribute_assignment_reader,
    cloud_device_administrator,
    printer_administrator,
    sharepoint_administrator,
    teams_administrator,
    teams_devices_administrator,
    directory_readers,
    guest_inviter,
    message_center_reader,
    reports_reader,
    usage_summary_reports_reader,
    user_experience_success_manager,
    other,  ///< any role that is not listed: it gives no right here and protects whoever holds it
};

/// Every role except `other`, in declaration order.
[[nodiscard]] std::span<const Role> all_roles();

/// The name that people read: "Helpdesk Administrator".
[[nodiscard]] std::string_view name_of(Role role);

/// Understands "Helpdesk Administrator", "HelpdeskAdministrator", "helpdesk_administrator" and
/// "Helpdesk Admin". Nothing for an unknown name.
[[nodiscard]] std::optional<Role> parse_role(std::string_view name);

/// The catalogue name that is spelt most like `name`, for "did you mean".
[[nodiscard]] std::string_view nearest_role_name(std::string_view name);

/// May the role be assigned for one administrative unit only?
[[nodiscard]] bool is_unit_scopable(Role role);

}  // namespace bascule::access
