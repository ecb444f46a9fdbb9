#include "selfservice/tokens/token_service.hpp"

#include <fmt/format.h>

#include <mutex>

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

void add_details(JournalRecord& record, const Token& token) {
    record.details.emplace_back("Scopes", fmt::format("{}", fmt::join(token.scopes, " ")));
    record.details.emplace_back("Expires", token.expires ? format_time(*token.expires) : "never");
    if (token.user) {
        record.details.emplace_back("Acts for", token.user->to_string());
    }
}

/// Says which of the things that only one client may have is taken.
Error in_use(const Error& error, const TokenSettings& settings) {
    if (error.code != "uniqueness") {
        return error;
    }
    if (error.field == "certificates" || error.field == "subjects") {
        return Error{
            ErrorKind::conflict,
            "identity_in_use",
            "Another client signs on with one of these " + error.field +
                ". Take it away there first.",
            error.field,
            {},
            {}};
    }
    return Error{
        ErrorKind::conflict,
        "name_in_use",
        fmt::format(
            "There is a token named '{}' already. Choose another name or revoke that one.",
            settings.name
        ),
        "name",
        {},
        {}};
}

}  // namespace

TokenService::TokenService(directory::Store& store, const directory::Clock& clock, Secret key)
    : store_(store),
      clock_(clock),
      key_(std::move(key)),
      type_(store.registry().type("Token")),
      hash_attribute_(store.registry().find_attribute(type_, {"", "hash", ""}).value()),
      old_hash_attribute_(store.registry().find_attribute(type_, {"", "oldHash", ""}).value()),
      name_attribute_(store.registry().find_attribute(type_, {"", "name", ""}).value()),
      certificate_attribute_(
          store.registry().find_attribute(type_, {"", "certificates", ""}).value()
      ),
      subject_attribute_(store.registry().find_attribute(type_, {"", "subjects", ""}).value()),
      use_notes_([this](const UseNotes::Notes& notes) { write_uses(notes); }) {}

Result<TokenService::Created> TokenService::create(
    std::string_view name, std::vector<std::string> scopes, std::optional<Time> expires,
    const access::Caller& by
) {
    TokenSettings settings;
    settings.name = name;
    settings.scopes = std::move(scopes);
    settings.expires = expires;
    return create(std::move(settings), by);
}

Result<TokenService::Created> TokenService::create(
    TokenSettings settings, const access::Caller& by, WithSecret with_secret
) {
    BASCULE_CHECK(check_settings(settings, store_.registry()));
    const Time now = clock_.now();
    if (settings.expires && *settings.expires <= now) {
        return fail(
            ErrorKind::invalid_input, "already_expired", "The token would have expired already."
        );
    }
    Created created;
    static_cast<TokenSettings&>(created.token) = std::move(settings);
    Token& token = created.token;
    token.id = uuid_v7(now);
    token.created = token.valid_from = now;
    SecretHashes hashes;
    if (with_secret == WithSecret::yes) {
        created.secret = new_secret_token(prefix);
        hashes.present = keyed_hash(key_.reveal(), created.secret.reveal());
        token.has_secret = true;
    }
    const std::string body = token_body(token, hashes);
    JournalRecord record = record_of(by, "Add token", token);
    add_details(record, token);
    const Status written = store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(
            [[maybe_unused]] const auto oid,
            transaction.create({token.id, type_, directory::SourceId::local, token.name, body, ""})
        );
        return transaction.append(record);
    });
    if (!written) {
        return fail(in_use(written.error(), token));
    }
    return created;
}

