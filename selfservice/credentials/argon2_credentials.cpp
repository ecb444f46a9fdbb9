#include "selfservice/credentials/argon2_credentials.hpp"

#include <sodium.h>

#include <array>

#include "directory/base/json_text.hpp"
#include "selfservice/credentials/local_password_rules.hpp"
#include "selfservice/credentials/password_generator.hpp"

namespace bascule::selfservice {
namespace {

using directory::MustChange;
using directory::SignInVerdict;

Uuid credential_id(const Uuid& user) {
    return uuid_v5(user, "password");
}

std::string credential_body(
    const Uuid& user, const std::string& hash, MustChange must_change, Time changed
) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("id", credential_id(user).to_string()).field("hash", hash);
    json.key("mustChange").boolean(must_change == MustChange::yes);
    json.field("changed", format_time(changed)).end_object();
    return body;
}

}  // namespace

Argon2Credentials::Argon2Credentials(const directory::Registry& registry)
    : type_(registry.type("Credential")) {
    if (auto decoy = hash(generate_temporary_password(), {})) {
        decoy_hash_ = std::move(*decoy);
    }
}

Result<std::string> Argon2Credentials::hash(const Secret& password, std::string_view user_name) {
    BASCULE_CHECK(check_local_password(password, user_name));
    std::array<char, crypto_pwhash_STRBYTES> text{};
    const std::string_view clear = password.reveal();
    if (crypto_pwhash_str(
            text.data(), clear.data(), clear.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
            crypto_pwhash_MEMLIMIT_INTERACTIVE
        ) != 0) {
        return fail(
            ErrorKind::unavailable, "out_of_memory",
            "The password could not be hashed now. Try again in a moment."
        );
    }
    return std::string(text.data());
}

Status Argon2Credentials::put(
    directory::Transaction& transaction, const Uuid& user, const std::string& hash,
    MustChange must_change
) {
    std::string body = credential_body(user, hash, must_change, transaction.now());
    BASCULE_TRY(const auto present, transaction.find_any(credential_id(user)));
    if (!present) {
        BASCULE_TRY(
            [[maybe_unused]] const auto oid,
            transaction.create(
                {credential_id(user), type_, directory::SourceId::local, "", std::move(body), ""}
            )
        );
        return {};
    }
    if (present->row.deleted) {
        BASCULE_CHECK(transaction.restore(present->row.oid));
    }
    BASCULE_TRY(
        [[maybe_unused]] const bool changed,
        transaction.update(present->row.oid, std::move(body), "", "")
    );
    return {};
}

Status Argon2Credentials::erase(directory::Transaction& transaction, const Uuid& user) {
    BASCULE_TRY(const auto present, transaction.find(credential_id(user)));
    if (!present) {
        return {};
    }
    // A removed object keeps its document until it is purged; the hash need not wait that long.
    std::string emptied;
    JsonWriter(emptied).begin_object().field("id", credential_id(user).to_string()).end_object();
    BASCULE_TRY(
        [[maybe_unused]] const bool changed,
        transaction.update(present->row.oid, std::move(emptied), "", "")
    );
    return transaction.remove(present->row.oid);
}

Result<std::optional<Argon2Credentials::Stored>> Argon2Credentials::find(
    directory::Reader& reader, const Uuid& user
) const {
    BASCULE_TRY(const auto object, reader.find(credential_id(user)));
    if (!object) {
        return std::optional<Stored>{};
    }
    Stored stored;
    stored.hash = json_text_member(object->body, "hash").value_or("");
    stored.must_change = json_member(object->body, "mustChange") == "true";
    return std::optional<Stored>{std::move(stored)};
}

SignInVerdict Argon2Credentials::check(const std::optional<Stored>& stored, const Secret& password)
    const {
    const bool known = stored && !stored->hash.empty();
    const std::string& expected = known ? stored->hash : decoy_hash_;
    const std::string_view clear = password.reveal();
    const bool equal = crypto_pwhash_str_verify(expected.c_str(), clear.data(), clear.size()) == 0;
    if (!known || !equal || password.empty()) {
        return SignInVerdict::rejected;
    }
    return stored->must_change ? SignInVerdict::must_change : SignInVerdict::accepted;
}

Result<SignInVerdict> Argon2Credentials::verify(
    directory::Reader& reader, const Uuid& user, const Secret& password
) {
    BASCULE_TRY(const auto stored, find(reader, user));
    return check(stored, password);
}

}  // namespace bascule::selfservice
