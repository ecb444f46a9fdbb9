#include <fmt/format.h>

#include <algorithm>

#include "directory/base/log.hpp"
#include "selfservice/staff/staff_case.hpp"

namespace bascule::selfservice {

using access::Caller;
using directory::Durability;
using directory::Reader;
using directory::Transaction;
using directory::WriteBack;

Result<WriteBack> StaffService::require_unlockable(const Case& opened) const {
    const std::string& name = opened.person->display_name;
    if (!opened.person->row.is_synced()) {
        return directory_conflict(
            "not_locked",
            fmt::format(
                "'{}' is a local user, and local accounts are never locked: after failed sign-ins "
                "they only have to wait. There is nothing to unlock.",
                name
            )
        );
    }
    const auto source = directories_.find(opened.person->row.source);
    if (source && (!source->unlock_enabled || source->writer == nullptr)) {
        return directory_conflict(
            "writeback_disabled",
            fmt::format(
                "Accounts of directory '{}' cannot be unlocked from here: write_back.unlock is "
                "switched off. Nothing was changed. Unlock the account in the directory, or ask "
                "the operator to switch it on.",
                source->source_name
            )
        );
    }
    return require_reachable(opened);
}

Result<UnlockOutcome> StaffService::carry_out_unlock(
    const Caller& caller, Case& opened, Deadline deadline
) {
    BASCULE_CHECK(store_.read([&](Reader& reader) { return open_case(reader, caller, opened); }));
    BASCULE_TRY(const WriteBack source, require_unlockable(opened));
    BASCULE_TRY(const auto state, require_resettable(source, opened, deadline));
    if (!state.locked) {
        return directory_conflict(
            "not_locked",
            fmt::format(
                "'{}' is not locked in directory '{}'. Nothing was changed. If the password is "
                "forgotten, reset it.",
                opened.person->display_name, source.source_name
            )
        );
    }
    BASCULE_CHECK(source.writer->unlock(opened.entry->dn, deadline));
    const Status written = store_.write(Durability::full, [&](Transaction& transaction) {
        directory::JournalRecord record = record_of(caller, opened);
        record.details.emplace_back("LdapResult", "0 success");
        return transaction.append(std::move(record));
    });
    if (!written) {
        // The directory has unlocked the account; saying otherwise would be wrong.
        log::error(
            "unlock_not_recorded",
            "An account was unlocked in the directory, but that could not be written down here.",
            {{"user", opened.target.to_string()},
             {"source", source.source_name},
             {"code", written.error().code}}
        );
    }
    return UnlockOutcome{source.source_name};
}

Result<UnlockOutcome> StaffService::unlock(
    const Caller& caller, const Uuid& target, Deadline deadline
) {
    Case opened;
    opened.activity = "Unlock user account (by admin)";
    opened.target = target;
    auto outcome = carry_out_unlock(
        caller, opened, std::min(deadline, std::chrono::steady_clock::now() + longest_write)
    );
    if (!outcome) {
        record_refusal(caller, opened, outcome.error());
    }
    return outcome;
}

}  // namespace bascule::selfservice
