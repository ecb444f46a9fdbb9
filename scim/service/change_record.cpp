#include "scim/service/change_record.hpp"

#include <optional>
#include <utility>

#include "directory/base/json_text.hpp"
#include "directory/base/log.hpp"
#include "directory/ports/store.hpp"

namespace bascule::scim {
namespace {

std::string role_activity(Change change, std::string_view body) {
    const std::string scoped = json_member(body, "scope").empty() ? "" : "scoped ";
    switch (change) {
        case Change::add:
            return "Add " + scoped + "member to role";
        case Change::remove:
            return "Remove " + scoped + "member from role";
        case Change::update:
            break;
    }
    return "Update role assignment";
}

Change change_of(http::Method method) {
    switch (method) {
        case http::Method::post:
            return Change::add;
        case http::Method::delete_:
            return Change::remove;
        default:
            return Change::update;
    }
}

}  // namespace

directory::JournalRecord record_of(
    const Call& call, const TypeView& view, std::string activity, const Uuid& target,
    std::string_view display
) {
    directory::JournalRecord record;
    record.actor = call.caller.actor;
    record.origin = "SCIM";
    record.activity = std::move(activity);
    if (!target.is_nil()) {
        record.target = target;
    }
    record.target_type = view.type->name;
    record.target_display = display;
    record.source_address = call.context.source_address;
    record.request_id = call.context.request_id;
    if (call.request.method == http::Method::put) {
        record.details.emplace_back("method", "PUT");
    }
    return record;
}

std::string activity_of(const TypeView& view, Change change, std::string_view body) {
    if (view.type->name == "RoleAssignment") {
        return role_activity(change, body);
    }
    switch (change) {
        case Change::add:
            return "Add " + view.noun;
        case Change::remove:
            return "Delete " + view.noun;
        case Change::update:
            break;
    }
    return "Update " + view.noun;
}

std::string edge_activity_of(const TypeView& view, directory::EdgeKind kind, Change change) {
    if (directory::is_own_edge_kind(kind)) {
        return "Update " + view.noun;
    }
    if (kind == directory::EdgeKind::manager) {
        return "Set user manager";
    }
    const std::string part = kind == directory::EdgeKind::owner ? "owner" : "member";
    return change == Change::add ? "Add " + part + " to " + view.noun
                                 : "Remove " + part + " from " + view.noun;
}

std::string names_of(const std::vector<directory::AttributePath>& paths) {
    std::string names;
    for (const directory::AttributePath& path : paths) {
        names += names.empty() ? "" : ", ";
        names += path.to_string();
    }
    return names;
}

Status append_refusal(
    directory::Transaction& transaction, const TypeView& view, const Call& call, const Error& error
) {
    Uuid target;
    if (!call.request.path_parameters.empty()) {
        target = parse_uuid(call.request.path_parameters.front()).value_or(Uuid{});
    }
    BASCULE_TRY(const std::optional<directory::ObjectRow> row, transaction.find_row(target));
    auto record = record_of(
        call, view, activity_of(view, change_of(call.request.method)), target,
        row ? std::string_view(row->display) : std::string_view{}
    );
    record.outcome = directory::Outcome::refused;
    record.reason = error.code;
    if (!error.field.empty()) {
        record.details.emplace_back("field", error.field);
    }
    return transaction.append(std::move(record));
}

void journal_refusal(
    const Engine& engine, const TypeView& view, const Call& call, const Error& error
) {
    const auto write = [&](directory::Transaction& transaction) {
        return append_refusal(transaction, view, call, error);
    };
    if (const auto written = engine.with.store.write(directory::Durability::full, write);
        !written) {
        log::error(
            "journal_write_failed", "A refused change could not be written to the journal.",
            {{"request_id", call.context.request_id}, {"code", written.error().code}}
        );
    }
}

}  // namespace bascule::scim
