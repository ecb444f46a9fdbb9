#include "selfservice/signins/session_service.hpp"

#include <algorithm>

#include "directory/base/json_text.hpp"
#include "directory/base/log.hpp"
#include "directory/base/text.hpp"
#include "selfservice/secret_token.hpp"
#include "selfservice/signins/sign_in_record.hpp"

namespace bascule::selfservice {
namespace {

using directory::JournalRecord;
using directory::Object;
using directory::Reader;
using directory::Transaction;

constexpr std::size_t sessions_per_user = 200;
/// A use is written down only when the last one written is older than this.
constexpr std::chrono::seconds touch_interval{60};

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

Status SessionService::remove_owned(Transaction& transaction, const Uuid& user, const Uuid& session)
    const {
    BASCULE_TRY(const auto object, transaction.find(session));
    if (!object || object->row.type != type_ || session_of(*object).user != user) {
        return fail(ErrorKind::not_found, "not_found", "You have no such session.");
    }
    return transaction.remove(object->row.oid);
}

Status SessionService::end(const Uuid& user, const Uuid& session) {
    return store_.write(directory::Durability::full, [&](Transaction& transaction) {
        return remove_owned(transaction, user, session);
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
