#include <fmt/format.h>

#include <algorithm>

#include "directory/base/json_text.hpp"
#include "directory/base/log.hpp"
#include "selfservice/credentials/password_generator.hpp"
#include "selfservice/staff/asked_change.hpp"
#include "selfservice/staff/idempotency_keys.hpp"
#include "selfservice/staff/staff_case.hpp"

namespace bascule::selfservice {

using access::Caller;
using directory::Durability;
using directory::JournalRecord;
using directory::Reader;
using directory::Transaction;
using directory::WriteBack;

namespace {

std::string key_body(const Uuid& key, const ResetOutcome& outcome, Time now) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("id", key.to_string()).field("created", format_time(now));
    json.field("source", outcome.source_name)
        .key("wasLocked")
        .boolean(outcome.was_locked)
        .key("mustChange")
        .boolean(outcome.must_change)
        .end_object();
    return body;
}

}  // namespace

Result<ResetPreview> StaffService::password_policy(
    const Caller& caller, const Uuid& target, Deadline deadline
) {
    Case opened;
    opened.target = target;
    BASCULE_CHECK(store_.read([&](Reader& reader) { return open_case(reader, caller, opened); }));
    ResetPreview preview;
    if (!opened.person->row.is_synced()) {
        preview.generated = true;
        return preview;
    }
    const Deadline end = std::min(deadline, std::chrono::steady_clock::now() + longest_write);
    BASCULE_TRY(const WriteBack source, require_write_back(opened));
    BASCULE_TRY(const auto state, require_resettable(source, opened, end));
    preview.locked = state.locked;
    preview.source_name = source.source_name;
    BASCULE_TRY(preview.policy, source.writer->policy(opened.entry->dn, end));
    return preview;
}

Status StaffService::complete(
    Transaction& transaction, const Caller& caller, const Case& opened, const ResetOutcome& outcome
) {
    BASCULE_TRY([[maybe_unused]] const auto ended, sessions_.end_all(transaction, opened.target));
    if (opened.idempotency_key) {
        const directory::TypeId type = store_.registry().type("IdempotencyKey");
        constexpr std::size_t swept = 10;
        BASCULE_TRY(
            [[maybe_unused]] const auto forgotten, forget_old_keys(transaction, type, swept)
        );
        BASCULE_CHECK(keep_key(
            transaction, type, *opened.idempotency_key,
            key_body(*opened.idempotency_key, outcome, transaction.now())
        ));
    }
    JournalRecord record = record_of(caller, opened);
    record.details.emplace_back("LdapResult", outcome.source_name.empty() ? "None" : "0 success");
    record.details.emplace_back("MustChangePassword", outcome.must_change ? "true" : "false");
    return transaction.append(std::move(record));
}

Result<ResetOutcome> StaffService::reset_local(
    const Caller& caller, Case& opened, const std::optional<Secret>& password
) {
    if (password) {
        return fail(Error{
            ErrorKind::invalid_input,
            "password_is_generated",
            "The password of a local user is generated. Leave newPassword out.",
            "newPassword",
            {}});
    }
    if (!opened.person->active) {
        return directory_conflict(
            "account_disabled",
            fmt::format(
                "'{}' is disabled; enable the account first. Nothing was changed.",
                opened.person->display_name
            )
        );
    }
    ResetOutcome outcome;
    outcome.temporary_password = generate_temporary_password();
    BASCULE_TRY(const std::string hash, credentials_.hash(*outcome.temporary_password, {}));
    BASCULE_CHECK(store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        // Hashing took a while: decide again on what the store says now.
        BASCULE_CHECK(open_case(transaction, caller, opened));
        BASCULE_CHECK(credentials_.put(transaction, opened.target, hash, directory::MustChange::yes)
        );
        return complete(transaction, caller, opened, outcome);
    }));
    return outcome;
}

