#include <algorithm>

#include "directory/base/log.hpp"
#include "selfservice/signins/sign_in_record.hpp"

namespace bascule::selfservice {

using directory::JournalRecord;
using directory::Outcome;
using directory::Reader;
using directory::SignInVerdict;
using directory::Transaction;
using directory::WriteBack;

namespace {

constexpr std::size_t longest_password = 4096;

tl::unexpected<Error> invalid_credentials() {
    return fail(
        ErrorKind::unauthenticated, "invalid_credentials",
        "The user name or the password is not right, or this account may not sign in."
    );
}

}  // namespace

JournalRecord sign_in_record(const SignInOrigin& origin) {
    JournalRecord record;
    record.origin = "Sign-in";
    record.activity = "Sign in";
    record.source_address = origin.address;
    record.request_id = origin.request_id;
    record.actor.kind = directory::ActorKind::user;
    return record;
}

void name_person(JournalRecord& record, const Person& person) {
    record.actor.id = person.row.id;
    record.actor.name = person.user_name;
    record.target = person.row.id;
    record.target_type = "User";
    record.target_display = person.display_name;
}

std::size_t SessionService::account_failure_limit() {
    constexpr std::chrono::seconds reread_after{60};
    constexpr std::size_t margin = 2;
    const std::scoped_lock lock(limit_mutex_);
    const Time now = clock_.now();
    if (limit_read_ && *limit_read_ + reread_after > now) {
        return limit_;
    }
    std::size_t limit = throttle_.limits().failures_per_account;
    for (const WriteBack& source : directories_.all()) {
        const auto threshold =
            source.verifier ? source.verifier->lockout_threshold() : std::nullopt;
        if (threshold && *threshold > 0) {
            limit = std::min<std::size_t>(limit, *threshold > margin ? *threshold - margin : 1);
        }
    }
    limit_read_ = now;
    limit_ = limit;
    return limit;
}

Result<SessionService::Candidate> SessionService::load(std::string_view user_name) {
    Candidate candidate;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        candidate = {};
        BASCULE_TRY(candidate.person, find_person(reader, store_.registry(), user_name));
        if (!candidate.person) {
            return {};
        }
        if (candidate.person->row.is_synced()) {
            BASCULE_TRY(candidate.entry, reader.find_entry(candidate.person->row.oid));
        } else {
            BASCULE_TRY(candidate.stored, credentials_.find(reader, candidate.person->row.id));
        }
        return {};
    }));
    return candidate;
}

/// A bind that must fail, for names that no directory knows: it takes as long as one that could
/// succeed, and meets the same outage.
Status SessionService::spend_time_on_a_bind(const Secret& password, Deadline deadline) {
    for (const WriteBack& source : directories_.all()) {
        if (source.verifier != nullptr && !password.empty()) {
            const auto verdict =
                source.verifier->verify("cn=nobody-of-that-name", password, deadline);
            if (!verdict && verdict.error().kind == ErrorKind::unavailable) {
                return fail(verdict.error());
            }
            return {};
        }
    }
    return {};
}

Result<SessionService::Check> SessionService::check_synced(
    const Candidate& candidate, const Secret& password, Deadline deadline
) {
    const auto source = directories_.find(candidate.person->row.source);
    if (!source || source->verifier == nullptr || !candidate.entry) {
        BASCULE_CHECK(spend_time_on_a_bind(password, deadline));
        return Check{SignInVerdict::rejected, "source_not_available"};
    }
    if (password.empty()) {
        return Check{SignInVerdict::rejected, "empty_password"};
    }
    BASCULE_TRY(
        const SignInVerdict verdict,
        source->verifier->verify(candidate.entry->dn, password, deadline)
    );
    return Check{verdict, verdict == SignInVerdict::locked ? "account_locked" : "wrong_password"};
}

Result<SessionService::Check> SessionService::check(
    const Candidate& candidate, const Secret& password, Deadline deadline
) {
    const auto& person = candidate.person;
    Check result;
    if (person && person->row.is_synced()) {
        BASCULE_TRY(result, check_synced(candidate, password, deadline));
    } else {
        result.verdict = credentials_.check(candidate.stored, password);
        result.reason = !person             ? "unknown_user"
                        : !candidate.stored ? "no_password"
                                            : "wrong_password";
    }
    const bool accepted =
        result.verdict == SignInVerdict::accepted || result.verdict == SignInVerdict::must_change;
    if (accepted && person->active) {
        return result;
    }
    if (accepted) {
        result.reason = "account_disabled";
    }
    result.verdict = SignInVerdict::rejected;
    // Every refusal costs one hash and one bind, whatever its reason.
    if (person && person->row.is_synced()) {
        static_cast<void>(credentials_.check(std::nullopt, password));
    } else {
        BASCULE_CHECK(spend_time_on_a_bind(password, deadline));
    }
    return result;
}

Result<SignedIn> SessionService::sign_in(
    std::string_view user_name, const Secret& password, const SignInOrigin& origin,
    Deadline deadline
) {
    if (user_name.empty() || password.reveal().size() > longest_password) {
        return invalid_credentials();
    }
    BASCULE_CHECK(throttle_.admit(user_name, origin.address, account_failure_limit()));
    auto candidate = load(user_name);
    auto checked =
        candidate ? check(*candidate, password, deadline) : Result<Check>(fail(candidate.error()));
    if (!checked) {
        throttle_.withdraw(user_name, origin.address);
        return fail(std::move(checked).error());
    }
    if (checked->verdict == SignInVerdict::rejected) {
        record_failure(*candidate, checked->reason, origin);
        return invalid_credentials();
    }
    throttle_.succeeded(user_name, origin.address);
    return start(*candidate->person, checked->verdict == SignInVerdict::must_change, origin);
}

Result<SignInVerdict> SessionService::prove(
    const Person& person, const Secret& password, std::string_view address, Deadline deadline
) {
    BASCULE_CHECK(throttle_.admit(person.user_name, address, account_failure_limit()));
    auto candidate = load(person.user_name);
    auto checked =
        candidate ? check(*candidate, password, deadline) : Result<Check>(fail(candidate.error()));
    if (!checked) {
        throttle_.withdraw(person.user_name, address);
        return fail(std::move(checked).error());
    }
    if (checked->verdict != SignInVerdict::rejected) {
        throttle_.succeeded(person.user_name, address);
    }
    return checked->verdict;
}

void SessionService::record_failure(
    const Candidate& candidate, const std::string& reason, const SignInOrigin& origin
) {
    JournalRecord record = sign_in_record(origin);
    record.outcome = Outcome::failed;
    record.reason = reason;
    if (candidate.person) {
        name_person(record, *candidate.person);
    } else {
        // What was typed is not kept: people type passwords into the wrong field.
        record.actor.name = "(unknown)";
    }
    const Status written =
        store_.write(directory::Durability::repeatable, [&](Transaction& transaction) {
            return transaction.append(record);
        });
    if (!written) {
        log::error(
            "journal_failed", "A failed sign-in could not be written down.",
            {{"code", written.error().code}}
        );
    }
}

}  // namespace bascule::selfservice
