#pragma once

#include "directory/access/caller.hpp"
#include "directory/base/secret.hpp"
#include "directory/ports/store.hpp"
#include "directory/ports/write_back_directory.hpp"
#include "selfservice/people.hpp"
#include "selfservice/signins/session_service.hpp"

namespace bascule::selfservice {

/// People change their own password, knowing the old one. Thread-safe.
class PasswordService {
  public:
    using Deadline = directory::PasswordWriter::Deadline;

    /// Everything outlives the service.
    PasswordService(
        directory::Store& store, directory::LocalCredentials& credentials, SessionService& sessions,
        SignInThrottle& throttle, const directory::WriteBackDirectory& directories
    );

    /// Changes the caller's password here or in their directory and ends their other sessions. One
    /// journal record whatever the outcome. `policy_rejected`/"wrong_password", the rules of
    /// LocalCredentials::hash, the errors of PasswordWriter, `rate_limited`.
    [[nodiscard]] Status change(
        const access::Caller& caller, const Secret& old_password, const Secret& new_password,
        Deadline deadline
    );

  private:
    [[nodiscard]] Status carry_out(
        const access::Caller& caller, const Person& person, const Secret& old_password,
        const Secret& new_password, Deadline deadline
    );
    [[nodiscard]] Status change_local(
        const access::Caller& caller, const Person& person, const Secret& old_password,
        const Secret& new_password, Deadline deadline
    );
    [[nodiscard]] Status change_synced(
        const access::Caller& caller, const Person& person, const Secret& old_password,
        const Secret& new_password, Deadline deadline
    );
    [[nodiscard]] Status complete(
        directory::Transaction& transaction, const access::Caller& caller, const Person& person
    );

    directory::Store& store_;
    directory::LocalCredentials& credentials_;
    SessionService& sessions_;
    SignInThrottle& throttle_;
    const directory::WriteBackDirectory& directories_;
};

}  // namespace bascule::selfservice
