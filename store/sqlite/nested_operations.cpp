#include "directory/base/error.hpp"
#include "store/sqlite/transaction_operations.hpp"

namespace bascule::store {
namespace {

Status given_up() {
    return fail(Error{
        ErrorKind::internal,
        "store_failed",
        "The store could not carry this out.",
        {},
        "the outer transaction was rolled back",
        {}});
}

}  // namespace

Status TransactionOperations::nested(const std::function<Status(TransactionOperations&)>& fn) {
    // Without its transaction a savepoint would start, and its release commit, one of its own.
    if (!connection_.in_transaction()) {
        return given_up();
    }
    flush();
    connection_.run("SAVEPOINT nested");
    TransactionOperations inner(connection_, numbers_, now_, loaded_);
    inner.reads().hide_from(reads_.hidden_from());
    Status result = guarded([&]() -> Status {
        BASCULE_CHECK(fn(inner));
        inner.flush();
        return {};
    });
    if (!connection_.in_transaction()) {
        return result ? given_up() : result;
    }
    if (!result) {
        connection_.run("ROLLBACK TO nested");
    }
    connection_.run("RELEASE nested");
    return result;
}

}  // namespace bascule::store
