#include "daemon/generation.hpp"

namespace bascule::daemon {
namespace {

std::chrono::seconds seconds(config::Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration);
}

selfservice::StaffAccess staff_access(const config::Settings& settings) {
    using Audience = selfservice::StaffAccess::Audience;
    switch (settings.staff_access) {
        case config::StaffAccess::all:
            return {Audience::everybody, {}};
        case config::StaffAccess::selected:
            return {Audience::selected, settings.staff_groups};
        case config::StaffAccess::none:
            return {Audience::nobody, {}};
    }
    return {Audience::nobody, {}};
}

}  // namespace

selfservice::SignInThrottle::Limits throttle_limits(const config::Settings& settings) {
    const config::SignInSettings& sign_in = settings.sign_in;
    return {sign_in.throttle_account, sign_in.throttle_address, seconds(sign_in.throttle_window)};
}

Status wire_selfservice(Generation& generation) {
    Core& core = generation.core;
    const config::SignInSettings& sign_in = generation.settings.sign_in;
    generation.sessions = std::make_unique<selfservice::SessionService>(
        *core.store, *core.credentials, *generation.sources, core.throttle, core.clock,
        selfservice::SessionService::Lifetimes{
            seconds(sign_in.session_idle), seconds(sign_in.session_absolute)}
    );
    generation.staff = std::make_unique<selfservice::StaffService>(
        *core.store, *core.credentials, *generation.sessions, *generation.sources,
        staff_access(generation.settings)
    );
    generation.passwords = std::make_unique<selfservice::PasswordService>(
        *core.store, *core.credentials, *generation.sessions, core.throttle, *generation.sources
    );
    generation.applications = std::make_unique<selfservice::ApplicationService>(
        *core.store, *generation.sources->authority()
    );
    return {};
}

}  // namespace bascule::daemon
