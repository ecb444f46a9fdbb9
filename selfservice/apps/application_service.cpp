#include "selfservice/apps/application_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "directory/base/json_text.hpp"
#include "directory/base/log.hpp"
#include "directory/base/text.hpp"
#include "selfservice/people.hpp"

namespace bascule::selfservice {
namespace {

using access::Caller;
using access::Role;
using directory::JournalRecord;
using directory::Object;
using directory::Outcome;
using directory::Reader;
using directory::Transaction;

constexpr std::size_t most_approvers = 10;
constexpr std::array managers{
    Role::application_administrator, Role::cloud_application_administrator,
    Role::global_administrator};

tl::unexpected<Error> refuse(
    ErrorKind kind, std::string code, std::string detail, std::string field
) {
    return fail(Error{kind, std::move(code), std::move(detail), std::move(field), {}});
}

SelfServiceSetting setting_of(std::string_view body) {
    SelfServiceSetting setting;
    const std::string_view stored = json_member(body, "selfService");
    if (stored.empty()) {
        return setting;
    }
    setting.enabled = json_member(stored, "enabled") == "true";
    setting.approval_required = json_member(stored, "approvalRequired") == "true";
    setting.role = json_text_member(stored, "role").value_or("");
    if (const auto group = parse_uuid(json_text_member(stored, "targetGroup").value_or(""))) {
        setting.target_group = *group;
    }
    if (const std::string_view approvers = json_member(stored, "approvers"); !approvers.empty()) {
        JsonElements elements(approvers);
        while (const auto element = elements.next()) {
            if (const auto id = parse_uuid(decode_json_string(*element))) {
                setting.approvers.push_back(*id);
            }
        }
    }
    return setting;
}

void write_setting(JsonWriter& json, const SelfServiceSetting& setting) {
    json.begin_object().key("enabled").boolean(setting.enabled);
    if (setting.target_group) {
        json.field("targetGroup", setting.target_group->to_string());
    }
    json.key("approvalRequired").boolean(setting.approval_required);
    if (!setting.approvers.empty()) {
        json.key("approvers").begin_array();
        for (const Uuid& approver : setting.approvers) {
            json.text(approver.to_string());
        }
        json.end_array();
    }
    if (!setting.role.empty()) {
        json.field("role", setting.role);
    }
    json.field("state", setting.enabled ? "active" : "disabled").end_object();
}

std::string with_setting(std::string_view body, const SelfServiceSetting& setting) {
    std::string changed;
    JsonWriter json(changed);
    json.begin_object();
    JsonMembers members(body);
    while (const auto member = members.next()) {
        if (member->key != "selfService") {
            json.key(member->key).raw(member->value);
        }
    }
    json.key("selfService");
    write_setting(json, setting);
    json.end_object();
    return changed;
}

bool knows_role(std::string_view body, const std::string& role) {
    const std::string_view roles = json_member(body, "roles");
    if (roles.empty()) {
        return false;
    }
    JsonElements elements(roles);
    while (const auto element = elements.next()) {
        if (json_text_member(*element, "value") == role) {
            return true;
        }
    }
    return false;
}

JournalRecord record_of(
    const Caller& caller, const Uuid& application, const SelfServiceSetting& setting
) {
    JournalRecord record;
    record.actor = caller.actor;
    record.origin = caller.origin;
    record.activity = "Update self-service application setting";
    record.source_address = caller.source_address;
    record.request_id = caller.request_id;
    record.target = application;
    record.target_type = "Application";
    record.details.emplace_back("Enabled", setting.enabled ? "true" : "false");
    record.details.emplace_back(
        "TargetGroup", setting.target_group ? setting.target_group->to_string() : "None"
    );
    record.details.emplace_back("ApprovalRequired", setting.approval_required ? "true" : "false");
    return record;
}

}  // namespace

ApplicationService::ApplicationService(
    directory::Store& store, const authority::Authority& authority
)
    : store_(store), authority_(authority), resolver_(store.registry()) {}

Status ApplicationService::require_right(
    Reader& reader, const Caller& caller, std::string_view scope
) const {
    if (caller.has_scope(scope)) {
        return {};
    }
    if (caller.actor.kind == directory::ActorKind::user && caller.actor.id) {
        BASCULE_TRY(
            const bool holds, resolver_.holds_for_organisation(reader, *caller.actor.id, managers)
        );
        if (holds) {
            return {};
        }
    }
    return fail(
        ErrorKind::forbidden, "not_authorised",
        "Only an Application Administrator, a Cloud Application Administrator or a Global "
        "Administrator may do this."
    );
}

Result<Object> ApplicationService::require_application(Reader& reader, const Uuid& id) const {
    BASCULE_TRY(auto object, reader.find(id));
    if (!object || object->row.type != store_.registry().type("Application")) {
        return fail(ErrorKind::not_found, "not_found", "There is no application with this id.");
    }
    return std::move(*object);
}

Result<SelfServiceReport> ApplicationService::report(Reader& reader, const Object& object) const {
    SelfServiceReport report{setting_of(object.body), "active", {}};
    if (report.setting.target_group) {
        BASCULE_TRY(const auto group, reader.find_row(*report.setting.target_group));
        if (!group || group->type != store_.registry().type("Group")) {
            report.state = "target_missing";
            report.detail = "The target group does not exist any more. Choose another group.";
        } else if (const Status target = authority_.require_self_service_target(*group); !target) {
            report.state = "target_became_on_premises";
            report.detail = target.error().detail;
        }
    }
    if (!report.setting.enabled) {
        report.state = "disabled";
        report.detail = "People cannot ask for this application themselves.";
    }
    return report;
}

Status ApplicationService::validate_target(Reader& reader, const Uuid& id) const {
    BASCULE_TRY(const auto group, reader.find(id));
    if (!group || group->row.type != store_.registry().type("Group")) {
        return refuse(
            ErrorKind::policy_rejected, "target_missing",
            "There is no group with this id. Choose a local group.", "targetGroup"
        );
    }
    if (Status target = authority_.require_self_service_target(group->row); !target) {
        return fail(std::move(target.error()).with_field("targetGroup"));
    }
    if (resolver_.is_role_assignable(*group)) {
        return refuse(
            ErrorKind::policy_rejected, "role_assignable_group",
            fmt::format(
                "'{}' gives administrator roles to its members. Choose another group.",
                group->row.display
            ),
            "targetGroup"
        );
    }
    constexpr std::size_t most_units = 100;
    BASCULE_TRY(
        const auto units,
        reader.edge_sources(
            directory::EdgeKind::unit_member, group->row.oid, directory::Oid{}, most_units
        )
    );
    for (const directory::ObjectRow& row : units) {
        BASCULE_TRY(const auto unit, reader.find(row.oid));
        if (unit && access::AccessResolver::is_restricted_unit(*unit)) {
            return refuse(
                ErrorKind::policy_rejected, "restricted_unit",
                fmt::format(
                    "'{}' belongs to a restricted administrative unit. Choose another group.",
                    group->row.display
                ),
                "targetGroup"
            );
        }
    }
    return {};
}

Status ApplicationService::validate_approvers(Reader& reader, const SelfServiceSetting& setting)
    const {
    if (setting.approval_required && setting.approvers.empty()) {
        return refuse(
            ErrorKind::invalid_input, "approvers_required", "Name 1 to 10 users who may approve.",
            "approvers"
        );
    }
    if (setting.approvers.size() > most_approvers) {
        return refuse(
            ErrorKind::invalid_input, "too_many_approvers",
            fmt::format("At most 10 users may approve; {} are named.", setting.approvers.size()),
            "approvers"
        );
    }
    for (const Uuid& id : setting.approvers) {
        BASCULE_TRY(const auto approver, reader.find(id));
        if (!approver || approver->row.type != store_.registry().type("User")) {
            return refuse(
                ErrorKind::invalid_input, "approver_not_a_user",
                fmt::format(
                    "'{}' is not a user. Approvers are single people, not groups.", id.to_string()
                ),
                "approvers"
            );
        }
        if (!person_of(*approver).active) {
            return refuse(
                ErrorKind::policy_rejected, "approver_disabled",
                fmt::format("'{}' is disabled and could not approve.", approver->row.display),
                "approvers"
            );
        }
    }
    return {};
}

Status ApplicationService::validate(
    Reader& reader, const Object& application, const SelfServiceSetting& setting
) const {
    if (setting.enabled && !setting.target_group) {
        return refuse(
            ErrorKind::invalid_input, "target_required",
            "Name the local group that people are put in.", "targetGroup"
        );
    }
    if (setting.target_group) {
        BASCULE_CHECK(validate_target(reader, *setting.target_group));
    }
    BASCULE_CHECK(validate_approvers(reader, setting));
    if (!setting.role.empty() && !knows_role(application.body, setting.role)) {
        return refuse(
            ErrorKind::invalid_input, "unknown_role",
            fmt::format("The application has no role '{}'.", printable(setting.role)), "role"
        );
    }
    return {};
}

Result<SelfServiceReport> ApplicationService::get(const Caller& caller, const Uuid& application) {
    SelfServiceReport result;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        BASCULE_CHECK(require_right(reader, caller, "admin:read"));
        BASCULE_TRY(const Object object, require_application(reader, application));
        BASCULE_TRY(result, report(reader, object));
        return {};
    }));
    return result;
}

