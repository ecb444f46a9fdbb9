#include "connectors/ldap/confidential.hpp"

#include <utility>

#include "connectors/ldap/password_errors.hpp"

namespace bascule::ldap {
namespace {

Error insecure(const Connection& connection) {
    return Error{
        ErrorKind::forbidden,
        "directory_insecure",
        "Passwords are not sent to the directory over a connection that is not encrypted. Use "
        "ldaps:// or switch StartTLS on. (Nothing was changed.)",
        {},
        connection.server(),
        {}};
}

}  // namespace

Result<Connection> open_confidential(const ConnectionOptions& options, Deadline deadline) {
    auto connection = Connection::open(options, deadline);
    if (!connection) {
        return fail(writeback_failure(std::move(connection).error(), false));
    }
    if (!connection->confidential()) {
        return fail(insecure(*connection));
    }
    return connection;
}

Result<Outcome> write_confidentially(
    WorkConnection& work, Deadline deadline,
    const std::function<Result<Outcome>(Connection&)>& write
) {
    bool sent = false;
    auto outcome = work.run<Outcome>(deadline, [&](Connection& connection) -> Result<Outcome> {
        if (!connection.confidential()) {
            return fail(insecure(connection));
        }
        sent = true;
        return write(connection);
    });
    if (!outcome) {
        return fail(writeback_failure(std::move(outcome).error(), sent));
    }
    return outcome;
}

}  // namespace bascule::ldap