Result<std::vector<Token>> TokenService::list() {
    constexpr std::uint64_t page = 500;
    std::vector<Token> tokens;
    use_notes_.settle();
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

Result<std::optional<Object>> TokenService::first(
    Reader& reader, directory::AttributeId attribute, std::string_view value
) const {
    BASCULE_TRY(auto found, reader.find_by_term(attribute, value, 1));
    return found.empty() ? std::optional<Object>{} : std::move(found.front());
}

Result<Object> TokenService::object_named(Reader& reader, std::string_view name_or_id) const {
    std::optional<Object> object;
    if (const auto id = parse_uuid(name_or_id)) {
        BASCULE_TRY(object, reader.find(*id));
    } else {
        BASCULE_TRY(object, first(reader, name_attribute_, name_or_id));
    }
    if (!object || object->row.type != type_) {
        return fail(
            ErrorKind::not_found, "not_found",
            fmt::format("There is no token '{}'.", printable(name_or_id))
        );
    }
    return *std::move(object);
}

Status TokenService::store(
    Transaction& transaction, const Object& object, const Token& token, const SecretHashes& hashes
) const {
    const auto updated =
        transaction.update(object.row.oid, token_body(token, hashes), "", token.name);
    return updated ? Status{} : Status(fail(in_use(updated.error(), token)));
}

Status TokenService::revoke(std::string_view name_or_id, const access::Caller& by) {
    const Status revoked = store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(const Object object, object_named(transaction, name_or_id));
        BASCULE_CHECK(transaction.remove(object.row.oid));
        return transaction.append(record_of(by, "Remove token", token_of(object)));
    });
    forget_verified();
    return revoked;
}

Result<Token> TokenService::set(
    std::string_view name_or_id, const std::function<void(TokenSettings&)>& change,
    const access::Caller& by
) {
    Token token;
    const Status changed = store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(const Object object, object_named(transaction, name_or_id));
        token = token_of(object);
        const std::string name = token.name;
        change(token);
        token.name = name;
        BASCULE_CHECK(check_settings(token, store_.registry()));
        BASCULE_CHECK(store(transaction, object, token, hashes_of(object)));
        JournalRecord record = record_of(by, "Update token", token);
        add_details(record, token);
        return transaction.append(std::move(record));
    });
    forget_verified();
    BASCULE_CHECK(changed);
    return token;
}

Result<TokenService::Created> TokenService::rotate(
    std::string_view name_or_id, std::chrono::seconds overlap, const access::Caller& by
) {
    Created created;
    created.secret = new_secret_token(prefix);
    const std::string hash = keyed_hash(key_.reveal(), created.secret.reveal());
    const Time now = clock_.now();
    const Status rotated = store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(const Object object, object_named(transaction, name_or_id));
        created.token = token_of(object);
        Token& token = created.token;
        SecretHashes hashes{hash, {}};
        token.old_secret_ends.reset();
        if (overlap.count() == 0) {
            token.valid_from = now;
        } else if (token.has_secret) {
            hashes.old = hashes_of(object).present;
            token.old_secret_ends = now + overlap;
        }
        token.has_secret = true;
        BASCULE_CHECK(store(transaction, object, token, hashes));
        JournalRecord record = record_of(by, "Rotate token", token);
        record.details.emplace_back(
            "Old secret ends", format_time(token.old_secret_ends.value_or(now))
        );
        return transaction.append(std::move(record));
    });
    forget_verified();
    BASCULE_CHECK(rotated);
    return created;
}

Status TokenService::end_old_secret(std::string_view name_or_id, const access::Caller& by) {
    const Status ended = store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(const Object object, object_named(transaction, name_or_id));
        Token token = token_of(object);
        SecretHashes hashes = hashes_of(object);
        if (hashes.old.empty()) {
            return fail(
                ErrorKind::not_found, "no_old_secret",
                fmt::format("Only one secret of '{}' lives; there is no old one.", token.name)
            );
        }
        hashes.old.clear();
        token.old_secret_ends.reset();
        BASCULE_CHECK(store(transaction, object, token, hashes));
        return transaction.append(record_of(by, "End old secret of token", token));
    });
    forget_verified();
    return ended;
}

}  // namespace bascule::selfservice
