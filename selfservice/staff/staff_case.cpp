#include "selfservice/staff/staff_case.hpp"

#include <fmt/format.h>

#include "directory/base/log.hpp"

namespace bascule::selfservice {

using access::Caller;
using directory::Durability;
using directory::JournalRecord;
using directory::Outcome;
using directory::Reader;
using directory::Transaction;
using directory::WriteBack;

namespace {

bool is_outage(ErrorKind kind) {
    return kind == ErrorKind::unavailable || kind == ErrorKind::timeout ||
           kind == ErrorKind::internal;
}

}  // namespace

tl::unexpected<Error> directory_conflict(std::string code, std::string detail) {
    return fail(ErrorKind::conflict, std::move(code), std::move(detail));
}

StaffService::StaffService(
    directory::Store& store, directory::LocalCredentials& credentials, SessionService& sessions,
    const directory::WriteBackDirectory& directories, StaffAccess access
)
    : store_(store),
      credentials_(credentials),
      sessions_(sessions),
      directories_(directories),
      access_(std::move(access)),
      resolver_(store.registry()) {}

Status StaffService::open_case(Reader& reader, const Caller& caller, Case& opened) const {
    opened.person.reset();
    opened.matched.reset();
    opened.entry.reset();
    BASCULE_CHECK(require_audience(reader, caller));
    BASCULE_TRY(const auto object, reader.find_any(opened.target));
    if (!object || object->row.type != store_.registry().type("User")) {
        return fail(ErrorKind::not_found, "not_found", "There is no user with this id.");
    }
    opened.person = person_of(*object);
    const Uuid actor = caller.actor.id.value_or(Uuid{});
    BASCULE_TRY(auto assignments, resolver_.assignments_of(reader, actor));
    BASCULE_TRY(const auto target, resolver_.target(reader, object->row, actor));
    BASCULE_TRY(
        opened.matched,
        access::decide(access::Action::reset_password, {std::move(assignments)}, target)
    );
    if (object->row.is_synced()) {
        const auto source = directories_.find(object->row.source);
        opened.source_name = source ? source->source_name : "";
        BASCULE_TRY(opened.entry, reader.find_entry(object->row.oid));
    }
    return {};
}

Result<WriteBack> StaffService::require_reachable(const Case& opened) const {
    const auto source = directories_.find(opened.person->row.source);
    if (!source) {
        return fail(
            ErrorKind::unavailable, "writeback_unavailable",
            fmt::format(
                "'{}' comes from a directory that is no longer connected here. Nothing was "
                "changed.",
                opened.person->display_name
            )
        );
    }
    if (!opened.entry) {
        return directory_conflict(
            "not_in_directory", fmt::format(
                                    "'{}' is no longer in directory '{}'.",
                                    opened.person->display_name, source->source_name
                                )
        );
    }
    return *source;
}

Result<WriteBack> StaffService::require_write_back(const Case& opened) const {
    const auto source = directories_.find(opened.person->row.source);
    if (source && (!source->password_enabled || source->writer == nullptr)) {
        return directory_conflict(
            "writeback_disabled", fmt::format(
                                      "Passwords of directory '{}' cannot be set from here: "
                                      "password write-back is switched off. Nothing "
                                      "was changed. Reset the password in the directory, or ask "
                                      "the operator to switch it on.",
                                      source->source_name
                                  )
        );
    }
    return require_reachable(opened);
}

Result<directory::AccountState> StaffService::require_resettable(
    const WriteBack& source, const Case& opened, Deadline deadline
) const {
    const std::string& name = opened.person->display_name;
    BASCULE_TRY(const auto state, source.writer->account_state(opened.entry->dn, deadline));
    if (!state.exists) {
        return directory_conflict(
            "not_in_directory",
            fmt::format("'{}' is no longer in directory '{}'.", name, source.source_name)
        );
    }
    if (state.protected_account) {
        return fail(
            ErrorKind::forbidden, "directory_denied",
            fmt::format(
                "The directory '{}' does not let this service reset '{}': the account is protected "
                "there. Ask an "
                "administrator of the directory. Nothing was changed.",
                source.source_name, name
            )
        );
    }
    if (state.expired) {
        return directory_conflict(
            "account_expired",
            fmt::format(
                "The account of '{}' has expired in directory '{}'; a new password would not help. "
                "Extend the account first. Nothing was changed.",
                name, source.source_name
            )
        );
    }
    if (state.disabled || !opened.person->active) {
        return directory_conflict(
            "account_disabled", fmt::format(
                                    "'{}' is disabled in directory '{}'; a new password would not "
                                    "help. Enable the account first. Nothing "
                                    "was changed.",
                                    name, source.source_name
                                )
        );
    }
    return state;
}

JournalRecord StaffService::record_of(const Caller& caller, const Case& opened) {
    JournalRecord record;
    record.actor = caller.actor;
    record.origin = "My Staff";
    record.activity = opened.activity;
    record.source_address = caller.source_address;
    record.request_id = caller.request_id;
    record.target = opened.target;
    record.target_type = "User";
    record.target_display = opened.person ? opened.person->display_name : "";
    record.details.emplace_back("Origin", "My Staff");
    if (opened.matched) {
        record.details.emplace_back(
            "AdministrativeUnit", opened.matched->unit ? opened.matched->unit->to_string() : "None"
        );
        record.details.emplace_back("MatchedAssignment", opened.matched->id.to_string());
    }
    record.details.emplace_back(
        "OnPremisesAgent", opened.source_name.empty() ? "None" : opened.source_name
    );
    return record;
}

void StaffService::record_refusal(const Caller& caller, const Case& opened, const Error& error) {
    JournalRecord record = record_of(caller, opened);
    record.outcome = is_outage(error.kind) ? Outcome::failed : Outcome::refused;
    record.reason = error.code;
    record.details.emplace_back("LdapResult", opened.source_name.empty() ? "None" : error.code);
    const Status written = store_.write(Durability::full, [&](Transaction& transaction) {
        return transaction.append(record);
    });
    if (!written) {
        log::error(
            "journal_failed", "A refused action could not be written down.",
            {{"code", written.error().code}}
        );
    }
}

}  // namespace bascule::selfservice