Result<SelfServiceReport> ApplicationService::put(
    const Caller& caller, const Uuid& application, SelfServiceSetting setting
) {
    std::ranges::sort(setting.approvers);
    const auto repeated = std::ranges::unique(setting.approvers);
    setting.approvers.erase(repeated.begin(), repeated.end());
    SelfServiceReport result;
    JournalRecord record = record_of(caller, application, setting);
    const Status written =
        store_.write(directory::Durability::full, [&](Transaction& transaction) -> Status {
            BASCULE_CHECK(require_right(transaction, caller, "admin:write"));
            BASCULE_TRY(const Object object, require_application(transaction, application));
            record.target_display = object.row.display;
            BASCULE_CHECK(validate(transaction, object, setting));
            BASCULE_TRY(
                [[maybe_unused]] const bool changed,
                transaction.update(
                    object.row.oid, with_setting(object.body, setting), object.local,
                    object.row.display
                )
            );
            BASCULE_CHECK(transaction.append(record));
            BASCULE_TRY(const Object stored, require_application(transaction, application));
            BASCULE_TRY(result, report(transaction, stored));
            return {};
        });
    if (written) {
        return result;
    }
    record.outcome = Outcome::refused;
    record.reason = written.error().code;
    const Status noted = store_.write(directory::Durability::full, [&](Transaction& transaction) {
        return transaction.append(record);
    });
    if (!noted) {
        log::error(
            "journal_failed", "A refused setting could not be written down.",
            {{"code", noted.error().code}}
        );
    }
    return fail(written.error());
}

Status ApplicationService::accepts_requests(Reader& reader, const Uuid& application) const {
    BASCULE_TRY(const Object object, require_application(reader, application));
    BASCULE_TRY(const SelfServiceReport now, report(reader, object));
    if (now.state == "active") {
        return {};
    }
    return fail(
        ErrorKind::conflict, now.state == "disabled" ? "not_requestable" : now.state, now.detail
    );
}

}  // namespace bascule::selfservice
