#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "directory/access/caller.hpp"
#include "directory/base/secret.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/store.hpp"
#include "directory/ports/write_back_directory.hpp"
#include "selfservice/credentials/argon2_credentials.hpp"
#include "selfservice/people.hpp"
#include "selfservice/signins/throttle.hpp"

namespace bascule::selfservice {

/// A signed-in person, without the token.
struct Session {
    Uuid id;
    Uuid user;
    std::string user_name;
    std::string display_name;
    bool must_change_password = false;
    Time created;
    Time last_seen;  ///< to the minute
    Time expires;    ///< absolute end
    std::string address;
    std::string user_agent;
};

struct SignedIn {
    Secret token;  ///< for the cookie; not stored
    Session session;
};

/// Where an attempt comes from, for the journal and the throttle.
struct SignInOrigin {
    std::string address;
    std::string request_id;
    std::string user_agent;
};

/// Signs people in with their local or directory password and keeps their sessions. Sessions are
/// stored by the SHA-256 of a 256-bit token; they end after 30 minutes without use and after 12
/// hours. Thread-safe.
class SessionService {
  public:
    struct Lifetimes {
        std::chrono::seconds idle{std::chrono::minutes{30}};
        std::chrono::seconds absolute{std::chrono::hours{12}};
    };
    using Deadline = directory::PasswordWriter::Deadline;

    /// Everything outlives the service.
    SessionService(
        directory::Store& store, Argon2Credentials& credentials,
        const directory::WriteBackDirectory& directories, SignInThrottle& throttle,
        const directory::Clock& clock, Lifetimes lifetimes
    );

    /// Checks name and password and starts a session. Unknown name, wrong password and disabled
    /// account give the same `unauthenticated`/"invalid_credentials" after the same work; also
    /// `rate_limited`/"too_many_attempts" and `unavailable` when the directory that would know does
    /// not answer. Slow by intent.
    [[nodiscard]] Result<SignedIn> sign_in(
        std::string_view user_name, const Secret& password, const SignInOrigin& origin,
        Deadline deadline
    );

    /// Checks a password of somebody known, under the same throttle (to prove presence before a
    /// change).
    [[nodiscard]] Result<directory::SignInVerdict> prove(
        const Person& person, const Secret& password, std::string_view address, Deadline deadline
    );

    /// The session of a token; `unauthenticated`/"no_session" when it is unknown, over, or its user
    /// is gone or disabled.
    [[nodiscard]] Result<Session> find(std::string_view token);

    [[nodiscard]] Result<std::vector<Session>> list(const Uuid& user);
    /// Ends one session of that user; `not_found` when it is not theirs.
    [[nodiscard]] Status end(const Uuid& user, const Uuid& session);
    /// The sessions of the signed-in caller; `forbidden`/"not_a_person" for a token.
    [[nodiscard]] Result<std::vector<Session>> list_own(const access::Caller& caller);
    /// Ends one of the caller's sessions and writes it down; `not_found` when it is not theirs.
    [[nodiscard]] Status end_own(const access::Caller& caller, const Uuid& session);
    /// Ends every session of the caller but the one in use and writes it down; returns how many.
    [[nodiscard]] Result<std::size_t> end_others(const access::Caller& caller);
    /// Removes at most `limit` sessions that are over; returns how many.
    [[nodiscard]] Result<std::size_t> sweep(directory::Transaction& transaction, std::size_t limit);
    /// Ends all sessions of a user inside a transaction, except one if given; returns how many.
    [[nodiscard]] Result<std::size_t> end_all(
        directory::Transaction& transaction, const Uuid& user,
        std::optional<Uuid> except = std::nullopt
    );
    /// The user has chosen a new password: the session may do everything now.
    [[nodiscard]] Status clear_must_change(
        directory::Transaction& transaction, const Uuid& session
    );

    /// How many failures of one account are let through to any directory within the throttle's
    /// window.
    [[nodiscard]] std::size_t account_failure_limit();

  private:
    struct Candidate {
        std::optional<Person> person;
        std::optional<Argon2Credentials::Stored> stored;
        std::optional<directory::MirrorEntry> entry;
    };
    struct Check {
        directory::SignInVerdict verdict = directory::SignInVerdict::rejected;
        std::string reason;  ///< for the journal, when rejected
    };
    [[nodiscard]] Result<Candidate> load(std::string_view user_name);
    [[nodiscard]] Result<Check> check(
        const Candidate& candidate, const Secret& password, Deadline deadline
    );
    [[nodiscard]] Result<Check> check_synced(
        const Candidate& candidate, const Secret& password, Deadline deadline
    );
    [[nodiscard]] Status spend_time_on_a_bind(const Secret& password, Deadline deadline);
    [[nodiscard]] Result<SignedIn> start(
        const Person& person, bool must_change, const SignInOrigin& origin
    );
    void record_failure(
        const Candidate& candidate, const std::string& reason, const SignInOrigin& origin
    );
    [[nodiscard]] Status remove_owned(
        directory::Transaction& transaction, const Uuid& user, const Uuid& session
    ) const;
    [[nodiscard]] Session session_of(const directory::Object& object) const;
    void touch(const directory::Object& object);

    directory::Store& store_;
    Argon2Credentials& credentials_;
    const directory::WriteBackDirectory& directories_;
    SignInThrottle& throttle_;
    const directory::Clock& clock_;
    const Lifetimes lifetimes_;
    directory::TypeId type_;
    directory::AttributeId hash_attribute_;
    directory::AttributeId user_attribute_;

    std::mutex limit_mutex_;
    std::optional<Time> limit_read_;
    std::size_t limit_ = 0;
};

}  // namespace bascule::selfservice
