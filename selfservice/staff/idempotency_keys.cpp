#include "selfservice/staff/idempotency_keys.hpp"

#include <chrono>
#include <utility>

namespace bascule::selfservice {

using directory::Transaction;

namespace {

/// So long a repeat with the same Idempotency-Key gets the first outcome.
constexpr std::chrono::hours key_lifetime{24};

}  // namespace

Result<std::size_t> forget_old_keys(
    Transaction& transaction, directory::TypeId type, std::size_t limit
) {
    directory::Query old;
    old.type = type;
    old.limit = limit;
    old.filter.kind = directory::Filter::Kind::row_field;
    old.filter.field = directory::RowField::last_modified;
    old.filter.op = directory::Operator::lt;
    old.filter.value = transaction.now() - key_lifetime;
    BASCULE_TRY(const auto found, transaction.query(old));
    for (const directory::Object& key : found.objects) {
        BASCULE_CHECK(transaction.remove(key.row.oid));
    }
    return found.objects.size();
}

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

}  // namespace bascule::selfservice
