#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/ldap/connection_options.hpp"
#include "connectors/ldap/controls.hpp"
#include "connectors/ldap/socket.hpp"
#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"
#include "directory/model/source_entry.hpp"

typedef struct ldap LDAP;
typedef struct ldapmsg LDAPMessage;

namespace bascule::ldap {

/// An answer, kept as long as somebody holds values of it.
using Message = std::shared_ptr<LDAPMessage>;

/// The final answer to an operation, whatever its code.
struct Outcome {
    int code = 0;
    std::string diagnostic;
    std::optional<PolicyResponse> policy;  ///< when the server sent the password policy control

    [[nodiscard]] bool success() const { return code == 0; }
    [[nodiscard]] bool has(PolicyError error) const {
        return policy.has_value() && policy->error.has_value() && *policy->error == error;
    }
};

/// One change of a modify: all values of an attribute are replaced, or removed when there are none.
struct Replacement {
    std::string attribute;
    std::vector<std::string_view> values;
};

enum class SearchScope { base, subtree };

/// What a search asks for.
struct SearchRequest {
    std::string base;
    SearchScope scope = SearchScope::base;
    std::string filter = "(objectClass=*)";
    std::vector<std::string> attributes;  ///< empty: all user attributes
};

/// One connection to a directory server. Owned by one thread at a time; only wire() may be touched
/// by others. Nothing here blocks longer than its deadline, neither against a silent peer nor in a
/// TLS handshake; a stop request ends every wait at once.
///
/// Errors are those of error_from_result(); `unavailable`/"stopped" after a stop request.
class Connection {
  public:
    /// Connects to the first server that answers and secures the connection; does not bind.
    [[nodiscard]] static Result<Connection> open(
        const ConnectionOptions& options, Deadline deadline, std::stop_token stop = {}
    );
    /// Whether a connection serves the purpose it is made for; when not, the next server is tried.
    using Suits = std::function<Status(Connection&, Deadline)>;
    /// open(), then bind_service(). A server that is unavailable, slow to bind or does not suit is
    /// passed over; one that refuses the account is not, because the others would refuse it, too.
    [[nodiscard]] static Result<Connection> open_bound(
        const ConnectionOptions& options, Deadline deadline, std::stop_token stop = {},
        const Suits& suits = {}
    );

    ~Connection();
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;

    /// Simple bind with the password policy control. A refused bind is an Outcome, not an error.
    /// Never call it with an empty password: servers take that for an anonymous bind.
    [[nodiscard]] Result<Outcome> bind(
        const std::string& dn, const Secret& password, Deadline deadline
    );
    /// One modify with the (non-critical) password policy control.
    [[nodiscard]] Result<Outcome> modify(
        const std::string& dn, const std::vector<Replacement>& changes, Deadline deadline
    );
    /// Password Modify (RFC 3062) of `dn` with old and new password and the password policy
    /// control. Without an old one it is a reset.
    [[nodiscard]] Result<Outcome> change_password(
        const std::string& dn, const Secret& old_password, const Secret& new_password,
        Deadline deadline
    );
    /// Entries of a small search. anchor and dn_key of the entries are not filled. An absent base
    /// is `not_found`.
    [[nodiscard]] Result<std::vector<directory::SourceEntry>> search(
        const SearchRequest& request, Deadline deadline
    );
    /// search() for results of any size: each entry is handed over as it comes, and no message may
    /// take longer than `patience`. An error of `take` abandons the search and is returned. Returns
    /// how many references to other servers came in place of entries.
    [[nodiscard]] Result<std::size_t> search_each(
        const SearchRequest& request, std::chrono::milliseconds patience,
        const std::function<Status(directory::SourceEntry)>& take
    );

    /// Starts a synchronisation search (RFC 4533); returns its message id.
    [[nodiscard]] Result<int> start_sync(
        const SearchRequest& request, std::string_view cookie,
        SyncMode mode = SyncMode::refresh_and_persist
    );
    /// The next message of an operation; null when none came until `until`.
    [[nodiscard]] Result<Message> next_message(int id, Deadline until);
    /// Waits for the final message of an operation.
    [[nodiscard]] Result<Outcome> finish(int id, Deadline deadline);
    /// Counts a reference to another server that came in place of an answer; none is followed.
    void count_referral();
    /// Reads the outcome of a final message.
    [[nodiscard]] Result<Outcome> outcome_of(LDAPMessage* message);

    /// From now on this stop request ends its waits, and not the one it was opened with.
    void obey(std::stop_token stop);
    [[nodiscard]] const std::stop_token& stop_request() const;
    /// By TLS, or by a layer of the bind's (SASL) of 112 bits at least.
    [[nodiscard]] bool encrypted() const;
    /// Encrypted, a local socket or loopback: passwords may be sent.
    [[nodiscard]] bool confidential() const;
    /// The connection may still be used: no error has ended it and the peer has not closed it.
    [[nodiscard]] bool alive() const;
    [[nodiscard]] const std::string& server() const;
    /// material_of() the options when it was opened.
    [[nodiscard]] const std::string& material() const;
    [[nodiscard]] const Wire& wire() const;
    [[nodiscard]] LDAP* handle() const;

  private:
    struct State;
    explicit Connection(std::unique_ptr<State> state);
    [[nodiscard]] static Result<Connection> open_first(
        const ConnectionOptions& options, Deadline deadline, const std::stop_token& stop,
        const Suits& prepare
    );
    [[nodiscard]] static Result<Connection> open_one(
        const std::string& server, const ConnectionOptions& options, Deadline deadline,
        const std::stop_token& stop
    );
    [[nodiscard]] Status secure(
        const ConnectionOptions& options, const Endpoint& endpoint, Deadline deadline
    );
    [[nodiscard]] Status start_tls(Deadline deadline);
    [[nodiscard]] Result<int> start_search(const SearchRequest& request);
    /// The next entry of a search; nullopt after the last. Counts references on the way.
    [[nodiscard]] Result<std::optional<directory::SourceEntry>> next_entry(
        int id, const SearchRequest& request, Deadline deadline, std::size_t& references
    );
    [[nodiscard]] Result<int> started(int code, int id, std::string_view doing);
    [[nodiscard]] Error broken(int code, std::string_view doing);
    [[nodiscard]] Error message_too_large();

    std::unique_ptr<State> state_;
};

}  // namespace bascule::ldap
