#pragma once

#include "directory/access/access_resolver.hpp"
#include "directory/ports/store.hpp"
#include "http/api/router.hpp"
#include "portal/api/caller_authenticator.hpp"
#include "selfservice/apps/application_service.hpp"
#include "selfservice/password/password_service.hpp"
#include "selfservice/signins/session_service.hpp"
#include "selfservice/staff/staff_service.hpp"

namespace bascule::portal {

/// What the routes call; everything outlives the router.
struct Services {
    directory::Store& store;
    CallerAuthenticator& authenticator;
    selfservice::SessionService& sessions;
    selfservice::PasswordService& passwords;
    selfservice::StaffService& staff;
    selfservice::ApplicationService& applications;
};

/// Adds everything under /api/v1: session, account, staff, applications, audit. Errors are
/// problem+json; no answer may be cached.
[[nodiscard]] Status add_routes(http::Router& router, const Services& services);

}  // namespace bascule::portal
