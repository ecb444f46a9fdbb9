#include <algorithm>
#include <mutex>

#include "directory/base/log.hpp"
#include "directory/base/text.hpp"
#include "selfservice/people.hpp"
#include "selfservice/secret_token.hpp"
#include "selfservice/tokens/token_service.hpp"

namespace bascule::selfservice {
namespace {

using directory::Durability;
using directory::Object;
using directory::Reader;
using directory::Transaction;

constexpr std::string_view prefix = "bsc_";
constexpr std::size_t token_size = prefix.size() + 43;
/// Another process may revoke a token; so long it may still be accepted here.
constexpr std::chrono::seconds remember_for{10};
constexpr std::chrono::seconds note_use_every{600};
constexpr std::size_t remember_at_most = 10'000;

tl::unexpected<Error> invalid_token() {
    return fail(
        ErrorKind::unauthenticated, "invalid_token",
        "The bearer token is unknown, revoked or expired."
    );
}

/// A client that acts for somebody signs on as long as that user may.
Result<bool> may_act(Reader& reader, const directory::Registry& registry, const Uuid& user) {
    const auto person = require_person(reader, registry, user);
    if (!person && person.error().kind != ErrorKind::not_found) {
        return fail(person.error());
    }
    return person && person->active;
}

bool is_over(const std::optional<Time>& end, Time now) {
    return end && *end <= now;
}

}  // namespace

bool TokenService::is_secret(std::string_view text) {
    return text.size() == token_size && text.starts_with(prefix);
}

void TokenService::forget_verified() {
    const std::unique_lock lock(mutex_);
    verified_.clear();
    ++generation_;
}

Result<Token> TokenService::verify(std::string_view secret) {
    if (!is_secret(secret)) {
        return invalid_token();
    }
    const std::string hash = keyed_hash(key_.reveal(), secret);
    const auto find = [&](Reader& reader) -> Result<std::optional<Object>> {
        BASCULE_TRY(auto object, first(reader, hash_attribute_, hash));
        if (!object) {
            BASCULE_TRY(object, first(reader, old_hash_attribute_, hash));
        }
        return object;
    };
    return remembered(hash, hash, find);
}

Result<Token> TokenService::find(const Uuid& id) {
    return remembered("id:" + id.to_string(), {}, [&](Reader& reader) { return reader.find(id); });
}

Result<Token> TokenService::look_up(std::string_view name_or_id) {
    const auto find = [&](Reader& reader) -> Result<std::optional<Object>> {
        BASCULE_TRY(Object object, object_named(reader, name_or_id));
        return std::optional<Object>(std::move(object));
    };
    BASCULE_TRY(Verified found, load(find, {}));
    return is_over(found.ends, clock_.now()) ? Result<Token>(invalid_token())
                                             : std::move(found.token);
}

Result<Token> TokenService::find_named(std::string_view name_or_id) {
    if (const auto id = parse_uuid(name_or_id)) {
        return find(*id);
    }
    return find_by("name:", name_attribute_, name_or_id);
}

Result<Token> TokenService::find_by_certificate(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        auto token = find_by("certificate:", certificate_attribute_, name);
        if (token || token.error().kind != ErrorKind::unauthenticated) {
            return token;
        }
    }
    return invalid_token();
}

Result<Token> TokenService::find_by_subject(std::string_view subject) {
    return find_by("subject:", subject_attribute_, subject);
}

Result<Token> TokenService::find_by(
    std::string_view kind, directory::AttributeId attribute, std::string_view value
) {
    std::string key(kind);
    key += value;
    return remembered(key, {}, [&](Reader& reader) { return first(reader, attribute, value); });
}

Result<Uuid> TokenService::find_user(std::string_view user_name) {
    std::optional<Person> person;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        BASCULE_TRY(person, find_person(reader, store_.registry(), user_name));
        return {};
    }));
    if (person && person->active) {
        return person->row.id;
    }
    return fail(Error{
        ErrorKind::invalid_input,
        "unknown_user",
        "There is no active user '" + printable(user_name, 100) + "'.",
        "user",
        {},
        {}});
}

Result<TokenService::Verified> TokenService::load(const Find& find, const std::string& hash) {
    std::optional<Object> object;
    Verified found;
    bool may_sign_on = false;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        BASCULE_TRY(object, find(reader));
        if (!object || object->row.type != type_) {
            return {};
        }
        found.token = token_of(*object);
        may_sign_on = true;
        if (found.token.user) {
            BASCULE_TRY(may_sign_on, may_act(reader, store_.registry(), *found.token.user));
        }
        return {};
    }));
    if (!may_sign_on) {
        return invalid_token();
    }
    found.checked = clock_.now();
    found.ends = found.token.expires;
    if (hash.empty()) {
        return found;
    }
    const SecretHashes hashes = hashes_of(*object);
    if (equal_in_constant_time(hashes.present, hash)) {
        return found;
    }
    if (!equal_in_constant_time(hashes.old, hash) || !found.token.old_secret_ends) {
        return invalid_token();
    }
    found.ends = std::min(found.ends.value_or(Time::max()), *found.token.old_secret_ends);
    return found;
}

Result<Token> TokenService::remembered(
    const std::string& key, const std::string& hash, const Find& find
) {
    const Time now = clock_.now();
    std::uint64_t generation = 0;
    {
        const std::shared_lock lock(mutex_);
        const auto known = verified_.find(key);
        if (known != verified_.end() && known->second.checked + remember_for > now) {
            return is_over(known->second.ends, now) ? Result<Token>(invalid_token())
                                                    : known->second.token;
        }
        generation = generation_;
    }
    BASCULE_TRY(Verified verified, load(find, hash));
    if (is_over(verified.ends, now)) {
        return invalid_token();
    }
    note_use(verified.token, now);
    const std::unique_lock lock(mutex_);
    if (generation != generation_ || verified.token.user) {
        // Somebody changed a token meanwhile, or may disable the user at any time: the next request
        // asks the store again.
        return std::move(verified.token);
    }
    if (verified_.size() >= remember_at_most) {
        verified_.clear();
    }
    return verified_.insert_or_assign(key, std::move(verified)).first->second.token;
}

void TokenService::note_use(Token& token, Time now) {
    if (token.last_used && *token.last_used + note_use_every > now) {
        return;
    }
    token.last_used = now;
    use_notes_.note(token.id, now);
}

void TokenService::write_uses(const UseNotes::Notes& notes) {
    const Status written =
        store_.write(Durability::repeatable, [&](Transaction& transaction) -> Status {
            for (const auto& [id, when] : notes) {
                BASCULE_TRY(const auto object, transaction.find(id));
                if (!object) {
                    continue;
                }
                Token present = token_of(*object);
                present.last_used = when;
                BASCULE_CHECK(store(transaction, *object, present, hashes_of(*object)));
            }
            return {};
        });
    if (!written) {
        log::warning(
            "token_use_not_noted", "The last use of a token could not be written.",
            {{"code", written.error().code}}
        );
    }
}

}  // namespace bascule::selfservice
