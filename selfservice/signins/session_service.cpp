#include "selfservice/signins/session_service.hpp"

#include <algorithm>

#include "directory/base/json_text.hpp"
#include "directory/base/log.hpp"
#include "directory/base/text.hpp"
#include "selfservice/secret_token.hpp"

namespace bascule::selfservice {
namespace {

using directory::JournalRecord;
using directory::Object;
using directory::Outcome;
using directory::Reader;
using directory::SignInVerdict;
using directory::Transaction;
using directory::WriteBack;

constexpr std::size_t sessions_per_user = 200;
/// A use is written down only when the last one written is older than this.
constexpr std::chrono::seconds touch_interval{60};
constexpr std::size_t longest_password = 4096;

tl::unexpected<Error> invalid_credentials() {
    return fail(
        ErrorKind::unauthenticated, "invalid_credentials",
        "The user name or the password is not right, or this account may not sign in."
    );
}

tl::unexpected<Error> no_session() {
    return fail(
        ErrorKind::unauthenticated, "no_session",
        "You are not signed in, or your session is over. Sign in."
    );
}

std::string session_body(const Session& session, std::string_view hash) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("id", session.id.to_string()).field("hash", hash);
    json.field("user", session.user.to_string()).field("created", format_time(session.created));
    json.field("lastSeen", format_time(session.last_seen))
        .field("expires", format_time(session.expires));
    json.field("address", session.address).field("userAgent", session.user_agent);
    json.key("mustChange").boolean(session.must_change_password);
    json.end_object();
    return body;
}

Time time_member(std::string_view body, std::string_view name) {
    const auto time = parse_time(json_text_member(body, name).value_or(""));
    return time ? *time : Time{};
}

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

}  // namespace

SessionService::SessionService(
    directory::Store& store, Argon2Credentials& credentials,
    const directory::WriteBackDirectory& directories, SignInThrottle& throttle,
    const directory::Clock& clock, Lifetimes lifetimes
)
    : store_(store),
      credentials_(credentials),
      directories_(directories),
      throttle_(throttle),
      clock_(clock),
      lifetimes_(lifetimes),
      type_(store.registry().type("Session")),
      hash_attribute_(store.registry().find_attribute(type_, {"", "hash", ""}).value()),
      user_attribute_(store.registry().find_attribute(type_, {"", "user", ""}).value()) {}

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

Result<SignedIn> SessionService::start(
    const Person& person, bool must_change, const SignInOrigin& origin
) {
    constexpr std::size_t longest_agent = 200;
    SignedIn signed_in{new_secret_token(""), {}};
    Session& session = signed_in.session;
    session.created = session.last_seen = clock_.now();
    session.id = uuid_v7(session.created);
    session.user = person.row.id;
    session.user_name = person.user_name;
    session.display_name = person.display_name;
    session.must_change_password = must_change;
    session.expires = session.created + lifetimes_.absolute;
    session.address = origin.address;
    session.user_agent = printable(origin.user_agent, longest_agent);
    if (!is_valid_utf8(session.user_agent)) {
        session.user_agent.clear();
    }
    const std::string body = session_body(session, token_hash(signed_in.token.reveal()));
    JournalRecord record = sign_in_record(origin);
    name_person(record, person);
    if (must_change) {
        record.details.emplace_back("MustChangePassword", "true");
    }
    BASCULE_CHECK(store_.write(
        directory::Durability::full,
        [&](Transaction& transaction) -> Status {
            BASCULE_TRY(
                const auto present,
                transaction.find_by_term(
                    user_attribute_, person.row.id.to_string(), sessions_per_user
                )
            );
            for (const Object& old : present) {
                const Session known = session_of(old);
                if (known.expires <= session.created ||
                    known.last_seen + lifetimes_.idle <= session.created) {
                    BASCULE_CHECK(transaction.remove(old.row.oid));
                }
            }
            BASCULE_TRY(
                [[maybe_unused]] const auto oid,
                transaction.create(
                    {session.id, type_, directory::SourceId::local, person.user_name, body, ""}
                )
            );
            return transaction.append(record);
        }
    ));
    return signed_in;
}

