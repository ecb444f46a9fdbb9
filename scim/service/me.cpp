#include "scim/service/me.hpp"

#include "scim/service/read_operations.hpp"

namespace bascule::scim {
namespace {

Result<Uuid> person_of(const access::Caller& caller) {
    if (caller.actor.kind == directory::ActorKind::user && caller.actor.id) {
        return *caller.actor.id;
    }
    return fail(
        ErrorKind::not_found, "no_user",
        "/Me is the user who is signed in, and there is none behind this request; use the address "
        "of the user, /Users/<id>."
    );
}

}  // namespace

Result<http::Response> get_me(const Engine& engine, const Call& call) {
    BASCULE_TRY(const Uuid id, person_of(call.caller));
    const auto type = engine.registry.find_type("User");
    const TypeView* view = type ? engine.view_of(*type) : nullptr;
    if (view == nullptr) {
        return fail(ErrorKind::unsupported, "not_implemented", "There are no users here.");
    }
    http::Request request = call.request;
    request.path_parameters = {id.to_string()};
    BASCULE_TRY(
        http::Response response,
        get_resource(
            engine, *view,
            Call{request, call.context, call.caller, call.parameters, call.profile}
        )
    );
    response.set("Location", location_of(*view->type, id, engine.base_url()));
    return response;
}

Result<http::Response> refuse_change_of_me(const Engine&, const Call& call) {
    BASCULE_CHECK(person_of(call.caller));
    return fail(
        ErrorKind::forbidden, "read_only_profile",
        "Your own entry cannot be changed through /Me. Change your password with POST "
        "/api/v1/account/change-password; ask an administrator for the rest."
    );
}

}  // namespace bascule::scim
