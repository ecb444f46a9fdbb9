#include "connectors/ldap/confidential.hpp"

#include <utility>

#include "connectors/ldap/password_errors.hpp"

namespace bascule::ldap {
namespace {

bool is_protected(const Connection& connection, Protection protection) {
    return protection == Protection::encrypted ? connection.encrypted() : connection.confidential();
}

}  // namespace

Status require_protection(const Connection& connection, Protection protection) {
    if (is_protected(connection, protection)) {
        return {};
    }
    return fail(Error{
        ErrorKind::forbidden,
        "directory_insecure",
        "Passwords are not sent to the directory over a connection that is not encrypted. Use "
        "ldaps:// or switch StartTLS on. (Nothing was changed.)",
        {},
        connection.server(),
        {}});
}

Result<Connection> open_confidential(const ConnectionOptions& options, Deadline deadline) {
    auto connection = Connection::open(options, deadline);
    if (!connection) {
        return fail(writeback_failure(std::move(connection).error(), false));
    }
    BASCULE_CHECK(require_protection(*connection, Protection::encrypted_or_local));
    return connection;
}

Result<Outcome> write_confidentially(
    WorkConnection& work, Deadline deadline,
    const std::function<Result<Outcome>(Connection&)>& write, Protection protection
) {
    bool sent = false;
    auto outcome = work.run<Outcome>(deadline, [&](Connection& connection) -> Result<Outcome> {
        BASCULE_CHECK(require_protection(connection, protection));
        sent = true;
        return write(connection);
    });
    if (!outcome) {
        return fail(writeback_failure(std::move(outcome).error(), sent));
    }
    return outcome;
}

Status require_both(const Secret& old_password, const Secret& new_password) {
    if (old_password.empty() || new_password.empty()) {
        return fail(
            ErrorKind::invalid_input, "wrong_password",
            "Both passwords are needed. (Nothing was changed.)"
        );
    }
    return {};
}

Status change_as_owner(
    const ConnectionOptions& options, const std::string& dn, const Secret& old_password,
    const Secret& new_password, Deadline deadline,
    const std::function<Result<Outcome>(Connection&)>& write,
    const std::function<Error(const Outcome&)>& refuse
) {
    BASCULE_CHECK(require_both(old_password, new_password));
    BASCULE_TRY(auto connection, open_confidential(options, deadline));
    const auto bound = connection.bind(dn, old_password, deadline);
    if (!bound) {
        return fail(writeback_failure(bound.error(), false));
    }
    if (!bound->success()) {
        return fail(refuse(*bound));
    }
    const auto outcome = write(connection);
    if (!outcome) {
        return fail(writeback_failure(outcome.error(), true));
    }
    return outcome->success() ? Status() : fail(refuse(*outcome));
}

}  // namespace bascule::ldap
