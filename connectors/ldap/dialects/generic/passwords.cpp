#include "connectors/ldap/dialects/generic/passwords.hpp"

#include <ldap.h>

#include <algorithm>
#include <utility>

#include "connectors/ldap/confidential.hpp"
#include "connectors/ldap/directory_search.hpp"
#include "directory/base/log.hpp"

namespace bascule::ldap {

using directory::AccountState;
using directory::MustChange;
using directory::PasswordPolicy;

namespace {

Result<bool> offers_password_modify(Connection& connection, Deadline deadline) {
    SearchRequest request;
    request.attributes = {"supportedExtension"};
    BASCULE_TRY(const auto entries, connection.search(request, deadline));
    return !entries.empty() && std::ranges::count(
                                   entries.front().values("supportedExtension"),
                                   std::string_view(LDAP_EXOP_MODIFY_PASSWD)
                               ) > 0;
}

Error no_way() {
    return Error{
        ErrorKind::forbidden,
        "password_change_not_allowed",
        "The directory offers no Password Modify operation (RFC 3062), and replacing userPassword "
        "is not allowed; sources[].write_back.replace_password allows it. (Nothing was changed.)",
        {},
        {},
        {}};
}

Error refusal(const Outcome& outcome, PasswordAction action) {
    auto error = password_refusal(outcome, action, nullptr);
    const bool wants_old_one = outcome.has(PolicyError::must_supply_old_password);
    if (error.code == "directory_denied" && !wants_old_one) {
        error.detail =
            "The directory does not let the service account change this password. Give it write "
            "access to userPassword for this part of the tree. (Nothing was changed.)";
    }
    return error;
}

}  // namespace

Result<PasswordPolicy> GenericPasswordWriter::policy(const std::string&, Deadline) {
    PasswordPolicy policy;
    policy.enforced_on_reset = false;
    policy.sentences = {
        "The rules of this directory cannot be read beforehand; a refusal tells what it says."};
    return policy;
}

Result<AccountState> GenericPasswordWriter::account_state(
    const std::string& dn, Deadline deadline
) {
    auto exists = entry_exists(work_, dn, deadline);
    if (!exists) {
        return fail(writeback_failure(std::move(exists).error(), false));
    }
    AccountState state;
    state.exists = *exists;
    return state;
}

Result<Outcome> GenericPasswordWriter::write(
    Connection& connection, const std::string& dn, const Secret& old_password,
    const Secret& new_password, Deadline deadline
) const {
    BASCULE_TRY(const bool offered, offers_password_modify(connection, deadline));
    if (offered) {
        return connection.change_password(dn, old_password, new_password, deadline);
    }
    if (!replaces_) {
        return fail(no_way());
    }
    return connection.modify(dn, {{"userPassword", {new_password.reveal()}}}, deadline);
}

Status GenericPasswordWriter::reset(
    const std::string& dn, const Secret& password, MustChange must_change, Deadline deadline
) {
    BASCULE_TRY(
        const auto outcome,
        write_confidentially(
            work_, deadline,
            [&](Connection& connection) {
                return write(connection, dn, Secret(std::string()), password, deadline);
            }
        )
    );
    if (!outcome.success()) {
        return fail(refusal(outcome, PasswordAction::reset));
    }
    if (must_change == MustChange::yes) {
        log::warning(
            "must_change_not_set",
            "There is no known way to make this directory ask for a change of the password that "
            "was reset.",
            {{"dn", dn}}
        );
    }
    return {};
}

Status GenericPasswordWriter::change(
    const std::string& dn, const Secret& old_password, const Secret& new_password, Deadline deadline
) {
    return change_as_owner(
        work_.options(), dn, old_password, new_password, deadline,
        [&](Connection& connection) {
            return write(connection, dn, old_password, new_password, deadline);
        },
        [&](const Outcome& outcome) { return refusal(outcome, PasswordAction::change); }
    );
}

Status GenericPasswordWriter::unlock(const std::string&, Deadline) {
    return fail(
        ErrorKind::forbidden, "directory_denied",
        "There is no known way to unlock an account of this directory from here. (Nothing was "
        "changed.)"
    );
}

}  // namespace bascule::ldap
