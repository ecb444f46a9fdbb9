#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "directory/access/caller.hpp"
#include "directory/authority/authority.hpp"
#include "directory/base/result.hpp"
#include "directory/base/secret.hpp"
#include "directory/mirror/echo_book.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/local_credentials.hpp"
#include "directory/ports/store.hpp"
#include "directory/ports/write_back_directory.hpp"
#include "http/api/message.hpp"
#include "http/api/router.hpp"
#include "scim/profile/client_profile.hpp"
#include "scim/schema/schema.hpp"
#include "scim/service/async_gate.hpp"

namespace bascule::scim {

/// Finds out who calls. An error is answered as it is: `unauthenticated` becomes 401 with
/// WWW-Authenticate.
using Authenticate =
    std::function<Result<access::Caller>(const http::Request&, const http::RequestContext&)>;

/// Bounds of one bulk request, as ServiceProviderConfig states them.
struct BulkLimits {
    std::size_t max_operations = 2000;
    std::size_t max_payload = std::size_t{16} << 20;  ///< bytes
};

struct ServiceOptions {
    std::string base_url;  ///< absolute, no slash at the end: public URL + "/scim/v2"
    std::size_t default_page_size = 100;  ///< of lists whose request names no count
    std::size_t max_results = 1000;       ///< most resources in one list response
    /// Most resources that one list may look at one by one because no index helps.
    std::uint64_t search_limit = 250'000;
    std::chrono::seconds cursor_timeout{3600};
    /// Of this installation (Sealer::secret_size bytes), so that cursors outlive a restart; null:
    /// one that ends with the process.
    std::shared_ptr<const Secret> secret = nullptr;
    std::size_t max_patch_operations = 10'000;  ///< in one PATCH; more is 413
    BulkLimits bulk;
    std::size_t body_limit = std::size_t{1} << 20;
    std::size_t member_body_limit = std::size_t{16} << 20;  ///< of types that have members
    ProfileRegistry profiles;                               ///< how clients are treated
    /// What people change of their own entry through /Me; none when empty.
    std::vector<std::string> own_attributes;
};

/// What the service works with. All referenced parts outlive the service and the routes it added.
struct ServiceDependencies {
    directory::Store& store;
    const SchemaRegistry& schemas;
    /// The authority of the present configuration; asked once per request.
    std::function<std::shared_ptr<const authority::Authority>()> authority;
    directory::Clock& clock;
    directory::LocalCredentials* credentials =
        nullptr;  ///< null: passwords of local users are dropped
    ServiceOptions options;
    /// Takes requests that shall be answered later; null: every request is answered at once.
    AsyncGate* asynchronous = nullptr;
    /// Directories that take changes of synced objects, and what comes back of them; null: none
    /// does.
    const directory::WriteBackDirectory* write_back = nullptr;
    mirror::EchoBook* echoes = nullptr;
};

struct Engine;

/// The SCIM 2.0 service provider (RFC 7643, RFC 7644) behind plain requests and responses.
/// Thread-safe.
class Service {
  public:
    explicit Service(ServiceDependencies dependencies);
    ~Service();

    /// Adds every route below /scim/v2. The service must outlive the router. `authenticate_person`
    /// is for /Me: it knows people who are signed in too; empty where only programs call.
    [[nodiscard]] Status add_routes(
        http::Router& router, Authenticate authenticate, Authenticate authenticate_person = {}
    );

    /// What its parts share; for the event feed, which tells resources as the service does.
    [[nodiscard]] const Engine& engine() const { return *engine_; }
    /// How clients are treated.
    [[nodiscard]] const ProfileRegistry& profiles() const;

  private:
    std::unique_ptr<const Engine> engine_;
};

}  // namespace bascule::scim
