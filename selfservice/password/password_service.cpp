#include "selfservice/password/password_service.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "directory/base/log.hpp"

namespace bascule::selfservice {
namespace {

using access::Caller;
using directory::Durability;
using directory::JournalRecord;
using directory::Outcome;
using directory::Reader;
using directory::SignInVerdict;
using directory::Transaction;

constexpr std::chrono::seconds longest_write{10};

bool is_outage(ErrorKind kind) {
    return kind == ErrorKind::unavailable || kind == ErrorKind::timeout ||
           kind == ErrorKind::internal;
}

JournalRecord change_record(const Caller& caller, const Person& person) {
    JournalRecord record;
    record.actor = caller.actor;
    record.origin = "My Account";
    record.activity = "Change password (self-service)";
    record.source_address = caller.source_address;
    record.request_id = caller.request_id;
    record.target = person.row.id;
    record.target_type = "User";
    record.target_display = person.display_name;
    return record;
}

}  // namespace

PasswordService::PasswordService(
    directory::Store& store, directory::LocalCredentials& credentials, SessionService& sessions,
    SignInThrottle& throttle, const directory::WriteBackDirectory& directories
)
    : store_(store),
      credentials_(credentials),
      sessions_(sessions),
      throttle_(throttle),
      directories_(directories) {}

Status PasswordService::change(
    const Caller& caller, const Secret& old_password, const Secret& new_password, Deadline deadline
) {
    if (caller.actor.kind != directory::ActorKind::user || !caller.actor.id) {
        return fail(
            ErrorKind::forbidden, "not_a_person",
            "Only a signed-in person has a password to change."
        );
    }
    if (old_password.empty() || new_password.empty()) {
        return fail(
            ErrorKind::invalid_input, "password_required",
            "Both the old and the new password are needed."
        );
    }
    Person person;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        BASCULE_TRY(person, require_person(reader, store_.registry(), *caller.actor.id));
        return {};
    }));
    Status changed = carry_out(caller, person, old_password, new_password, deadline);
    if (changed) {
        return {};
    }
    JournalRecord record = change_record(caller, person);
    record.outcome = is_outage(changed.error().kind) ? Outcome::failed : Outcome::refused;
    record.reason = changed.error().code;
    const Status noted = store_.write(Durability::repeatable, [&](Transaction& transaction) {
        return transaction.append(record);
    });
    if (!noted) {
        log::error(
            "journal_failed", "A refused change could not be written down.",
            {{"code", noted.error().code}}
        );
    }
    return changed;
}

Status PasswordService::carry_out(
    const Caller& caller, const Person& person, const Secret& old_password,
    const Secret& new_password, Deadline deadline
) {
    const Deadline end = std::min(deadline, std::chrono::steady_clock::now() + longest_write);
    return person.row.is_synced() ? change_synced(caller, person, old_password, new_password, end)
                                  : change_local(caller, person, old_password, new_password, end);
}

Status PasswordService::change_local(
    const Caller& caller, const Person& person, const Secret& old_password,
    const Secret& new_password, Deadline deadline
) {
    BASCULE_TRY(
        const SignInVerdict verdict,
        sessions_.prove(person, old_password, caller.source_address, deadline)
    );
    if (verdict == SignInVerdict::rejected) {
        return fail(Error{
            ErrorKind::policy_rejected,
            "wrong_password",
            "The old password is not right. Nothing was changed.",
            "oldPassword",
            {}});
    }
    if (equal_in_constant_time(new_password.reveal(), old_password.reveal())) {
        return fail(Error{
            ErrorKind::policy_rejected,
            "password_in_history",
            "The new password is the old one. Choose another. Nothing was changed.",
            "newPassword",
            {}});
    }
    BASCULE_TRY(const std::string hash, credentials_.hash(new_password, person.user_name));
    return store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(
            [[maybe_unused]] const Person present,
            require_person(transaction, store_.registry(), person.row.id)
        );
        BASCULE_CHECK(credentials_.put(transaction, person.row.id, hash, directory::MustChange::no)
        );
        return complete(transaction, caller, person);
    });
}

Status PasswordService::change_synced(
    const Caller& caller, const Person& person, const Secret& old_password,
    const Secret& new_password, Deadline deadline
) {
    const auto source = directories_.find(person.row.source);
    if (!source || source->writer == nullptr) {
        return fail(
            ErrorKind::unavailable, "writeback_unavailable",
            "Your account comes from a directory that is not connected here. Nothing was changed."
        );
    }
    if (!source->password_enabled) {
        return fail(
            ErrorKind::conflict, "writeback_disabled",
            fmt::format(
                "Passwords of directory '{}' cannot be changed here. Nothing was changed.",
                source->source_name
            )
        );
    }
    std::optional<directory::MirrorEntry> entry;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        BASCULE_TRY(entry, reader.find_entry(person.row.oid));
        return {};
    }));
    if (!entry) {
        return fail(
            ErrorKind::conflict, "not_in_directory", "Your account is no longer in its directory."
        );
    }
    BASCULE_CHECK(
        throttle_.admit(person.user_name, caller.source_address, sessions_.account_failure_limit())
    );
    Status changed = source->writer->change(entry->dn, old_password, new_password, deadline);
    if (!changed) {
        if (changed.error().code != "wrong_password") {
            throttle_.withdraw(person.user_name, caller.source_address);
        }
        return changed;
    }
    throttle_.succeeded(person.user_name, caller.source_address);
    const Status written = store_.write(Durability::full, [&](Transaction& transaction) {
        return complete(transaction, caller, person);
    });
    if (!written) {
        // The directory has the new password; saying otherwise would be wrong.
        log::error(
            "change_not_recorded",
            "A password was changed in the directory, but that could not be written down here.",
            {{"user", person.row.id.to_string()}, {"code", written.error().code}}
        );
    }
    return {};
}

Status PasswordService::complete(
    Transaction& transaction, const Caller& caller, const Person& person
) {
    BASCULE_TRY(
        [[maybe_unused]] const auto ended,
        sessions_.end_all(transaction, person.row.id, caller.session)
    );
    if (caller.session) {
        BASCULE_CHECK(sessions_.clear_must_change(transaction, *caller.session));
    }
    return transaction.append(change_record(caller, person));
}

}  // namespace bascule::selfservice
