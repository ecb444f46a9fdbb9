#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "directory/access/access_resolver.hpp"
#include "directory/access/caller.hpp"
#include "directory/base/secret.hpp"
#include "directory/ports/password_writer.hpp"
#include "directory/ports/store.hpp"
#include "directory/ports/write_back_directory.hpp"
#include "selfservice/people.hpp"
#include "selfservice/signins/session_service.hpp"

namespace bascule::selfservice {

/// Who may use My Staff at all. A role is needed besides.
struct StaffAccess {
    enum class Audience { everybody, selected, nobody };
    Audience audience = Audience::everybody;
    std::vector<std::string> groups;  ///< for `selected`: ids or display names of groups
};

/// A unit that the caller manages.
struct Location {
    Uuid id;
    std::string display_name;
    bool restricted = false;
    std::vector<std::string>
        roles;  ///< held for this unit by name; empty when the right is organisation-wide
    std::uint64_t members = 0;
};

struct Locations {
    bool whole_organisation = false;  ///< the caller also reaches people outside of every unit
    std::vector<Location> units;
};

/// A line in a location's list, with what the caller may do.
struct StaffMember {
    Person person;
    std::string source_name;             ///< empty for a local user
    std::optional<Error> reset_refusal;  ///< nothing: the password may be reset
};

struct StaffPage {
    std::vector<StaffMember> people;
    std::string next_cursor;  ///< empty on the last page
};

struct StaffQuery {
    /// Nothing: the whole organisation (needs an organisation-wide role).
    std::optional<Uuid> unit = std::nullopt;
    /// Part of a name, user name or mail address, case ignored.
    std::string text = {};
    std::string cursor = {};
    std::size_t limit = 50;  ///< 1 to 200
};

/// What a manager should see before typing.
struct ResetPreview {
    bool generated = false;  ///< a local user: the password is generated and must not be supplied
    std::string source_name;
    bool locked = false;               ///< the directory has locked the account; a reset unlocks it
    directory::PasswordPolicy policy;  ///< of a synced user's directory
};

struct ResetOptions {
    std::string
        idempotency_key;  ///< a repeat by the same caller for the same person changes nothing
};

struct ResetOutcome {
    /// Of a local user, this once; nothing for synced users and for repeats.
    std::optional<Secret> temporary_password;
    bool repeated = false;
    bool must_change = true;
    bool was_locked = false;  ///< the directory had locked the account; the reset unlocked it
    std::string source_name;  ///< "" for a local user
};

struct UnlockOutcome {
    std::string source_name;
};

/// What managers do for their people. Every call decides by roles and units first (see
/// access::decide). Thread-safe.
class StaffService {
  public:
    using Deadline = directory::PasswordWriter::Deadline;

    /// Everything outlives the service.
    StaffService(
        directory::Store& store, directory::LocalCredentials& credentials, SessionService& sessions,
        const directory::WriteBackDirectory& directories, StaffAccess access
    );

    /// `forbidden`/"not_authorised" for whoever has no role, or when My Staff is closed to them.
    [[nodiscard]] Result<Locations> locations(const access::Caller& caller);
    /// Direct members of a unit, or everybody. `forbidden`/"outside_scope" for a unit without a
    /// role in it.
    [[nodiscard]] Result<StaffPage> people(const access::Caller& caller, const StaffQuery& query);
    /// The rules for a new password, read live. Refuses as reset_password would, before anybody
    /// types.
    [[nodiscard]] Result<ResetPreview> password_policy(
        const access::Caller& caller, const Uuid& target, Deadline deadline
    );
    /// Sets a password that must be changed at the next sign-in, and ends the target's sessions.
    /// Local users get a generated one; for synced users `new_password` is written to their
    /// directory before this returns. Either everything happened or nothing. One journal record
    /// whatever the outcome. Errors: those of access::decide, not_authorised, not_found,
    /// password_required, password_is_generated, writeback_disabled, writeback_unavailable,
    /// not_in_directory, account_disabled, directory_denied and those of PasswordWriter.
    [[nodiscard]] Result<ResetOutcome> reset_password(
        const access::Caller& caller, const Uuid& target, std::optional<Secret> new_password,
        const ResetOptions& options, Deadline deadline
    );

    /// Unlocks an account that its directory has locked after failed sign-ins; the password stays.
    /// Who may reset the password may unlock. One journal record whatever the outcome. Errors:
    /// those of reset_password, and `conflict`/"not_locked", also for every local user.
    [[nodiscard]] Result<UnlockOutcome> unlock(
        const access::Caller& caller, const Uuid& target, Deadline deadline
    );

    [[nodiscard]] const access::AccessResolver& resolver() const { return resolver_; }

  private:
    struct Case;
    [[nodiscard]] Status require_audience(directory::Reader& reader, const access::Caller& caller)
        const;
    [[nodiscard]] Result<std::vector<access::Assignment>> require_staff_roles(
        directory::Reader& reader, const access::Caller& caller
    ) const;
    [[nodiscard]] Result<Locations> read_locations(
        directory::Reader& reader, const access::Caller& caller
    ) const;
    [[nodiscard]] Result<StaffPage> members_of_unit(
        directory::Reader& reader, const Uuid& unit, const StaffQuery& query
    ) const;
    [[nodiscard]] Result<StaffPage> whole_organisation(
        directory::Reader& reader, const StaffQuery& query
    ) const;
    [[nodiscard]] Status judge(
        directory::Reader& reader, const access::Caller& caller, StaffPage& page
    ) const;

    [[nodiscard]] Status open_case(
        directory::Reader& reader, const access::Caller& caller, Case& opened
    ) const;
    [[nodiscard]] Result<directory::WriteBack> require_reachable(const Case& opened) const;
    [[nodiscard]] Result<directory::WriteBack> require_write_back(const Case& opened) const;
    [[nodiscard]] Result<directory::WriteBack> require_unlockable(const Case& opened) const;
    [[nodiscard]] Result<UnlockOutcome> carry_out_unlock(
        const access::Caller& caller, Case& opened, Deadline deadline
    );
    [[nodiscard]] Result<directory::AccountState> require_resettable(
        const directory::WriteBack& source, const Case& opened, Deadline deadline
    ) const;
    [[nodiscard]] Result<ResetOutcome> carry_out(
        const access::Caller& caller, Case& opened, const std::optional<Secret>& password,
        Deadline deadline
    );
    [[nodiscard]] Result<ResetOutcome> reset_local(
        const access::Caller& caller, Case& opened, const std::optional<Secret>& password
    );
    [[nodiscard]] Result<ResetOutcome> reset_synced(
        const access::Caller& caller, const Case& opened, const std::optional<Secret>& password,
        Deadline deadline
    );
    [[nodiscard]] Status complete(
        directory::Transaction& transaction, const access::Caller& caller, const Case& opened,
        const ResetOutcome& outcome
    );
    [[nodiscard]] static directory::JournalRecord record_of(
        const access::Caller& caller, const Case& opened
    );
    [[nodiscard]] Result<std::optional<ResetOutcome>> first_outcome(const Uuid& key);
    void record_refusal(const access::Caller& caller, const Case& opened, const Error& error);

    directory::Store& store_;
    directory::LocalCredentials& credentials_;
    SessionService& sessions_;
    const directory::WriteBackDirectory& directories_;
    const StaffAccess access_;
    access::AccessResolver resolver_;

    std::mutex in_progress_mutex_;
    std::set<Uuid> in_progress_;  ///< idempotency keys whose first request is under way
};

}  // namespace bascule::selfservice