Result<ResetOutcome> StaffService::reset_synced(
    const Caller& caller, const Case& opened, const std::optional<Secret>& password,
    Deadline deadline
) {
    BASCULE_TRY(const WriteBack source, require_write_back(opened));
    if (!password || password->empty()) {
        return fail(Error{
            ErrorKind::invalid_input,
            "password_required",
            fmt::format(
                "'{}' comes from directory '{}': type the new password, by that directory's rules.",
                opened.person->display_name, source.source_name
            ),
            "newPassword",
            {}});
    }
    BASCULE_TRY(const auto state, require_resettable(source, opened, deadline));
    BASCULE_CHECK(
        source.writer->reset(opened.entry->dn, *password, directory::MustChange::yes, deadline)
    );
    ResetOutcome outcome;
    outcome.source_name = source.source_name;
    outcome.was_locked = state.locked;
    // When the rules cannot be read now, nothing else is known than what was asked for.
    const auto policy = source.writer->policy(opened.entry->dn, deadline);
    outcome.must_change = !policy || asks_for_change(*policy);
    const Status written = store_.write(Durability::full, [&](Transaction& transaction) {
        return complete(transaction, caller, opened, outcome);
    });
    if (!written) {
        // The directory has the new password; saying otherwise would be wrong.
        log::error(
            "reset_not_recorded",
            "A password was reset in the directory, but that could not be written down here.",
            {{"user", opened.target.to_string()},
             {"source", source.source_name},
             {"code", written.error().code}}
        );
    }
    return outcome;
}

Result<ResetOutcome> StaffService::carry_out(
    const Caller& caller, Case& opened, const std::optional<Secret>& password, Deadline deadline
) {
    BASCULE_CHECK(store_.read([&](Reader& reader) { return open_case(reader, caller, opened); }));
    if (!opened.person->row.is_synced()) {
        return reset_local(caller, opened, password);
    }
    return reset_synced(
        caller, opened, password,
        std::min(deadline, std::chrono::steady_clock::now() + longest_write)
    );
}

Result<std::optional<ResetOutcome>> StaffService::first_outcome(const Uuid& key) {
    std::optional<ResetOutcome> outcome;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        outcome.reset();
        BASCULE_TRY(const auto object, reader.find(key));
        if (object) {
            outcome.emplace();
            outcome->repeated = true;
            outcome->source_name = json_text_member(object->body, "source").value_or("");
            outcome->was_locked = json_member(object->body, "wasLocked") == "true";
            outcome->must_change = json_member(object->body, "mustChange") != "false";
        }
        return {};
    }));
    return outcome;
}

Result<ResetOutcome> StaffService::reset_password(
    const Caller& caller, const Uuid& target, std::optional<Secret> new_password,
    const ResetOptions& options, Deadline deadline
) {
    constexpr std::size_t longest_key = 200;
    if (options.idempotency_key.size() > longest_key) {
        return fail(
            ErrorKind::invalid_input, "invalid_idempotency_key",
            "An Idempotency-Key has at most 200 bytes."
        );
    }
    Case opened;
    opened.target = target;
    if (!options.idempotency_key.empty()) {
        opened.idempotency_key = uuid_v5(
            caller.actor.id.value_or(Uuid{}),
            fmt::format("reset {} {}", target.to_string(), options.idempotency_key)
        );
    }
    const InProgress mark(in_progress_mutex_, in_progress_, opened.idempotency_key);
    if (!mark.first()) {
        return fail(Error{
            ErrorKind::conflict,
            "in_progress",
            "The first request with this Idempotency-Key is still under way.",
            {},
            {}}.with_retry_after(std::chrono::seconds{1}));
    }
    if (opened.idempotency_key) {
        BASCULE_TRY(auto first, first_outcome(*opened.idempotency_key));
        if (first) {
            return std::move(*first);
        }
    }
    auto outcome = carry_out(caller, opened, new_password, deadline);
    if (!outcome) {
        record_refusal(caller, opened, outcome.error());
    }
    return outcome;
}

}  // namespace bascule::selfservice
