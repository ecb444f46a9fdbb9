#include "selfservice/tokens/token_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "directory/base/json_text.hpp"
#include "directory/base/log.hpp"
#include "directory/base/text.hpp"
#include "selfservice/secret_token.hpp"

namespace bascule::selfservice {
namespace {

using directory::Durability;
using directory::JournalRecord;
using directory::Object;
using directory::Reader;
using directory::Transaction;

constexpr std::string_view prefix = "bsc_";
constexpr std::size_t token_size = prefix.size() + 43;
/// Another process may revoke a token; so long it may still be accepted here.
constexpr std::chrono::seconds remember_for{10};
constexpr std::chrono::seconds note_use_every{600};
constexpr std::size_t remember_at_most = 10'000;

std::string token_body(const Token& token, std::string_view hash) {
    std::string body;
    JsonWriter json(body);
    json.begin_object()
        .field("id", token.id.to_string())
        .field("name", token.name)
        .field("hash", hash);
    json.key("scopes").begin_array();
    for (const std::string& scope : token.scopes) {
        json.text(scope);
    }
    json.end_array().field("created", format_time(token.created));
    if (token.expires) {
        json.field("expires", format_time(*token.expires));
    }
    if (token.last_used) {
        json.field("lastUsed", format_time(*token.last_used));
    }
    if (!token.profile.empty()) {
        json.field("profile", token.profile);
    }
    json.end_object();
    return body;
}

std::optional<Time> time_member(std::string_view body, std::string_view name) {
    const auto time = parse_time(json_text_member(body, name).value_or(""));
    return time ? std::optional<Time>(*time) : std::nullopt;
}

Token token_of(const Object& object) {
    Token token;
    token.id = object.row.id;
    token.name = json_text_member(object.body, "name").value_or("");
    if (const std::string_view scopes = json_member(object.body, "scopes"); !scopes.empty()) {
        JsonElements elements(scopes);
        while (const auto element = elements.next()) {
            token.scopes.push_back(decode_json_string(*element));
        }
    }
    token.created = time_member(object.body, "created").value_or(Time{});
    token.expires = time_member(object.body, "expires");
    // An end that cannot be read is an end.
    if (!token.expires && !json_member(object.body, "expires").empty()) {
        token.expires = Time{};
    }
    token.last_used = time_member(object.body, "lastUsed");
    token.profile = json_text_member(object.body, "profile").value_or("");
    return token;
}

tl::unexpected<Error> invalid_token() {
    return fail(
        ErrorKind::unauthenticated, "invalid_token",
        "The bearer token is unknown, revoked or expired."
    );
}

JournalRecord record_of(const access::Caller& by, std::string activity, const Token& token) {
    JournalRecord record;
    record.actor = by.actor;
    record.origin = by.origin;
    record.source_address = by.source_address;
    record.request_id = by.request_id;
    record.activity = std::move(activity);
    record.target = token.id;
    record.target_type = "Token";
    record.target_display = token.name;
    return record;
}

Status check_scopes(const std::vector<std::string>& scopes) {
    if (scopes.empty()) {
        return fail(ErrorKind::invalid_input, "unknown_scope", "A token needs at least one scope.");
    }
    const auto& known = TokenService::known_scopes();
    for (const std::string& scope : scopes) {
        if (std::ranges::find(known, scope) == known.end()) {
            return fail(Error{
                ErrorKind::invalid_input,
                "unknown_scope",
                fmt::format(
                    "There is no scope '{}'. Known: {}.", printable(scope), fmt::join(known, ", ")
                ),
                "scopes",
                {}});
        }
    }
    return {};
}

Status check_name(std::string_view name) {
    constexpr std::size_t longest = 100;
    if (name.empty() || name.size() > longest || !is_valid_utf8(name) ||
        printable(name, longest) != name) {
        return fail(
            ErrorKind::invalid_input, "invalid_name",
            "A token's name is 1 to 100 bytes of text without control characters."
        );
    }
    return {};
}

}  // namespace

TokenService::TokenService(directory::Store& store, const directory::Clock& clock)
    : store_(store),
      clock_(clock),
      type_(store.registry().type("Token")),
      hash_attribute_(store.registry().find_attribute(type_, {"", "hash", ""}).value()),
      name_attribute_(store.registry().find_attribute(type_, {"", "name", ""}).value()) {}

const std::vector<std::string>& TokenService::known_scopes() {
    static const std::vector<std::string> scopes{"users:read",   "users:write", "groups:read",
                                                 "groups:write", "admin:read",  "admin:write",
                                                 "events:read"};
    return scopes;
}

Result<TokenService::Created> TokenService::create(
    std::string_view name, std::vector<std::string> scopes, std::optional<Time> expires,
    const access::Caller& by, std::string profile
) {
    BASCULE_CHECK(check_name(name));
    BASCULE_CHECK(check_scopes(scopes));
    const Time now = clock_.now();
    if (expires && *expires <= now) {
        return fail(
            ErrorKind::invalid_input, "already_expired", "The token would have expired already."
        );
    }
    Created created{
        new_secret_token(prefix),
        {uuid_v7(now), std::string(name), std::move(scopes), now, expires, {}, std::move(profile)}};
    const std::string body = token_body(created.token, token_hash(created.secret.reveal()));
    JournalRecord record = record_of(by, "Add token", created.token);
    record.details.emplace_back("Scopes", fmt::format("{}", fmt::join(created.token.scopes, " ")));
    record.details.emplace_back("Expires", expires ? format_time(*expires) : "never");
    if (!created.token.profile.empty()) {
        record.details.emplace_back("Profile", created.token.profile);
    }
    const Status written = store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(
            [[maybe_unused]] const auto oid,
            transaction.create(
                {created.token.id, type_, directory::SourceId::local, created.token.name, body, ""}
            )
        );
        return transaction.append(record);
    });
    if (!written && written.error().code == "uniqueness") {
        return fail(
            ErrorKind::conflict, "name_in_use",
            fmt::format(
                "There is a token named '{}' already. Choose another name or revoke that one.", name
            )
        );
    }
    BASCULE_CHECK(written);
    return created;
}

