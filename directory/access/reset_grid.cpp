#include "directory/access/reset_grid.hpp"

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string_view>

namespace bascule::access {
namespace {

/// One row of a grid: who may act on holders of this role. Letters stand for columns:
/// P password, H helpdesk, A authentication, U user administrator. The two roles that act on
/// everybody are not listed.
struct Row {
    Role target;
    std::string_view actors;
};

constexpr Row reset_rows[] = {
    {Role::directory_readers, "PHAU"},
    {Role::guest_inviter, "PHAU"},
    {Role::password_administrator, "PHAU"},
    {Role::helpdesk_administrator, "HU"},
    {Role::authentication_administrator, "A"},
    {Role::message_center_reader, "HAU"},
    {Role::reports_reader, "HAU"},
    {Role::usage_summary_reports_reader, "HAU"},
    {Role::user_experience_success_manager, "HAU"},
    {Role::groups_administrator, "U"},
    {Role::user_administrator, "U"},
};

constexpr Row sensitive_rows[] = {
    {Role::directory_readers, "AU"},
    {Role::guest_inviter, "AU"},
    {Role::password_administrator, "AU"},
    {Role::helpdesk_administrator, "U"},
    {Role::authentication_administrator, "A"},
    {Role::message_center_reader, "AU"},
    {Role::reports_reader, "AU"},
    {Role::usage_summary_reports_reader, "AU"},
    {Role::user_experience_success_manager, "AU"},
    {Role::groups_administrator, "U"},
    {Role::user_administrator, "U"},
};

/// The column of a role, or 0 when it acts on nobody.
char column_of(Role actor) {
    switch (actor) {
        case Role::password_administrator:
            return 'P';
        case Role::helpdesk_administrator:
            return 'H';
        case Role::authentication_administrator:
            return 'A';
        case Role::user_administrator:
            return 'U';
        default:
            return 0;
    }
}

/// Columns that a grid has at all, besides the two roles that act on everybody.
std::string_view columns_of(Action action) {
    switch (action) {
        case Action::reset_password:
            return "PHAU";
        case Action::change_sensitive_data:
            return "AU";
        case Action::manage_sign_in_methods:
            return "A";
    }
    return "";
}

std::span<const Row> rows_of(Action action) {
    // Sign-in methods follow the sensitive grid, without the user administrator's column.
    return action == Action::reset_password ? std::span<const Row>(reset_rows) : sensitive_rows;
}

}  // namespace

bool acts_on_everybody(Role actor) {
    return actor == Role::privileged_authentication_administrator ||
           actor == Role::global_administrator;
}

bool is_acting_role(Action action, Role actor) {
    const char column = column_of(actor);
    return acts_on_everybody(actor) ||
           (column != 0 && columns_of(action).find(column) != std::string_view::npos);
}

bool may_act_on(Action action, Role actor, Role target) {
    if (acts_on_everybody(actor)) {
        return true;
    }
    if (!is_acting_role(action, actor)) {
        return false;
    }
    const auto rows = rows_of(action);
    const auto row = std::ranges::find(rows, target, &Row::target);
    return row != rows.end() && row->actors.find(column_of(actor)) != std::string_view::npos;
}

}  // namespace bascule::access
