#include "selfservice/signins/session_service.hpp"

namespace bascule::selfservice {
namespace {

using access::Caller;
using directory::JournalRecord;
using directory::Transaction;

Result<Uuid> person_of_session(const Caller& caller) {
    if (caller.actor.kind != directory::ActorKind::user || !caller.actor.id || !caller.session) {
        return fail(
            ErrorKind::forbidden, "not_a_person",
            "Only a signed-in person has sessions; a token is revoked instead."
        );
    }
    return *caller.actor.id;
}

JournalRecord end_record(const Caller& caller, std::string activity) {
    JournalRecord record;
    record.actor = caller.actor;
    record.origin = "My Account";
    record.activity = std::move(activity);
    record.source_address = caller.source_address;
    record.request_id = caller.request_id;
    record.target = caller.actor.id;
    record.target_type = "User";
    record.target_display = caller.actor.name;
    return record;
}

}  // namespace

Result<std::vector<Session>> SessionService::list_own(const Caller& caller) {
    BASCULE_TRY(const Uuid user, person_of_session(caller));
    return list(user);
}

Status SessionService::end_own(const Caller& caller, const Uuid& session) {
    BASCULE_TRY(const Uuid user, person_of_session(caller));
    return store_.write(directory::Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_CHECK(remove_owned(transaction, user, session));
        JournalRecord record = end_record(caller, "End session");
        record.details.emplace_back("Session", session.to_string());
        return transaction.append(std::move(record));
    });
}

Result<std::size_t> SessionService::end_others(const Caller& caller) {
    BASCULE_TRY(const Uuid user, person_of_session(caller));
    std::size_t ended = 0;
    BASCULE_CHECK(store_
                      .write(directory::Durability::full, [&](Transaction& transaction) -> Status {
                          BASCULE_TRY(ended, end_all(transaction, user, caller.session));
                          JournalRecord record = end_record(caller, "End other sessions");
                          record.details.emplace_back("count", std::to_string(ended));
                          return transaction.append(std::move(record));
                      }));
    return ended;
}

Result<std::size_t> SessionService::sweep(Transaction& transaction, std::size_t limit) {
    const Time now = transaction.now();
    std::size_t removed = 0;
    const auto remove_before = [&](directory::RowField field, Time horizon) -> Status {
        directory::Query over;
        over.type = type_;
        over.limit = limit - removed;
        over.filter.kind = directory::Filter::Kind::row_field;
        over.filter.field = field;
        over.filter.op = directory::Operator::lt;
        over.filter.value = horizon;
        BASCULE_TRY(const auto found, transaction.query(over));
        for (const directory::Object& session : found.objects) {
            BASCULE_CHECK(transaction.remove(session.row.oid));
            ++removed;
        }
        return {};
    };
    // A use is written into the session, so an old row is an unused session.
    BASCULE_CHECK(remove_before(directory::RowField::last_modified, now - lifetimes_.idle));
    if (removed < limit) {
        BASCULE_CHECK(remove_before(directory::RowField::created, now - lifetimes_.absolute));
    }
    return removed;
}

}  // namespace bascule::selfservice
