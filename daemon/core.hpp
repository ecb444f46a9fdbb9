#pragma once

#include <memory>
#include <string>

#include "daemon/events/async_requests.hpp"
#include "daemon/events/stream_service.hpp"
#include "daemon/health.hpp"
#include "daemon/installation_key.hpp"
#include "daemon/metrics.hpp"
#include "daemon/plan/plan_service.hpp"
#include "daemon/reload_log.hpp"
#include "daemon/replay/recording_turns.hpp"
#include "daemon/scan_leases.hpp"
#include "directory/access/rate_limiter.hpp"
#include "directory/mirror/echo_book.hpp"
#include "directory/model/registry.hpp"
#include "directory/ports/clock.hpp"
#include "directory/ports/store.hpp"
#include "scim/schema/schema.hpp"
#include "selfservice/credentials/argon2_credentials.hpp"
#include "selfservice/signins/throttle.hpp"
#include "selfservice/tokens/access_tokens.hpp"
#include "selfservice/tokens/token_service.hpp"

namespace bascule::daemon {

class WhatIfService;

/// The time of the machine.
class SystemClock final : public directory::Clock {
  public:
    [[nodiscard]] Time now() const override;
};

/// What lives as long as the process, whatever configuration comes and goes: registry, store,
/// clients, figures, and what is being counted of sign-ins and requests.
struct Core {
    SystemClock clock;
    ScanLeases scans;
    InstallationKey installation_key;
    Metrics metrics;
    Health health;
    ReloadLog reloads;
    directory::Registry registry;
    std::unique_ptr<directory::Store> store;
    std::shared_ptr<const Secret> cursor_key;
    std::unique_ptr<selfservice::Argon2Credentials> credentials;
    std::unique_ptr<selfservice::TokenService> tokens;
    std::unique_ptr<selfservice::AccessTokens> access_tokens;
    std::unique_ptr<StreamService> streams;
    std::unique_ptr<AsyncRequests> async;
    std::unique_ptr<PlanService> plans;
    std::shared_ptr<WhatIfService> what_if;  ///< set when the process has started
    selfservice::SignInThrottle throttle{clock, {}};
    access::RateLimiter limits;
    mirror::EchoBook echoes;
    RecordingTurns recording;
};

/// Registers the types of `schemas` and opens the store.
[[nodiscard]] Result<std::unique_ptr<Core>> open_core(
    const std::string& database_path, scim::SchemaRegistry& schemas
);

}  // namespace bascule::daemon
