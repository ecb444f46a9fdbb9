#include <fmt/format.h>

#include <algorithm>

#include "directory/base/json_text.hpp"
#include "directory/base/log.hpp"
#include "selfservice/credentials/password_generator.hpp"
#include "selfservice/staff/staff_service.hpp"

namespace bascule::selfservice {

using access::Caller;
using directory::Durability;
using directory::JournalRecord;
using directory::Outcome;
using directory::Reader;
using directory::Transaction;
using directory::WriteBack;

/// One reset: who is acted on, by which right, and what to remember.
struct StaffService::Case {
    Uuid target;
    std::optional<Person> person;
    std::optional<access::Assignment> matched;
    std::optional<directory::MirrorEntry> entry;
    std::string source_name;
    std::optional<Uuid> idempotency_key;
};

namespace {

constexpr std::chrono::seconds longest_write{10};
/// So long a repeat with the same Idempotency-Key gets the first outcome.
constexpr std::chrono::hours key_lifetime{24};

tl::unexpected<Error> directory_conflict(std::string code, std::string detail) {
    return fail(ErrorKind::conflict, std::move(code), std::move(detail));
}

bool is_outage(ErrorKind kind) {
    return kind == ErrorKind::unavailable || kind == ErrorKind::timeout ||
           kind == ErrorKind::internal;
}

std::string key_body(const Uuid& key, const ResetOutcome& outcome, Time now) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("id", key.to_string()).field("created", format_time(now));
    json.field("source", outcome.source_name)
        .key("wasLocked")
        .boolean(outcome.was_locked)
        .end_object();
    return body;
}

/// Removes some of the keys whose day is over, so that they do not gather.
Status forget_old_keys(Transaction& transaction, directory::TypeId type) {
    directory::Query old;
    old.type = type;
    old.limit = 10;
    old.filter.kind = directory::Filter::Kind::row_field;
    old.filter.field = directory::RowField::created;
    old.filter.op = directory::Operator::lt;
    old.filter.value = transaction.now() - key_lifetime;
    BASCULE_TRY(const auto found, transaction.query(old));
    for (const directory::Object& key : found.objects) {
        BASCULE_CHECK(transaction.remove(key.row.oid));
    }
    return {};
}

/// Stores a key; one that was used and forgotten before comes back.
Status keep_key(
    Transaction& transaction, directory::TypeId type, const Uuid& key, std::string body
) {
    BASCULE_TRY(const auto before, transaction.find_any(key));
    if (!before) {
        BASCULE_TRY(
            [[maybe_unused]] const auto oid,
            transaction.create({key, type, directory::SourceId::local, "", std::move(body), ""})
        );
        return {};
    }
    if (before->row.deleted) {
        BASCULE_CHECK(transaction.restore(before->row.oid));
    }
    BASCULE_TRY(
        [[maybe_unused]] const bool changed,
        transaction.update(before->row.oid, std::move(body), "", "")
    );
    return {};
}

/// Marks a key as under way while it lives.
class InProgress {
  public:
    InProgress(std::mutex& mutex, std::set<Uuid>& keys, const std::optional<Uuid>& key)
        : mutex_(mutex), keys_(keys), key_(key) {
        const std::scoped_lock lock(mutex_);
        first_ = !key_ || keys_.insert(*key_).second;
    }
    ~InProgress() {
        if (key_ && first_) {
            const std::scoped_lock lock(mutex_);
            keys_.erase(*key_);
        }
    }
    InProgress(const InProgress&) = delete;
    InProgress& operator=(const InProgress&) = delete;
    [[nodiscard]] bool first() const { return first_; }

  private:
    std::mutex& mutex_;
    std::set<Uuid>& keys_;
    const std::optional<Uuid> key_;
    bool first_ = true;
};

}  // namespace

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

Result<WriteBack> StaffService::require_write_back(const Case& opened) const {
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
    if (!source->password_enabled || source->writer == nullptr) {
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
    BASCULE_TRY([[maybe_unused]] const auto state, require_resettable(source, opened, end));
    preview.source_name = source.source_name;
    BASCULE_TRY(preview.policy, source.writer->policy(opened.entry->dn, end));
    return preview;
}

JournalRecord StaffService::reset_record(const Caller& caller, const Case& opened) {
    JournalRecord record;
    record.actor = caller.actor;
    record.origin = "My Staff";
    record.activity = "Reset password (by admin)";
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

Status StaffService::complete(
    Transaction& transaction, const Caller& caller, const Case& opened, const ResetOutcome& outcome
) {
    BASCULE_TRY([[maybe_unused]] const auto ended, sessions_.end_all(transaction, opened.target));
    if (opened.idempotency_key) {
        const directory::TypeId type = store_.registry().type("IdempotencyKey");
        BASCULE_CHECK(forget_old_keys(transaction, type));
        BASCULE_CHECK(keep_key(
            transaction, type, *opened.idempotency_key,
            key_body(*opened.idempotency_key, outcome, transaction.now())
        ));
    }
    JournalRecord record = reset_record(caller, opened);
    record.details.emplace_back("LdapResult", outcome.source_name.empty() ? "None" : "0 success");
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
    BASCULE_TRY(const std::string hash, credentials_.hash(*outcome.temporary_password));
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

void StaffService::record_refusal(const Caller& caller, const Case& opened, const Error& error) {
    JournalRecord record = reset_record(caller, opened);
    record.outcome = is_outage(error.kind) ? Outcome::failed : Outcome::refused;
    record.reason = error.code;
    record.details.emplace_back("LdapResult", opened.source_name.empty() ? "None" : error.code);
    const Status written = store_.write(Durability::full, [&](Transaction& transaction) {
        return transaction.append(record);
    });
    if (!written) {
        log::error(
            "journal_failed", "A refused reset could not be written down.",
            {{"code", written.error().code}}
        );
    }
}

}  // namespace bascule::selfservice