Result<std::vector<Token>> TokenService::list() {
    constexpr std::uint64_t page = 500;
    std::vector<Token> tokens;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        tokens.clear();
        directory::Query query;
        query.type = type_;
        query.limit = page;
        while (true) {
            BASCULE_TRY(const auto found, reader.query(query));
            for (const Object& object : found.objects) {
                tokens.push_back(token_of(object));
            }
            query.offset += page;
            if (found.objects.size() < page) {
                return {};
            }
        }
    }));
    return tokens;
}

Result<Object> TokenService::find(Transaction& transaction, std::string_view name_or_id) const {
    std::optional<Object> object;
    if (const auto id = parse_uuid(name_or_id)) {
        BASCULE_TRY(object, transaction.find(*id));
    } else {
        BASCULE_TRY(const auto found, transaction.find_by_term(name_attribute_, name_or_id, 1));
        if (!found.empty()) {
            object = found.front();
        }
    }
    if (!object || object->row.type != type_) {
        return fail(
            ErrorKind::not_found, "not_found",
            fmt::format("There is no token '{}'.", printable(name_or_id))
        );
    }
    return *std::move(object);
}

Status TokenService::set_profile(
    std::string_view name_or_id, std::string profile, const access::Caller& by
) {
    const Status changed = store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(const Object object, find(transaction, name_or_id));
        Token token = token_of(object);
        token.profile = profile;
        const std::string hash = json_text_member(object.body, "hash").value_or("");
        BASCULE_TRY(
            [[maybe_unused]] const bool updated,
            transaction.update(object.row.oid, token_body(token, hash), "", token.name)
        );
        JournalRecord record = record_of(by, "Update token", token);
        record.details.emplace_back("Profile", profile.empty() ? "default" : profile);
        return transaction.append(std::move(record));
    });
    forget_verified();
    return changed;
}

Status TokenService::revoke(std::string_view name_or_id, const access::Caller& by) {
    const Status revoked = store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(const Object object, find(transaction, name_or_id));
        BASCULE_CHECK(transaction.remove(object.row.oid));
        return transaction.append(record_of(by, "Remove token", token_of(object)));
    });
    forget_verified();
    return revoked;
}

void TokenService::forget_verified() {
    const std::unique_lock lock(mutex_);
    verified_.clear();
    ++generation_;
}

Result<Token> TokenService::load(const std::string& hash) {
    std::optional<Token> token;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        token.reset();
        BASCULE_TRY(const auto found, reader.find_by_term(hash_attribute_, hash, 1));
        if (!found.empty() && equal_in_constant_time(
                                  json_text_member(found.front().body, "hash").value_or(""), hash
                              )) {
            token = token_of(found.front());
        }
        return {};
    }));
    if (!token) {
        return invalid_token();
    }
    return *token;
}

Result<Token> TokenService::verify(std::string_view secret) {
    if (secret.size() != token_size || !secret.starts_with(prefix)) {
        return invalid_token();
    }
    const std::string hash = token_hash(secret);
    const Time now = clock_.now();
    std::uint64_t generation = 0;
    {
        const std::shared_lock lock(mutex_);
        const auto known = verified_.find(hash);
        if (known != verified_.end() && known->second.checked + remember_for > now) {
            if (known->second.token.expires && *known->second.token.expires <= now) {
                return invalid_token();
            }
            return known->second.token;
        }
        generation = generation_;
    }
    BASCULE_TRY(Token token, load(hash));
    if (token.expires && *token.expires <= now) {
        return invalid_token();
    }
    note_use(token, now);
    const std::unique_lock lock(mutex_);
    if (generation != generation_) {
        return token;  // somebody revoked a token meanwhile: the next request asks the store again
    }
    if (verified_.size() >= remember_at_most) {
        verified_.clear();
    }
    verified_.insert_or_assign(hash, Verified{token, now});
    return token;
}

void TokenService::note_use(Token& token, Time now) {
    if (token.last_used && *token.last_used + note_use_every > now) {
        return;
    }
    token.last_used = now;
    const Status written =
        store_.write(Durability::repeatable, [&](Transaction& transaction) -> Status {
            BASCULE_TRY(const auto object, transaction.find(token.id));
            if (!object) {
                return {};
            }
            const std::string hash = json_text_member(object->body, "hash").value_or("");
            Token used = token_of(*object);
            used.last_used = now;
            BASCULE_TRY(
                [[maybe_unused]] const bool changed,
                transaction.update(object->row.oid, token_body(used, hash), "", used.name)
            );
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