Session SessionService::session_of(const Object& object) const {
    Session session;
    session.id = object.row.id;
    if (const auto user = parse_uuid(json_text_member(object.body, "user").value_or(""))) {
        session.user = *user;
    }
    session.user_name = object.row.display;
    session.must_change_password = json_member(object.body, "mustChange") != "false";
    session.created = time_member(object.body, "created");
    session.last_seen = time_member(object.body, "lastSeen");
    session.expires = time_member(object.body, "expires");
    session.address = json_text_member(object.body, "address").value_or("");
    session.user_agent = json_text_member(object.body, "userAgent").value_or("");
    return session;
}

Result<Session> SessionService::find(std::string_view token) {
    if (token.empty()) {
        return no_session();
    }
    const std::string hash = token_hash(token);
    std::optional<Object> object;
    std::optional<Person> person;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        object.reset();
        person.reset();
        BASCULE_TRY(const auto found, reader.find_by_term(hash_attribute_, hash, 1));
        if (found.empty()) {
            return {};
        }
        object = found.front();
        BASCULE_TRY(const auto user, reader.find(session_of(*object).user));
        if (user) {
            person = person_of(*user);
        }
        return {};
    }));
    if (!object || !person || !person->active) {
        return no_session();
    }
    const Time now = clock_.now();
    Session session = session_of(*object);
    if (session.expires <= now || session.last_seen + lifetimes_.idle <= now) {
        return no_session();
    }
    session.user_name = person->user_name;
    session.display_name = person->display_name;
    if (session.last_seen + touch_interval <= now) {
        touch(*object);
    }
    return session;
}

void SessionService::touch(const Object& object) {
    const Status written =
        store_.write(directory::Durability::repeatable, [&](Transaction& transaction) -> Status {
            BASCULE_TRY(const auto present, transaction.find(object.row.oid));
            if (!present) {
                return {};
            }
            Session session = session_of(*present);
            session.last_seen = clock_.now();
            const std::string hash = json_text_member(present->body, "hash").value_or("");
            BASCULE_TRY(
                [[maybe_unused]] const bool changed,
                transaction.update(
                    present->row.oid, session_body(session, hash), "", present->row.display
                )
            );
            return {};
        });
    if (!written) {
        log::warning(
            "session_not_touched", "The last use of a session could not be written.",
            {{"code", written.error().code}}
        );
    }
}

Result<std::vector<Session>> SessionService::list(const Uuid& user) {
    std::vector<Session> sessions;
    const Time now = clock_.now();
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        sessions.clear();
        BASCULE_TRY(
            const auto found,
            reader.find_by_term(user_attribute_, user.to_string(), sessions_per_user)
        );
        for (const Object& object : found) {
            Session session = session_of(object);
            if (session.expires > now && session.last_seen + lifetimes_.idle > now) {
                sessions.push_back(std::move(session));
            }
        }
        return {};
    }));
    return sessions;
}

Status SessionService::end(const Uuid& user, const Uuid& session) {
    return store_.write(directory::Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(const auto object, transaction.find(session));
        if (!object || object->row.type != type_ || session_of(*object).user != user) {
            return fail(ErrorKind::not_found, "not_found", "You have no such session.");
        }
        return transaction.remove(object->row.oid);
    });
}

Result<std::size_t> SessionService::end_all(
    Transaction& transaction, const Uuid& user, std::optional<Uuid> except
) {
    std::size_t ended = 0;
    while (true) {
        BASCULE_TRY(
            auto found,
            transaction.find_by_term(user_attribute_, user.to_string(), sessions_per_user)
        );
        const bool last_batch = found.size() < sessions_per_user;
        std::erase_if(found, [&](const Object& object) { return object.row.id == except; });
        for (const Object& object : found) {
            BASCULE_CHECK(transaction.remove(object.row.oid));
            ++ended;
        }
        if (last_batch || found.empty()) {
            return ended;
        }
    }
}

Status SessionService::clear_must_change(Transaction& transaction, const Uuid& session) {
    BASCULE_TRY(const auto object, transaction.find(session));
    if (!object || object->row.type != type_) {
        return {};
    }
    Session changed = session_of(*object);
    changed.must_change_password = false;
    const std::string hash = json_text_member(object->body, "hash").value_or("");
    BASCULE_TRY(
        [[maybe_unused]] const bool written,
        transaction.update(object->row.oid, session_body(changed, hash), "", object->row.display)
    );
    return {};
}

}  // namespace bascule::selfservice
